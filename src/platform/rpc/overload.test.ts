import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { client } from "./client.ts";
import { remoteTransport } from "./remote-transport.ts";
import { route } from "./service-routes.ts";
import { serveForTest, type TestServices } from "./testing.ts";

/** What is to be had is set by these two, not by the machine: 25 calls a second, so few that it has time for all of them. */
const concurrency = 10;
const workMs = 400;
const phaseMs = 3_000;

let served: TestServices;
beforeAll(async () => {
  const ads = async () => {
    await sleep(workMs);
    return {};
  };
  served = await serveForTest([route(AdService, { getAds: ads })], { limits: { concurrency } });
});
afterAll(() => served.port.drain(0));

/** Calls that were answered well, and others. */
interface Tally {
  good: number;
  failed: number;
}

/** One call after the other in each of as many lines as are served at once. */
async function peak(): Promise<Tally> {
  const ads = client(AdService, remoteTransport(served.origin));
  const tally = { good: 0, failed: 0 };
  const end = performance.now() + phaseMs;
  const line = async () => {
    while (performance.now() < end) await counted(ads.getAds({}), tally);
  };
  await Promise.all(Array.from({ length: concurrency }, line));
  return tally;
}

/** Calls that come at a rate, whatever becomes of those before. */
async function arrivals(perSecond: number): Promise<Tally> {
  const ads = client(AdService, remoteTransport(served.origin));
  const tally = { good: 0, failed: 0 };
  const calls: Promise<void>[] = [];
  const begun = performance.now();
  for (;;) {
    const elapsedMs = performance.now() - begun;
    if (elapsedMs >= phaseMs) break;
    while (calls.length < (elapsedMs / 1_000) * perSecond) calls.push(counted(ads.getAds({}), tally));
    await sleep(5);
  }
  await Promise.all(calls);
  return tally;
}

/** As many calls, evenly: after a pause of the machine none is made up for, so that there never are more at a time. */
async function evenly(count: number, perSecond: number): Promise<Tally> {
  const ads = client(AdService, remoteTransport(served.origin));
  const tally = { good: 0, failed: 0 };
  const calls: Promise<void>[] = [];
  for (let call = 0; call < count; call++) {
    calls.push(counted(ads.getAds({}), tally));
    await sleep(1_000 / perSecond);
  }
  await Promise.all(calls);
  return tally;
}

async function counted(call: Promise<unknown>, tally: Tally): Promise<void> {
  await call.then(
    () => tally.good++,
    () => tally.failed++,
  );
}

test("three times as many calls as can be served leave four fifths of the best throughput, and no trace", async () => {
  const best = await peak();
  expect(best.failed).toBe(0);
  const perSecond = best.good / (phaseMs / 1_000);
  // A machine with other things to do has none of its time left for a while; what breaks down does so each time.
  let overload = await arrivals(3 * perSecond);
  for (let round = 1; round < 3 && overload.good <= 0.8 * best.good; round++) overload = await arrivals(3 * perSecond);
  expect(overload.failed, "it was no overload").toBeGreaterThan(overload.good / 2);
  expect(overload.good).toBeGreaterThan(0.8 * best.good);
  const count = Math.round(best.good / 2);
  expect(await evenly(count, perSecond / 2)).toEqual({ good: count, failed: 0 });
}, 60_000);
