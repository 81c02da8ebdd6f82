import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { ObjectiveDefinition } from "../observatory/objectives/objective.ts";
import { shopObjectives } from "../observatory/objectives/shop-objectives.ts";
import { ConfigError } from "../platform/config/environment.ts";
import { services } from "../services/index.ts";
import type { AlertRule, RecordingRule, RuleGroup } from "./alert-rule.ts";
import { alertmanagerFiles, alertReceivers } from "./alertmanager.ts";
import { prometheusFiles } from "./prometheus.ts";

const root = join(import.meta.dirname, "../..");
const files = [...prometheusFiles({ services, objectives: shopObjectives }), ...alertmanagerFiles()];
const rules = files
  .filter(({ path }) => path.includes("/rules/"))
  .flatMap(({ text }) => (parse(text) as { groups: RuleGroup[] }).groups)
  .flatMap((group): readonly (RecordingRule | AlertRule)[] => group.rules);
const alerts = rules.filter((rule) => "alert" in rule);

it("every alert has a runbook, and there is none for an alert that does not exist", async () => {
  const linked = new Set(alerts.map(({ annotations }) => annotations.runbook_url));
  const pages = (await readdir(join(root, "docs/runbooks"))).filter((name) => name !== "README.md");
  expect(pages.map((name) => `docs/runbooks/${name}`).toSorted()).toEqual([...linked].toSorted());
  for (const { alert, annotations } of alerts) {
    const page = await readFile(join(root, annotations.runbook_url), "utf8");
    expect(page, annotations.runbook_url).toContain(`\`${alert}\``);
    for (const section of ["## What it means", "## Where to look", "## What to do"]) {
      expect(page, annotations.runbook_url).toContain(section);
    }
  }
});

interface UnitTests {
  readonly tests: readonly {
    readonly promql_expr_test?: readonly { readonly expr: string; readonly exp_samples?: readonly unknown[] }[];
    readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[];
  }[];
}

it("every rule has unit tests: of its value, of when it fires and of when it does not", async () => {
  const folder = join(root, "otel/prometheus/tests");
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
  const tests = texts.flatMap((text) => (parse(text) as UnitTests).tests);
  const values = tests.flatMap((test) => test.promql_expr_test ?? []).filter((test) => test.exp_samples?.length);
  const raised = tests.flatMap((test) => test.alert_rule_test ?? []);
  for (const rule of rules) {
    if ("record" in rule) {
      const { record, labels } = rule;
      const { objective = "" } = labels;
      expect(values.map(({ expr }) => expr)).toContain(`${record}{objective="${objective}"}`);
    } else {
      const own = raised.filter(({ alertname }) => alertname === rule.alert);
      expect(
        own.some((test) => test.exp_alerts?.length),
        `when ${rule.alert} fires`,
      ).toBe(true);
      expect(
        own.some((test) => !test.exp_alerts?.length),
        `when ${rule.alert} does not fire`,
      ).toBe(true);
    }
  }
});

it("alerts on objectives are those that the Observatory raises", () => {
  const judged = alerts.filter(({ labels }) => labels.objective !== undefined).map(({ alert }) => alert);
  expect(judged).toEqual(shopObjectives.flatMap(({ name }) => [`${name}-page`, `${name}-ticket`]));
});

describe("an objective that metrics cannot tell is refused", () => {
  const objective: ObjectiveDefinition = {
    name: "quickness",
    service: "cart",
    description: "Carts are quick.",
    indicator: { kind: "latency", operations: { kind: "server" }, thresholdMs: 300 },
    target: 0.99,
    windowSeconds: 3_600,
  };
  const rendering = (changes: Partial<ObjectiveDefinition>) => () =>
    prometheusFiles({ services, objectives: [{ ...objective, ...changes }] });

  it("because no bucket ends where it should", () => {
    expect(rendering({})).toThrow("no bucket ends at 0.3 s");
  });
  it("because it names several operations", () => {
    const operations = { kind: "server", names: ["GET /", "GET /cart"] } as const;
    expect(rendering({ service: "frontend", indicator: { kind: "availability", operations } })).toThrow(
      "more than one",
    );
  });
  it("because it names a page by its title", () => {
    const operations = { kind: "server", names: ["Home"] } as const;
    expect(rendering({ service: "frontend", indicator: { kind: "availability", operations } })).toThrow(
      "Home is no method and route",
    );
  });
  it("because the registry does not have its metric", () => {
    const indicator = { kind: "delay", metric: "demo.tea", attributes: {}, thresholdSeconds: 5 } as const;
    expect(rendering({ indicator })).toThrow('no metric "demo.tea"');
  });
});

describe("alerts go", () => {
  const configured = (environment: Record<string, string>) =>
    parse(alertmanagerFiles({ receivers: alertReceivers(environment) })[0]?.text ?? "").receivers as { name: string }[];
  const all = {
    ALERT_PAGERDUTY_KEY: "key",
    ALERT_SLACK_URL: "https://slack.example/all",
    ALERT_SLACK_URL_ORDERS: "https://slack.example/orders",
    ALERT_EMAIL_TO: "ops@shop.example",
    ALERT_EMAIL_FROM: "alerts@shop.example",
    ALERT_EMAIL_SERVER: "mail.example:587",
    ALERT_WEBHOOK_URL: "http://hook.example/",
  };

  it("nowhere unless told", () => {
    expect(configured({}).every((receiver) => Object.keys(receiver).length === 1)).toBe(true);
  });

  it("to PagerDuty as pages only, elsewhere all of them, and a team's own address goes before that of all", () => {
    const receivers = new Map(configured(all).map((receiver) => [receiver.name, receiver]));
    expect(receivers.get("orders-page")).toMatchObject({
      pagerduty_configs: [{ routing_key: "key" }],
      slack_configs: [{ api_url: "https://slack.example/orders" }],
      email_configs: [{ to: "ops@shop.example", smarthost: "mail.example:587" }],
      webhook_configs: [{ url: "http://hook.example/" }],
    });
    expect(receivers.get("orders-ticket")).not.toHaveProperty("pagerduty_configs");
    expect(receivers.get("platform-ticket")).toMatchObject({
      slack_configs: [{ api_url: "https://slack.example/all" }],
    });
  });

  it("by mail only when it is said from where", () => {
    expect(() => alertReceivers({ ALERT_EMAIL_TO: "ops@shop.example" })).toThrow(ConfigError);
  });
});
