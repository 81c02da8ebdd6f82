// The last lines of .ci/run: what failed besides tests, by the arguments, and how many tests passed and failed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup/place.mjs";

const stages = process.argv.slice(2);

function report() {
  try {
    return JSON.parse(readFileSync(join(root, ".orrery-test", "report.json"), "utf8"));
  } catch {
    return undefined;
  }
}

const tests = report();
const passed = tests?.numPassedTests ?? 0;
// A file that does not load has no tests to count: it counts as one.
const unloaded = (tests?.testResults ?? []).filter(
  (file) => file.status === "failed" && file.assertionResults.length === 0,
);
let failed = (tests?.numFailedTests ?? 0) + unloaded.length;
if (stages.includes("test") && failed === 0) {
  failed = 1;
}
failed += stages.filter((stage) => stage !== "test").length;
if (stages.length > 0) {
  console.log(`failed: ${stages.join(", ")}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || stages.length > 0 || tests === undefined ? 1 : 0;
