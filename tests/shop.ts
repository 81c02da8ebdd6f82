import type { Transport } from "@connectrpc/connect";
import postgres from "postgres";
import { startShop as start } from "../src/commands/shop.ts";
import { Stages } from "../src/commands/stages.ts";
import type { Environment } from "../src/platform/config/environment.ts";
import type { RunningProcess } from "../src/platform/lifecycle/running-process.ts";
import type { TelemetrySink } from "../src/platform/telemetry/sink.ts";
import { DeadlineProbe } from "./deadline-probe.ts";
import { FaultyNetwork } from "./faulty-network.ts";

/** The whole shop on a port of its own, with a database of its own. */
export interface TestShop {
  readonly url: string;
  readonly process: RunningProcess;
  /** What the calls between services go through. */
  readonly network: FaultyNetwork;
  /** The database, as its superuser. */
  readonly sql: postgres.Sql;
  /** Fails when a call between services had no deadline, or one later than its caller's. */
  stop(): Promise<void>;
}

/** Starts the shop in this process, as `npm start -- --ephemeral` does unless there is a folder for its data. */
export async function startShop(
  options: {
    readonly environment?: Environment;
    readonly servicePorts?: boolean;
    readonly observatory?: boolean;
    /** Where data is kept; a temporary place unless given. */
    readonly dataDir?: string;
    readonly sinks?: readonly TelemetrySink[];
    readonly aroundCalls?: (transport: Transport) => Transport;
  } = {},
): Promise<TestShop> {
  const { environment = {}, servicePorts = false, observatory = false, sinks = [] } = options;
  const { aroundCalls = (transport) => transport } = options;
  const probe = new DeadlineProbe();
  const network = await FaultyNetwork.start();
  const shop = await start(
    {
      port: 0,
      host: "127.0.0.1",
      dataDir: options.dataDir,
      servicePorts,
      observatory,
      sinks,
      logLevel: "error",
      aroundCalls: (transport) => probe.around(aroundCalls(network.around(transport))),
    },
    environment,
    new Stages({ write: () => true }),
  );
  const { host, port, database } = await shop.databases.addressFor("checkout");
  const sql = postgres({ host, port, database, username: "postgres", max: 2, onnotice: () => {} });
  return {
    url: shop.url,
    process: shop.process,
    network,
    sql,
    async stop() {
      await sql.end({ timeout: 1 });
      await shop.stop();
      network.stop();
      probe.assertKept();
    },
  };
}
