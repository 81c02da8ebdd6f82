import { globSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { PaymentService } from "../../gen/oteldemo/payment_pb.ts";
import { alertmanagerFiles, alertReceivers } from "../../src/deploy/alertmanager.ts";
import { prometheusFiles } from "../../src/deploy/prometheus.ts";
import { writeRenderedFiles } from "../../src/deploy/write-rendered-files.ts";
import { shopObjectives } from "../../src/observatory/objectives/shop-objectives.ts";
import { services } from "../../src/services/index.ts";
import { alertmanager } from "../../src/stack/engines/alertmanager.ts";
import { prometheus } from "../../src/stack/engines/prometheus.ts";
import { Customer, flashlight, goodCard } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { Mesh } from "../mesh.ts";
import { remoteClient } from "../remote-client.ts";
import { type Configured, engineProgram, startConfigured } from "./monitoring.ts";
import { startNativeMesh } from "./native-mesh.ts";

const root = join(import.meta.dirname, "../..");

describe("what is committed", () => {
  const promtool = (...args: readonly string[]) => engineProgram(prometheus, "promtool", args, root);
  const amtool = (...args: readonly string[]) => engineProgram(alertmanager, "amtool", args, root);

  it("is what Prometheus and Alertmanager take", async () => {
    expect(await promtool("check", "config", "--lint=all", "otel/prometheus/prometheus.yml")).toContain("SUCCESS");
    expect(await amtool("check-config", "otel/alertmanager/alertmanager.yml")).toContain("SUCCESS");
  });

  it.each(globSync("otel/prometheus/tests/*.yml", { cwd: root }))(
    "passes %s",
    async (file) => {
      expect(await promtool("test", "rules", file)).toContain("SUCCESS");
    },
    600_000,
  );

  it("is taken with every receiver on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "orrery-alertmanager-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const receivers = alertReceivers({
      ALERT_PAGERDUTY_KEY: "0123456789abcdef0123456789abcdef",
      ALERT_SLACK_URL: "https://slack.example/services/1",
      ALERT_EMAIL_TO: "ops@shop.example",
      ALERT_EMAIL_FROM: "alerts@shop.example",
      ALERT_EMAIL_SERVER: "mail.example:587",
      ALERT_EMAIL_USERNAME: "alerts",
      ALERT_EMAIL_PASSWORD: "correct horse",
      ALERT_WEBHOOK_URL: "http://hook.example/",
    });
    await writeRenderedFiles(folder, alertmanagerFiles({ receivers }));
    expect(await amtool("check-config", join(folder, "otel/alertmanager/alertmanager.yml"))).toContain("SUCCESS");
  });

  it.each([
    ["team=orders severity=page", "orders-page"],
    ["team=orders severity=ticket", "orders-ticket"],
    ["team=platform severity=page", "platform-page"],
    ["severity=page", "nobody"],
  ])("sends %s to %s", async (labels, receiver) => {
    const config = "--config.file=otel/alertmanager/alertmanager.yml";
    expect((await amtool("config", "routes", "test", config, ...labels.split(" "))).trim()).toBe(receiver);
  });
});

/** Takes what Alertmanager posts. */
async function webhook() {
  const told: { status: string; labels: Record<string, string>; annotations: Record<string, string> }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      told.push(...JSON.parse(body).alerts);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A TCP server has a port");
  return { told, url: `http://127.0.0.1:${address.port}/` };
}

/** Windows of seconds for a test that shall not last half an hour. */
const timing = {
  policies: [
    { severity: "page", longSeconds: 20, shortSeconds: 10, rate: 6 },
    { severity: "ticket", longSeconds: 40, shortSeconds: 20, rate: 2 },
  ],
  minEvents: 5,
  raiseAfterSeconds: 1,
  clearAfterSeconds: 2,
} as const;

async function startMonitoring() {
  const { told, url } = await webhook();
  const receivers = { orders: { webhookUrl: url } };
  const manager = await startConfigured(alertmanager, alertmanagerFiles({ receivers, groupWaitSeconds: 1 }));
  onTestFinished(() => manager.remove());
  const files = prometheusFiles({
    services,
    objectives: shopObjectives,
    alertmanager: manager.engine.address,
    timing,
    evaluationSeconds: 1,
  });
  const metrics = await startConfigured(prometheus, files);
  onTestFinished(() => metrics.remove());
  return { told, manager, metrics };
}

async function samples({ ask }: Configured, query: string): Promise<unknown[]> {
  return (await ask(`/api/v1/query?query=${encodeURIComponent(query)}`)).result;
}

/** The metrics that an expression reads. */
function metricsIn(expression: string): readonly string[] {
  const bare = expression.replace(/by \([^)]*\)|\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, "");
  return bare.match(/\b[a-z][a-z0-9]*_\w+\b(?! ?\()/g)?.filter((name) => !bare.includes(`:${name}`)) ?? [];
}

describe("a shop that sends its metrics to Prometheus", () => {
  it("has all that rules read; payment that is gone raises alerts, which clear when it is back", async () => {
    const { told, manager, metrics } = await startMonitoring();
    const mesh = await Mesh.open();
    onTestFinished(() => mesh.close());
    const telemetry = {
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://${metrics.engine.address}/api/v1/otlp/v1/metrics`,
      // Prometheus takes neither: they are lost, and that is told.
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${metrics.engine.address}/nowhere`,
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
    };
    const payment = mesh.serve(["payment"], telemetry);
    mesh.serve(
      services.map(({ name }) => name).filter((name) => !["load-generator", "observatory", "payment"].includes(name)),
      telemetry,
    );

    const shopping = { isOver: false };
    onTestFinished(() => {
      shopping.isOver = true;
    });
    const orders = { placed: 0 };
    const shop = async () => {
      const customer = new Customer(mesh.url);
      const seen = [
        "/api/recommendations?productIds=",
        "/api/data?contextKeys=telescopes",
        "/images/products/RoofBinoculars.jpg",
      ];
      for (const path of seen) await (await fetch(`${mesh.url}${path}`)).arrayBuffer();
      await customer.puts(flashlight);
      if ((await customer.checksOut()).status === 200) orders.placed++;
    };
    const traffic = (async () => {
      while (!shopping.isOver) {
        // The shop that is not up yet, or not any more, refuses connections.
        await shop().catch(() => {});
        await sleep(100);
      }
    })();
    await eventually(() => expect(orders.placed).toBeGreaterThan(20), 60_000);

    const paid = remoteClient(mesh.urlOf("payment"), PaymentService);
    await paid.charge(
      { amount: { currencyCode: "EUR", units: 1n }, creditCard: goodCard },
      { headers: { "idempotency-key": "regretted" } },
    );
    await paid.refund({ chargeKey: "regretted", reason: "a test's" });
    await expect(
      paid.charge(
        { amount: { currencyCode: "EUR", units: 1n }, creditCard: { ...goodCard, creditCardExpirationYear: 2_001 } },
        { headers: { "idempotency-key": "declined" } },
      ),
    ).rejects.toThrow();

    const { groups } = await metrics.ask("/api/v1/rules");
    const rules = groups.flatMap((group: { rules: unknown[] }) => group.rules) as { query: string }[];
    const read = new Set(rules.flatMap(({ query }) => metricsIn(query)));
    expect([...read]).toEqual(expect.arrayContaining(["demo_event_lag", "rpc_server_call_duration_seconds_bucket"]));
    // The Collector's are there with a Collector: pipeline.test.ts sees to them.
    for (const metric of [...read].filter((name) => !/^(otelcol|system|traces_span_metrics)_/.test(name))) {
      await eventually(async () => expect(await samples(metrics, metric), metric).not.toEqual([]), 20_000);
    }
    for (const { name } of shopObjectives) {
      const share = `objective:bad_events:ratio_rate20s{objective="${name}"}`;
      await eventually(async () => expect(await samples(metrics, share), share).not.toEqual([]), 20_000);
    }
    const firing = async () =>
      ((await metrics.ask("/api/v1/alerts")).alerts as { state: string; labels: { alertname: string } }[])
        .filter(({ state }) => state === "firing")
        .map(({ labels }) => labels.alertname);
    await eventually(async () => expect(await firing()).toContain("telemetry-lost"), 20_000);

    const raised = ["checkout-availability-page", "frontend-availability-page"];
    // The first seconds, when services waited for each other, have passed out of the windows.
    await eventually(async () => {
      for (const alert of raised) expect(await firing()).not.toContain(alert);
    }, 60_000);
    told.length = 0;

    await mesh.kill(payment);
    await eventually(async () => expect(await firing()).toEqual(expect.arrayContaining(raised)), 60_000);
    await eventually(() => {
      const alert = told.find(({ labels }) => labels.alertname === "checkout-availability-page");
      expect(alert).toMatchObject({
        status: "firing",
        labels: { severity: "page", team: "orders", service: "checkout" },
        annotations: { runbook_url: "docs/runbooks/checkout-availability.md" },
      });
      // Where something else of checkout was told before, it is told what is new a minute later.
    }, 90_000);

    const before = orders.placed;
    mesh.serve(["payment"], telemetry);
    await eventually(() => expect(orders.placed).toBeGreaterThan(before), 60_000);
    await eventually(async () => {
      for (const alert of raised) expect(await firing()).not.toContain(alert);
    }, 90_000);
    await eventually(async () => {
      const active = (await manager.ask("/api/v2/alerts?active=true")) as { labels: { alertname: string } }[];
      expect(active.map(({ labels }) => labels.alertname)).not.toContain("checkout-availability-page");
    }, 30_000);
    shopping.isOver = true;
    await traffic;
  }, 400_000);

  it("finds PromQL in its runbooks that Prometheus understands", async () => {
    const { metrics } = await startMonitoring();
    for (const page of globSync("docs/runbooks/*.md", { cwd: root })) {
      const text = await readFile(join(root, page), "utf8");
      for (const [, query = ""] of text.matchAll(/```promql\n(.*?)```/gs)) await samples(metrics, query);
    }
  });
});

it("tells whom the mesh's environment names, and keeps tickets back while a page is out for a service", async () => {
  const { told, url } = await webhook();
  const mesh = await startNativeMesh({
    engines: ["alertmanager"],
    environment: { ALERT_WEBHOOK_URL: url },
    restarts: false,
  });
  onTestFinished(() => mesh.remove());
  const alerts = `http://${mesh.stack.addressOf("alertmanager")}/api/v2/alerts`;
  const raised = ["page", "ticket"].map((severity) => ({
    labels: { alertname: `checkout-${severity}`, severity, team: "orders", service: "checkout" },
    annotations: { description: "", runbook_url: "" },
  }));
  const { status } = await fetch(alerts, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(raised),
  });
  expect(status).toBe(200);

  await eventually(() => expect(told.map(({ labels }) => labels.alertname)).toEqual(["checkout-page"]), 60_000);
  const listed = (await (await fetch(alerts)).json()) as { labels: { severity: string }; status: { state: string } }[];
  expect(Object.fromEntries(listed.map(({ labels, status }) => [labels.severity, status.state]))).toEqual({
    page: "active",
    ticket: "suppressed",
  });
}, 180_000);
