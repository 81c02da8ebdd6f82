import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, expect, test } from "vitest";
import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { freePort } from "../lifecycle/free-port.ts";
import { client } from "./client.ts";
import { openPort, type Port, type PortLimits } from "./port.ts";
import { replicatedTransport } from "./replicas.ts";
import { route } from "./service-routes.ts";
import { serveForTest } from "./testing.ts";

const open: Port[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((port) => port.drain(0)));
});

interface Counted {
  readonly origin: string;
  calls: number;
  stop(): Promise<void>;
}

/** One replica of ad, which counts its calls. */
async function replica(options: { port?: number; portLimits?: Partial<PortLimits> } = {}): Promise<Counted> {
  const served = await serveForTest(
    [
      route(AdService, {
        getAds() {
          counted.calls++;
          return {};
        },
      }),
    ],
    options,
  );
  open.push(served.port);
  const counted: Counted = { origin: served.origin, calls: 0, stop: () => served.port.drain(0) };
  return counted;
}

const originsOf = (replicas: readonly Counted[]) => replicas.map(({ origin }) => origin);

test("three replicas get a third each of one client's calls", async () => {
  const replicas = await Promise.all([replica(), replica(), replica()]);
  const ads = client(AdService, replicatedTransport(originsOf(replicas)));
  for (let call = 0; call < 30; call++) await ads.getAds({});
  await Promise.all(Array.from({ length: 60 }, () => ads.getAds({})));
  for (const { calls } of replicas) expect(calls / 90).toBeCloseTo(1 / 3, 1);
});

test("a replica that stops is not missed, and gets its share again when it is back", async () => {
  // The first on none of the ports that outgoing connections take: it is to be had again.
  const replicas = await Promise.all([replica({ port: await freePort() }), replica(), replica()]);
  let time = 0;
  const ads = client(AdService, replicatedTransport(originsOf(replicas), { now: () => time }), { attempts: 1 });
  for (let call = 0; call < 6; call++) await ads.getAds({});
  const [first, second, third] = replicas as [Counted, Counted, Counted];
  await first.stop();
  for (let call = 0; call < 30; call++) await ads.getAds({});
  expect([second.calls, third.calls].map((calls) => calls - 2)).toEqual([
    expect.closeTo(15, -1),
    expect.closeTo(15, -1),
  ]);

  const again = await replica({ port: Number(new URL(first.origin).port) });
  time += 10_000;
  for (let call = 0; call < 30; call++) await ads.getAds({});
  expect(again.calls).toBeGreaterThanOrEqual(9);
});

test("a name stands for all its addresses, and for others when they change", async () => {
  const replicas = await Promise.all([replica(), replica()]);
  const [{ origin = "" } = {}] = replicas;
  const { port } = new URL(origin);
  const second = await openPortOn("127.0.0.2", Number(port));
  let addresses = ["127.0.0.1", "127.0.0.2"];
  let time = 0;
  const transport = replicatedTransport([`http://ad.example:${port}`], {
    lookup: async () => addresses,
    now: () => time,
  });
  const ads = client(AdService, transport, { attempts: 1 });
  for (let call = 0; call < 10; call++) await ads.getAds({}).catch(() => {});
  expect([replicas[0]?.calls, second.calls()]).toEqual([5, 5]);

  addresses = ["127.0.0.2", "127.0.0.2"];
  time += 10_000;
  await ads.getAds({}).catch(() => {});
  const before = replicas[0]?.calls;
  for (let call = 0; call < 10; call++) await ads.getAds({}).catch(() => {});
  expect(replicas[0]?.calls).toBe(before);
});

/** Something that is called at another address of this machine. */
async function openPortOn(host: string, port: number) {
  let calls = 0;
  const opened = await openPort({
    host,
    port,
    handler: (_, response) => {
      calls++;
      response.statusCode = 404;
      response.end();
    },
  });
  open.push(opened);
  return { calls: () => calls };
}

test("when no replica is there, the error says so", async () => {
  const ads = client(AdService, replicatedTransport(["http://127.0.0.1:1", "http://127.0.0.1:2"]), { attempts: 1 });
  const error = await ads.getAds({}).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ConnectError);
  expect(ConnectError.from(error).code).toBe(Code.Unavailable);
});

test("a connection that is old is ended after its calls, and the client makes another one", async () => {
  const served = await replica({ portLimits: { maxAgeMs: 50 } });
  const ads = client(AdService, replicatedTransport([served.origin]), { attempts: 1 });
  const until = performance.now() + 500;
  let calls = 0;
  while (performance.now() < until) {
    await Promise.all([ads.getAds({}), ads.getAds({})]);
    calls += 2;
  }
  expect(served.calls).toBe(calls);
});
