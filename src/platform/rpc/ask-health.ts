/** How long a port may take to answer, in milliseconds. */
const patienceMs = 3_000;

/** Why a port of this machine cannot serve, in one line; asked by Connect's JSON, for which nothing needs to be loaded. */
export async function complaintAbout(port: string): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/grpc.health.v1.Health/Check`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ service: "readiness" }),
      signal: AbortSignal.timeout(patienceMs),
    });
    const answer = await response.text();
    return /"SERVING"/.test(answer) ? undefined : `Port ${port} is not ready: ${answer}`;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return `Port ${port} does not answer: ${cause instanceof Error ? cause.message : cause}`;
  }
}
