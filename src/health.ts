// Tells whether what listens on ports of this machine can serve: node src/health.ts 7070. For containers, which have no
// other program to ask with. It is a program of its own and loads nothing, for its memory counts to the container's.

/** How long a port may take to answer, in milliseconds. */
const patienceMs = 3_000;

/** Asks by Connect's JSON, for which nothing needs to be loaded. */
async function complaintAbout(port: string): Promise<string | undefined> {
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

const complaints = await Promise.all(process.argv.slice(2).map(complaintAbout));
const told = complaints.filter((complaint) => complaint !== undefined);
if (told.length > 0) {
  process.stderr.write(`${told.join("\n")}\n`);
  process.exitCode = 1;
}
