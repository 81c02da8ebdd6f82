import { describe, expect, it, onTestFinished } from "vitest";
import { defaultLoadOptions, LoadGenerator, type LoadOptions } from "../../src/load/load-generator.ts";
import { hold, planOf, steadyPlan, steps } from "../../src/load/plan.ts";
import { eventually } from "../eventually.ts";
import { type Instead, type Seen, StandInShop } from "./stand-in-shop.ts";

const busy = { lowMs: 0, highMs: 0 };

function generator(target: URL, changes: Partial<LoadOptions> = {}): LoadGenerator {
  const made = new LoadGenerator({ ...defaultLoadOptions, target, thinkTime: busy, ...changes });
  onTestFinished(() => made.close());
  return made;
}

const users = (count: number, durationMs?: number) =>
  steadyPlan({ users: count, ratePerSecond: 0, ...(durationMs === undefined ? {} : { durationMs }) });

/** Runs users until so many requests were made. */
async function run(load: LoadGenerator, count: number): Promise<void> {
  load.start(users(4));
  await eventually(() => expect(load.progress.count).toBeGreaterThan(count));
  await load.stop();
}

const sessionOf = ({ headers }: Seen) => /session\.id=([\w-]+)/.exec(String(headers.baggage))?.[1] ?? "";

describe("users", () => {
  it("do what the OpenTelemetry Demo's do, each in a session that is told by baggage", async () => {
    const shop = await StandInShop.open();
    const load = generator(shop.url);
    await run(load, 500);
    const { failures, requests, total } = load.snapshot();
    expect(failures).toEqual([]);
    expect(requests.map(({ name }) => name)).toEqual([
      "GET /",
      "GET /api/cart",
      "GET /api/data",
      "GET /api/products/{productId}",
      "GET /api/recommendations",
      "POST /api/cart",
      "POST /api/checkout",
    ]);
    expect(requests.reduce((sum, { count }) => sum + count, 0)).toBe(total.count);
    const sessions = new Set(shop.seen.map(sessionOf));
    expect(sessions.size).toBe(4);
    for (const session of sessions) {
      const own = shop.seen.filter((seen) => sessionOf(seen) === session);
      expect(own[0]?.url).toBe("/");
      for (const { headers, url } of own) {
        expect(headers.baggage).toBe(`synthetic_request=true,session.id=${session}`);
        // Whose cart is looked at is always said.
        if (url.startsWith("/api/cart?")) expect(url).toBe(`/api/cart?sessionId=${session}`);
        expect(url).not.toContain("None");
      }
    }
  });

  it("make the same requests in the same order for the same seed, and others for another", async () => {
    const requests = async (seed: number) => {
      const shop = await StandInShop.open();
      await run(generator(shop.url, { seed }), 400);
      const bySession = Map.groupBy(shop.seen, sessionOf);
      return new Map(
        [...bySession].map(([session, seen]) => [session, seen.map(({ method, url, body }) => [method, url, body])]),
      );
    };
    const [first, second, other] = [await requests(11), await requests(11), await requests(12)];
    expect([...first.keys()].sort()).toEqual([...second.keys()].sort());
    for (const [session, made] of first) {
      const again = second.get(session) ?? [];
      const both = Math.min(made.length, again.length);
      expect(both).toBeGreaterThan(20);
      expect(made.slice(0, both)).toEqual(again.slice(0, both));
      expect(other.has(session)).toBe(false);
    }
  });

  it("come and go as the plan says, and finish what they have begun", async () => {
    const shop = await StandInShop.open();
    const load = generator(shop.url, { thinkTime: { lowMs: 5, highMs: 10 } });
    load.start(planOf([{ durationMs: 6_000, users: steps([2, 6, 1]) }]));
    const seen: number[] = [];
    while (load.state === "running") {
      if (load.status.users !== seen.at(-1)) seen.push(load.status.users);
      await Promise.race([load.ended, new Promise((resolve) => setTimeout(resolve, 10))]);
    }
    await load.ended;
    expect(seen.slice(0, 3)).toEqual([2, 6, 1]);
    expect(load.status).toMatchObject({ state: "idle", users: 0 });
    expect(load.snapshot().total).toMatchObject({ count: shop.seen.length, failed: 0 });
  });

  it("rest while the flag for traffic is off, and flood the home page while that for floods is on", async () => {
    const shop = await StandInShop.open();
    const flags = { traffic: false, floods: 0 };
    let asked = 0;
    const load = generator(shop.url, {
      thinkTime: { lowMs: 1, highMs: 1 },
      switches: {
        traffic: async () => {
          asked++;
          return flags.traffic;
        },
        users: async () => undefined,
        flood: async () => flags.floods,
      },
    });
    load.start(users(2));
    await eventually(() => expect(asked).toBeGreaterThan(20));
    expect(shop.seen).toEqual([]);
    flags.traffic = true;
    await eventually(() => expect(shop.seen.length).toBeGreaterThan(100));
    expect(load.snapshot().tasks.map(({ name }) => name)).not.toContain("floodHome");
    flags.floods = 30;
    await eventually(() => expect(load.snapshot().tasks.map(({ name }) => name)).toContain("floodHome"));
    await load.stop();
    const floods = load.snapshot().tasks.find(({ name }) => name === "floodHome")?.count ?? 0;
    expect(load.snapshot().requests[0]?.count).toBeGreaterThanOrEqual(30 * floods);
  });

  it("flood the home page under the name of a visit to it where floods are hidden", async () => {
    const shop = await StandInShop.open();
    const load = generator(shop.url, {
      thinkTime: { lowMs: 1, highMs: 1 },
      hidesFloods: true,
      switches: { traffic: async () => true, users: async () => undefined, flood: async () => 30 },
    });
    load.start(users(2));
    await eventually(() => expect(load.snapshot().requests[0]?.count).toBeGreaterThan(100));
    await load.stop();
    const names = load.snapshot().tasks.map(({ name }) => name);
    expect(names).toContain("index");
    expect(names).not.toContain("floodHome");
  });
});

describe("an answer that is not as it should be", () => {
  const problem = (status: number, reason: string): ReturnType<Instead> => ({
    status,
    type: "application/problem+json",
    body: JSON.stringify({ status, reason }),
  });
  it.each<[string, string, ReturnType<Instead>, string, string]>([
    ["a failure", "/api/products/", { status: 500, type: "text/plain", body: "Oh no" }, "status", "500"],
    ["a failure with a reason", "/api/data", problem(503, "SERVICE_UNAVAILABLE"), "status", "503 SERVICE_UNAVAILABLE"],
    ["a declined card", "/api/checkout", problem(402, "CARD_DECLINED"), "declined", "402 CARD_DECLINED"],
    ["no JSON", "/api/data", { body: "<html>" }, "content", "not JSON"],
    ["no ad", "/api/data", { body: "[]" }, "content", "no ad"],
    [
      "another product",
      "/api/products/",
      { body: '{"id":"X","priceUsd":{}}' },
      "content",
      "another product than the one asked for",
    ],
    ["a cart of somebody else", "/api/cart", { body: '{"userId":"X","items":[]}' }, "content", "another user's cart"],
    [
      "an order without an id",
      "/api/checkout",
      { body: '{"items":[]}' },
      "content",
      "an order without its id or tracking id",
    ],
    ["no page", "/", { type: "text/html", body: "Hello" }, "content", "not a page of HTML"],
    ["no answer in time", "/api/recommendations", "unanswered", "timeout", "300 ms"],
  ])("is counted by its kind: %s", async (_, path, answer, kind, detail) => {
    const shop = await StandInShop.open(({ url }) => {
      const isMeant = path === "/" ? url === "/" : url.startsWith(path);
      return isMeant ? answer : undefined;
    });
    // Short for who is to run into it only: on a busy machine any answer may take so long.
    const load = generator(shop.url, kind === "timeout" ? { timeoutMs: 300 } : {});
    load.start(users(8));
    await eventually(() => expect(load.snapshot().failures).not.toEqual([]));
    await load.stop();
    const { failures, total } = load.snapshot();
    expect(new Set(failures.map((failure) => `${failure.kind}: ${failure.detail}`))).toEqual(
      new Set([`${kind}: ${detail}`]),
    );
    expect(failures.reduce((sum, { count }) => sum + count, 0)).toBe(total.failed);
  });

  it("ends a task: an order is not placed of what could not be put into the cart", async () => {
    const shop = await StandInShop.open(({ method, url }) =>
      method === "POST" && url === "/api/cart" ? { status: 500, body: "" } : undefined,
    );
    const load = generator(shop.url);
    load.start(users(8));
    await eventually(() =>
      expect(load.snapshot().tasks.find(({ name }) => name === "checkoutMulti")?.failed).toBeGreaterThan(0),
    );
    await load.stop();
    expect(shop.seen.filter(({ url }) => url === "/api/checkout")).toEqual([]);
  });

  it("or none, for nobody is there, is told without a rush of attempts", async () => {
    const load = generator(new URL("http://127.0.0.1:9"));
    load.start(users(1, 600));
    await load.ended;
    const { failures, total } = load.snapshot();
    const kinds = new Set(failures.map(({ kind, detail }) => `${kind}: ${detail}`));
    expect([...kinds]).toEqual(["connection: ECONNREFUSED"]);
    expect(total.count).toBeLessThanOrEqual(6);
    expect(total.failed).toBe(total.count);
  });
});

describe("arrivals", () => {
  /** Answers nothing for a second from the fiftieth request on. */
  async function stallingShop() {
    let held: (() => void)[] | undefined;
    let count = 0;
    const page = { type: "text/html", body: "<html>" };
    return StandInShop.open((_, response) => {
      count++;
      if (count === 50) {
        held = [];
        setTimeout(() => {
          for (const answer of held ?? []) answer();
          held = undefined;
        }, 1_000);
      }
      if (held === undefined) return undefined;
      held.push(() => {
        response.setHeader("content-type", page.type);
        response.statusCode = 503;
        response.end(page.body);
      });
      return "unanswered";
    });
  }

  it("that wait for a shop that stands still count their waiting", async () => {
    const shop = await stallingShop();
    const load = generator(shop.url, { maxInFlight: 1 });
    load.start(planOf([{ durationMs: 3_000, rate: hold(100) }]));
    await load.ended;
    const { total, serviceTimes, arrivals } = load.snapshot();
    expect(total.times.p95).toBeGreaterThan(700);
    // Only the one that was under way: the others look as if nothing had been.
    expect(serviceTimes.p95).toBeLessThan(300);
    expect(serviceTimes.max).toBeGreaterThan(700);
    expect(arrivals?.late).toBeGreaterThan(80);
    expect(arrivals).toMatchObject({ dropped: 0 });
    const begun = arrivals?.started ?? 0;
    expect(begun).toBeGreaterThanOrEqual(299);
    expect(begun).toBeLessThanOrEqual(300);
  });

  it("that nobody can serve are given up and told", async () => {
    const shop = await StandInShop.open(() => "unanswered");
    const load = generator(shop.url, { maxInFlight: 3, timeoutMs: 4_000 });
    load.start(planOf([{ durationMs: 500, rate: hold(100) }]));
    await load.ended;
    const { arrivals, failures } = load.snapshot();
    expect(arrivals?.started).toBe(3);
    expect(arrivals?.dropped).toBeGreaterThan(40);
    expect(failures.every(({ kind }) => kind === "timeout")).toBe(true);
  });
});
