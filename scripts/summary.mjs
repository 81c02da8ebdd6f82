// The last lines of .ci/run: what failed besides tests, by the arguments, and how many tests passed and failed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup/place.mjs";

const stages = process.argv.slice(2);

function report(name) {
  try {
    return JSON.parse(readFileSync(join(root, ".orrery-test", name), "utf8"));
  } catch {
    return undefined;
  }
}

/** How many of a report's tests failed; a file that does not load has no tests to count: it counts as one. */
function failuresIn(tests) {
  const unloaded = (tests?.testResults ?? []).filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return (tests?.numFailedTests ?? 0) + unloaded.length;
}

const tests = report("report.json");
const reports = new Map([
  ["test", tests],
  ["test:stack", report("report-stack.json")],
]);
let passed = 0;
let failed = stages.filter((stage) => !reports.has(stage)).length;
for (const [stage, results] of reports) {
  passed += results?.numPassedTests ?? 0;
  const failures = failuresIn(results);
  failed += stages.includes(stage) ? Math.max(failures, 1) : failures;
}
if (stages.length > 0) {
  console.log(`failed: ${stages.join(", ")}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || stages.length > 0 || tests === undefined ? 1 : 0;
