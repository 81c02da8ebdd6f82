import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { AxeBuilder } from "@axe-core/playwright";
import { describe, expect, it, onTestFinished } from "vitest";
import { launchBrowser } from "../../src/load/chromium.ts";
import { parseProfile } from "../../src/load/profile.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { newShopper } from "../browser/browser.ts";
import { api } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { StandInShop } from "./stand-in-shop.ts";

/** curl is not among the things that a machine must have. */
const hasCurl = await promisify(execFile)("curl", ["--version"]).then(
  () => true,
  () => false,
);

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-load-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe("orrery load", () => {
  it("ends with a summary, and writes reports for programs and people", async () => {
    const shop = await StandInShop.open();
    const folder = await temporaryFolder();
    const [json, html] = [join(folder, "load.json"), join(folder, "load.html")];
    const load = new OrreryProcess([
      "load",
      "--target",
      shop.url.href,
      "--users",
      "5",
      "--think-time",
      "0",
      "--duration",
      "2500ms",
      "--report",
      json,
      "--html",
      html,
    ]);
    await load.says(/PASSED: 0 of \d+ requests failed \(0 %\); 1 % may\./);
    expect(load.out).toMatch(/^Request +count +failed +per s +p50 +p95 +p99 +p99\.9 +max$/m);
    expect(await load.ends()).toBe(0);
    const report = JSON.parse(await readFile(json, "utf8"));
    // The first was to see whether anybody is there.
    expect(report).toMatchObject({
      passed: true,
      seed: 1,
      plan: "5 users",
      total: { failed: 0, count: shop.seen.length - 1 },
    });
    expect(report.samples.length).toBeGreaterThanOrEqual(1);
    const page = await readFile(html, "utf8");
    expect(page).toContain("POST /api/checkout");
    expect(page).not.toMatch(/<script|src=|href="http/);
  });

  it("fails when more requests fail than may, and says what failed", async () => {
    const shop = await StandInShop.open(({ url }) => (url === "/" ? { status: 500, body: "" } : undefined));
    const run = (...more: string[]) =>
      new OrreryProcess(["load", "--target", shop.url.href, "--users", "10", "--duration", "500ms", ...more]);
    const load = run();
    expect(await load.ends()).toBe(1);
    expect(load.out).toMatch(/^ {2}10 × GET \/: the shop failed: 500$/m);
    expect(load.out).toMatch(/^FAILED: 10 of \d+ requests failed \([\d.]+ %\); 1 % may\.$/m);
    const patient = run("--max-error-rate", "100%", "--json");
    expect(await patient.ends()).toBe(0);
    expect(JSON.parse(patient.out)).toMatchObject({
      passed: true,
      failures: [{ name: "GET /", kind: "status", detail: "500" }],
    });
  });

  it("ends with a summary when it is told to stop", async () => {
    const shop = await StandInShop.open();
    const load = new OrreryProcess(["load", "--target", shop.url.href, "--think-time", "1ms"]);
    await eventually(() => expect(shop.seen.length).toBeGreaterThan(20), 20_000);
    await load.terminate();
    expect(load.out).toContain("PASSED");
  });

  it("waits for a shop that is about to start", async () => {
    const port = await freePort();
    const load = new OrreryProcess([
      "load",
      "--target",
      `http://127.0.0.1:${port}`,
      "--duration",
      "300ms",
      "--think-time",
      "10ms",
    ]);
    await eventually(() => expect(load.err).toMatch(/nobody answered: ECONNREFUSED\. Trying for 30 s/), 20_000);
    await StandInShop.open(undefined, port);
    expect(await load.ends()).toBe(0);
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      "a shop that is away",
      ["--target", "http://127.0.0.1:9", "--wait", "300ms"],
      /^FAILED: there is no shop at http:\/\/127\.0\.0\.1:9\/ \(nobody answered: ECONNREFUSED\)\. Start one/,
    ],
    ["a target that is none", ["--target", "shop"], /--target shop is not valid/],
    ["a profile that is not there", ["--profile", "nowhere.yaml"], /profile nowhere\.yaml.*no such file/],
    ["a profile beside users", ["--profile", "examples/load/spike.yaml", "--users", "5"], /leave --users out/],
    ["too many users", ["--users", "1000000"], /from 0 to 10000/],
    ["a rate that is none", ["--rate", "fast"], /100\/s/],
    ["a duration that is none", ["--duration", "60"], /500ms, 60s/],
    ["a share that is none", ["--max-error-rate", "101%"], /percentage/],
    ["pauses that are none", ["--think-time", "5s..1s"], /1s\.\.10s/],
  ])("is refused for %s, in a line", async (_, options, line) => {
    const lines = await new OrreryProcess(["load", ...options]).fails();
    expect(lines.join("\n")).toMatch(new RegExp(line.source, "m"));
    expect(lines.join("\n")).not.toMatch(/^ +at /m);
  });

  it("names the place in a profile that cannot be", async () => {
    const file = join(await temporaryFolder(), "load.yaml");
    await writeFile(file, "stages:\n  - duration: 5s\n    users: many\n");
    const lines = await new OrreryProcess(["load", "--profile", file]).fails();
    expect(lines).toEqual([expect.stringContaining('load.yaml:3: stages[0].users is "many"')]);
  });
});

describe("npm start", () => {
  const loadOf = (url: string, path: string, options: Parameters<typeof api>[2] = {}) =>
    api(url, `/loadgen${path}`, options);

  it("plays five customers beside the shop, who can be changed from its own port, and end with it", {
    timeout: 90_000,
  }, async () => {
    const shop = new OrreryProcess(["up", "--port", "0", "--ephemeral"]);
    onTestFinished(() => shop.kill());
    const [, url = ""] = await shop.says(/Customers who never tire +(http\S+)\/observatory\/load/);
    await eventually(async () => {
      expect((await loadOf(url, "/api/v1/status")).body).toMatchObject({ state: "running", users: 5 });
    }, 30_000);

    const changed = await loadOf(url, "/api/v1/settings", { method: "PATCH", body: { users: 12, thinkTime: "50ms" } });
    expect(changed).toMatchObject({
      status: 200,
      body: { settings: { users: 12, thinkTime: { lowMs: 50, highMs: 50 } } },
    });
    await eventually(async () => {
      const { body } = await loadOf(url, "/api/v1/stats");
      expect(body.total.count).toBeGreaterThan(200);
      expect(body).toMatchObject({ total: { failed: 0 }, failures: [] });
    }, 30_000);

    // Seen by the Observatory, as the beginning of traces.
    await eventually(async () => {
      const sql = "select count(*) from spans where service = 'load-generator' and name = 'user_browse_product'";
      const { body } = await api(url, "/orrery.observatory.v1.ObservatoryService/RunQuery", { body: { sql } });
      expect(body.rows[0][0]).toBeGreaterThan(0);
    });

    const page = await api(url, "/loadgen/");
    expect(page.status).toBe(200);
    expect(page.body).toContain("GET /api/products/{productId}");

    expect(await loadOf(url, "/stats/requests")).toMatchObject({
      status: 200,
      body: { state: "running", user_count: 12, errors: [] },
    });
    expect(await loadOf(url, "/stop")).toMatchObject({ status: 200, body: { success: true } });
    expect((await loadOf(url, "/api/v1/status")).body).toMatchObject({ state: "idle", users: 0 });
    const swarm = await fetch(`${url}/loadgen/swarm`, {
      method: "POST",
      body: new URLSearchParams({ user_count: "3", spawn_rate: "100" }),
    });
    expect(await swarm.json()).toMatchObject({ success: true });
    await eventually(async () => expect((await loadOf(url, "/api/v1/status")).body).toMatchObject({ users: 3 }));
    expect((await loadOf(url, "/stats/reset")).body).toBe("ok");

    const before = await loadOf(url, "/api/v1/status");
    for (const [path, method, body, headers, status, reason] of [
      ["/api/v1/stop", "POST", {}, { origin: "http://evil.example" }, 403, "ORIGIN_NOT_ALLOWED"],
      ["/stop", "GET", undefined, { "sec-fetch-site": "cross-site" }, 403, "ORIGIN_NOT_ALLOWED"],
      ["/api/v1/settings", "PATCH", { users: 10_001 }, {}, 400, "INVALID_REQUEST"],
      ["/api/v1/settings", "PATCH", { ratePerSecond: -1 }, {}, 400, "INVALID_REQUEST"],
      ["/api/v1/settings", "PATCH", { thinkTime: "long" }, {}, 400, "INVALID_REQUEST"],
      ["/api/v1/settings", "PATCH", { user: 1 }, {}, 400, "INVALID_REQUEST"],
      ["/api/v1/settings", "PATCH", "{", {}, 400, "INVALID_REQUEST"],
      ["/api/v1/start", "GET", undefined, {}, 405, "METHOD_NOT_ALLOWED"],
      ["/api/v2/status", "GET", undefined, {}, 404, "NOT_FOUND"],
    ] as const) {
      const answer = await loadOf(url, path, { method, body, headers });
      expect(answer, `${method} ${path}`).toMatchObject({ status, body: { status, reason } });
    }
    expect((await loadOf(url, "/api/v1/status")).body.settings).toEqual(before.body.settings);
    const own = await loadOf(url, "/api/v1/stop", { body: {}, headers: { origin: url } });
    expect(own.status).toBe(200);
  });

  it("is controlled as docs/load.md shows, and on its page", { timeout: 90_000 }, async () => {
    const shop = new OrreryProcess(["up", "--port", "0", "--ephemeral", "--no-observatory"]);
    onTestFinished(() => shop.kill());
    const [, url = ""] = await shop.says(/Customers who never tire +(http\S+)\/loadgen\//);
    await eventually(async () => {
      expect((await loadOf(url, "/api/v1/status")).body).toMatchObject({ state: "running" });
    }, 30_000);

    const text = await readFile(join(import.meta.dirname, "../../docs/load.md"), "utf8");
    const shown = [...text.matchAll(/^curl .*$/gm)].map(([command]) => command);
    expect(shown).toHaveLength(10);
    for (const command of hasCurl ? shown : []) {
      const here = command.replaceAll("http://localhost:8080", url).replace(/^curl /, "curl -sS --fail-with-body ");
      const { stdout } = await promisify(execFile)("sh", ["-c", here]);
      expect(stdout, command).not.toBe("");
    }
    // They come and go while it runs.
    for (const browserUsers of [1, 0]) {
      const { body } = await loadOf(url, "/api/v1/start", { body: { users: 0, browserUsers } });
      expect(body).toMatchObject({ state: "running", browserUsers, settings: { browserUsers } });
    }
    const [, profile = ""] = /```yaml\n(.*?)```/s.exec(text) ?? [];
    expect(parseProfile(profile, "docs/load.md").plan.durationMs).toBe(18 * 60_000);

    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    for (const colorScheme of ["light", "dark"] as const) {
      const context = await newShopper(browser, url, { colorScheme, viewport: { width: 390, height: 844 } });
      const page = await context.newPage();
      await page.goto("/loadgen/");
      const users = colorScheme === "light" ? "7" : "4";
      await page.getByLabel("Users").fill(users);
      await page.getByRole("button", { name: "Run" }).click();
      await eventually(async () =>
        expect((await loadOf(url, "/api/v1/status")).body).toMatchObject({ users: Number(users) }),
      );
      await page.getByText(`${users}users`).waitFor();
      await page.getByLabel("Users").fill("-1");
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByText("Nothing is asked.").waitFor();
      expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
      await context.close();
    }
  });

  it("leaves no customers behind when it is killed", { timeout: 60_000 }, async () => {
    const shop = new OrreryProcess(["up", "--port", "0", "--ephemeral", "--no-observatory", "--users", "2"]);
    onTestFinished(() => shop.kill());
    const [, url = ""] = await shop.says(/Customers who never tire +(http\S+)\/loadgen\//);
    await eventually(async () => {
      expect((await loadOf(url, "/api/v1/status")).body).toMatchObject({ state: "running", users: 2 });
    }, 30_000);
    const child = await childOf(shop.pid);
    await shop.kill();
    await eventually(() => expect(() => process.kill(child, 0)).toThrow(/ESRCH/));
  });

  it("says so when there are none", async () => {
    const shop = new OrreryProcess(["up", "--port", "0", "--ephemeral", "--no-load", "--no-observatory"]);
    onTestFinished(() => shop.kill());
    const [, url = ""] = await shop.says(/The shop +(http\S+)\//);
    const answer = await loadOf(url, "/api/v1/status");
    expect(answer).toMatchObject({ status: 503, body: { reason: "NO_LOAD_GENERATOR" } });
    expect(shop.out).not.toContain("never tire");
  });
});

/** The process that a shop has started for its load. */
async function childOf(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").map(Number);
  for (const child of children) {
    if ((await readFile(`/proc/${child}/cmdline`, "utf8")).includes("load-generator")) return child;
  }
  throw new Error(`${pid} has no such child`);
}
