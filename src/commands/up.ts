import { relative, resolve } from "node:path";
import { canOnlyBe, variantOf } from "../platform/flags/flag-document.ts";
import { flags } from "../services/flags.ts";
import { services } from "../services/index.ts";
import { LoadProcess } from "./load-process.ts";
import { type Shop, startShop } from "./shop.ts";
import { Stages, textTable } from "./stages.ts";
import { untilStopped } from "./until-stopped.ts";

export interface UpOptions {
  readonly port: number;
  readonly dataDir: string;
  readonly ephemeral?: boolean;
  readonly servicePorts?: boolean;
  readonly observatory: boolean;
  readonly otlp?: boolean;
  readonly host: string;
  readonly load: boolean;
  readonly users?: number;
  readonly verbose?: boolean;
  /** The mapping by which flags have opaque names. */
  readonly blind?: string;
}

/** Runs the whole shop until told to stop. */
export async function up(options: UpOptions): Promise<void> {
  const stopped = untilStopped();
  const stages = new Stages(process.stdout);
  const load = options.load ? await LoadProcess.make() : undefined;
  const blind = options.blind === undefined ? {} : { ORRERY_BLIND: resolve(options.blind) };
  const logLevel = options.verbose ? "info" : "warn";
  const shop = await startShop(
    {
      port: options.port,
      host: options.host,
      dataDir: options.ephemeral ? undefined : options.dataDir,
      servicePorts: options.servicePorts ?? false,
      observatory: options.observatory,
      otlp: options.otlp ?? false,
      logLevel,
      ...(load === undefined ? {} : { load: load.http }),
    },
    { ...process.env, ...blind, ...(load === undefined ? {} : { LOAD_GENERATOR_ADDR: load.address }) },
    stages,
  );
  load?.start({
    target: shop.url,
    environment: blind,
    ...(shop.flagFile === undefined ? {} : { flagFile: shop.flagFile.path }),
    logLevel,
    ...(options.users === undefined ? {} : { users: options.users }),
    ...(shop.sink === undefined ? {} : { sink: shop.sink }),
  });
  stages.line(`\n${whatIsWhere(shop, options)}${faultsOn(shop)}\nCtrl-C stops it.`);
  await stopped;
  stages.line("\nStopping");
  // Customers leave before the shop closes.
  await load?.stop();
  await shop.stop();
  stages.line(options.ephemeral ? "Stopped; nothing was kept." : `Stopped; the data stays in ${options.dataDir}.`);
}

/** What is broken on purpose from the start, because it was left so. */
function faultsOn({ flagFile, flagNames }: Shop): string {
  const document = flagFile?.set.document;
  const on = flags.flatMap((declared) => {
    const isFault = declared.fault !== undefined;
    const { key, variants, resting } = flagNames.outside({ ...declared, service: "", isFault });
    const flag = document?.flags[key];
    const value = variants[resting];
    if (flag === undefined || value === undefined || !isFault || canOnlyBe(flag, value)) return [];
    return [`${key} = ${variantOf(flag) ?? "?"}`];
  });
  return on.length === 0 ? "" : `\nFaults on: ${on.join(", ")}\n`;
}

function whatIsWhere({ url, databases, flagFile, otlp, process: { ports } }: Shop, options: UpOptions): string {
  const rows = [
    ["What", "Where"],
    ["The shop", `${url}/`],
    ...(options.observatory ? [["What it does, live", `${url}/observatory/`]] : []),
    ...(flagFile === undefined ? [] : [["Flags and faults", `${url}/feature/`]]),
    ...(otlp === undefined
      ? []
      : [["OTLP of your own programs", `localhost:${otlp.grpc} (gRPC), http://localhost:${otlp.http} (HTTP)`]]),
    ...(options.load
      ? [["Customers who never tire", `${url}/${options.observatory ? "observatory/load" : "loadgen/"}`]]
      : []),
    ["Web API", `${url}/api/docs`],
    ["Mail that the shop has written", `${url}/mail/`],
    ["gRPC, gRPC-Web and Connect", `${url}/oteldemo.CartService/GetCart and so on, with reflection and health`],
  ];
  for (const { name } of services) {
    const port = ports.get(name);
    if (port !== undefined && name !== "frontend-proxy") rows.push([`  ${name}`, `localhost:${port.port}`]);
  }
  const access = databases.describe();
  if (access !== undefined) rows.push(["Database", access]);
  rows.push(["Data", options.ephemeral ? "temporary, gone at the end" : relative(".", options.dataDir) || "."]);
  return textTable(rows);
}
