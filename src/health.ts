// Tells whether what listens on ports of this machine can serve: node src/health.ts 7070. For containers, which have no
// other program to ask with. It is a program of its own and loads nothing, for its memory counts to the container's.
import { complaintAbout } from "./platform/rpc/ask-health.ts";

const complaints = await Promise.all(process.argv.slice(2).map(complaintAbout));
const told = complaints.filter((complaint) => complaint !== undefined);
if (told.length > 0) {
  process.stderr.write(`${told.join("\n")}\n`);
  process.exitCode = 1;
}
