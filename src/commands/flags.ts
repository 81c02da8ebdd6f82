import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import {
  type Activity,
  type Flag,
  FlagService,
  type ListFlagsResponse,
  Writer,
} from "../../gen/orrery/flags/v1/flags_pb.ts";
import { ConfigError } from "../platform/config/environment.ts";
import { textTable } from "./stages.ts";
import { untilStopped } from "./until-stopped.ts";

export interface FlagsOptions {
  readonly url: string;
  readonly json?: boolean;
}

const writer = Writer.CLI;

/** Prints all flags of a shop, as a table or as JSON. */
export async function listFlags({ url, json }: FlagsOptions): Promise<void> {
  const answer = await asked(url, (client) => client.listFlags({}));
  if (json) {
    process.stdout.write(`${JSON.stringify(answer.flags.map(plain), null, 2)}\n`);
  } else {
    const rows = answer.flags.map((flag) => [
      flag.isAtRest ? "" : "*",
      flag.key,
      flag.isDisabled ? `${flag.variant} (disabled)` : flag.variant,
      flag.variants.map(({ name }) => name).join(" "),
      flag.service,
      flag.description,
    ]);
    process.stdout.write(textTable([["", "flag", "is", "variants", "service", "what it does"], ...rows]));
  }
  tellProblems(answer);
}

/** Puts a flag of a shop into a variant. */
export async function setFlag(key: string, variant: string, { url, json }: FlagsOptions): Promise<void> {
  const { flag } = await asked(url, (client) => client.setFlag({ key, variant, writer }));
  if (flag === undefined) return;
  const rest = flag.isAtRest ? "" : `; at rest it is ${flag.restingVariant}`;
  process.stdout.write(json ? `${JSON.stringify(plain(flag), null, 2)}\n` : `${key} is ${flag.variant} now${rest}.\n`);
}

/** Puts flags of a shop at rest: those that are named, or all that are faults. */
export async function clearFlags(keys: readonly string[], { url, json }: FlagsOptions): Promise<void> {
  const { keys: cleared } = await asked(url, (client) => client.clearFlags({ keys: [...keys], writer }));
  if (json) process.stdout.write(`${JSON.stringify(cleared)}\n`);
  else process.stdout.write(cleared.length === 0 ? "They were at rest.\n" : `At rest now: ${cleared.join(", ")}.\n`);
}

/** Prints changes of flags as they happen, until stopped; a line of JSON for each, if that is wanted. */
export async function watchFlags({ url, json }: FlagsOptions): Promise<void> {
  const stopping = new AbortController();
  void untilStopped().then(() => stopping.abort());
  await asked(url, async (client) => {
    let last: bigint | undefined;
    for await (const { activities, flags } of client.watch({}, { signal: stopping.signal })) {
      if (last === undefined) {
        const on = flags?.flags.filter(({ isAtRest }) => !isAtRest) ?? [];
        const now = on.map(({ key, variant }) => `${key} = ${variant}`).join(", ");
        process.stderr.write(`Not at rest: ${now || "none"}. Waiting for changes; Ctrl-C ends it.\n`);
        if (flags !== undefined) tellProblems(flags);
        last = activities[0]?.id ?? 0n;
        continue;
      }
      for (const activity of activities.toReversed()) {
        if (activity.id <= last) continue;
        last = activity.id;
        process.stdout.write(json ? `${JSON.stringify(plainActivity(activity))}\n` : `${line(activity)}\n`);
      }
    }
  }).catch((error) => {
    if (!stopping.signal.aborted) throw error;
  });
}

/** @throws ConfigError that tells why it could not be done */
async function asked<T>(url: string, call: (client: Client<typeof FlagService>) => Promise<T>): Promise<T> {
  if (!URL.canParse(url))
    throw new ConfigError(`--url ${url} is not valid: it takes a URL such as http://localhost:8080.`);
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1" });
  return call(createClient(FlagService, transport)).catch((cause) => {
    const { code, rawMessage } = ConnectError.from(cause);
    const isAway = code === Code.Unavailable && !/flags/.test(rawMessage);
    const why = isAway
      ? "No shop answers there; start one with npm start."
      : code === Code.Unimplemented
        ? "It has no flags to change: they are in another flagd's file."
        : rawMessage;
    throw new ConfigError(`${url}: ${why}`, { cause });
  });
}

function tellProblems({ problems }: ListFlagsResponse): void {
  for (const { line, path, reason } of problems) {
    const where = path === "" ? "" : `${path}: `;
    process.stderr.write(`The file is broken, and flags are as they were before: line ${line}: ${where}${reason}\n`);
  }
}

function plain(flag: Flag) {
  const { key, variant, restingVariant, isAtRest, isDisabled, variants, service, description, targeting } = flag;
  return {
    key,
    variant,
    restingVariant,
    isAtRest,
    isDisabled,
    variants: variants.map(({ name }) => name),
    service,
    description,
    ...(targeting === "" ? {} : { targeting: JSON.parse(targeting) }),
  };
}

const writers: ReadonlyMap<Writer, string> = new Map([
  [Writer.PAGE, "page"],
  [Writer.CLI, "cli"],
  [Writer.SCHEDULER, "scheduler"],
  [Writer.SCENARIO, "scenario"],
  [Writer.FILE, "file"],
]);

function plainActivity({ time, writer: by, key, from, to, note }: Activity) {
  const at = time === undefined ? "" : timestampDate(time).toISOString();
  return { time: at, by: writers.get(by) ?? "api", key, from, to, note };
}

function line(activity: Activity): string {
  const { time, by, key, from, to, note } = plainActivity(activity);
  const change = from === to ? "" : `${from || "nothing"} -> ${to || "nothing"}`;
  const what = [change, note].filter((part) => part !== "").join(", ");
  return `${time}  ${by.padEnd(9)}  ${[key, what].filter((part) => part !== "").join("  ")}`;
}
