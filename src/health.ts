/** How long a port may take to answer, in milliseconds. */
const patienceMs = 3_000;

/** Whether what listens on ports of this machine can serve; for containers, which have no other program to ask with. */
export async function health(ports: readonly number[]): Promise<void> {
  const complaints = (await Promise.all(ports.map(complaintAbout))).filter((complaint) => complaint !== undefined);
  if (complaints.length === 0) return;
  process.stderr.write(`${complaints.join("\n")}\n`);
  process.exitCode = 1;
}

/** Asks by Connect's JSON, for which nothing needs to be loaded. */
async function complaintAbout(port: number): Promise<string | undefined> {
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
