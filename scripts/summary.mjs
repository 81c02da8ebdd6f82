// The last lines of .ci/run: which tests failed and which passed only when repeated, what failed besides tests, by the
// arguments, and how many tests passed and failed.
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
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

const linesShown = 12;

/** Tells of each test of a report that has failed, and of those that passed when they were repeated. */
function tellFailures(tests) {
  for (const { name, message, assertionResults } of tests?.testResults ?? []) {
    const file = relative(root, name);
    if (message !== "") console.log(`FAILED ${file}\n${shortened(message)}`);
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (failureMessages.length === 0) continue;
      const what = status === "failed" ? "FAILED" : "repeated, then passed:";
      console.log(`${what} ${file} > ${fullName}`);
      for (const failure of failureMessages) console.log(shortened(failure));
    }
  }
}

function shortened(message) {
  const lines = stripVTControlCharacters(message).replaceAll(root, ".").split("\n");
  return lines
    .filter((line) => !line.includes("/node_modules/"))
    .slice(0, linesShown)
    .map((line) => `  ${line}`)
    .join("\n");
}

const tests = report("report.json");
const reports = new Map([
  ["test", tests],
  ["test:stack", report("report-stack.json")],
]);
let passed = 0;
let failed = stages.filter((stage) => !reports.has(stage)).length;
for (const [stage, results] of reports) {
  tellFailures(results);
  passed += results?.numPassedTests ?? 0;
  const failures = failuresIn(results);
  failed += stages.includes(stage) ? Math.max(failures, 1) : failures;
}
if (stages.length > 0) {
  console.log(`failed: ${stages.join(", ")}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || stages.length > 0 || tests === undefined ? 1 : 0;
