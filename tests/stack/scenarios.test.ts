import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FlagService } from "../../gen/orrery/flags/v1/flags_pb.ts";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { manifestOf } from "../../src/commands/scenario.ts";
import { saturations } from "../../src/observatory/objectives/saturations.ts";
import { shopObjectives } from "../../src/observatory/objectives/shop-objectives.ts";
import { loadSwitch } from "../../src/scenarios/load-switch.ts";
import { measuredShop } from "../../src/scenarios/run/live-shop.ts";
import { quickTimeScale, timingOf } from "../../src/scenarios/run/profile.ts";
import { ScenarioRun } from "../../src/scenarios/run/scenario-run.ts";
import type { ScenarioShop, SeenAlert } from "../../src/scenarios/run/scenario-shop.ts";
import { type NativeMesh, startNativeMesh } from "./native-mesh.ts";

let mesh: NativeMesh;
beforeAll(async () => {
  mesh = await startNativeMesh({
    environment: { OBSERVATORY_TIME_SCALE: String(quickTimeScale), OTEL_METRIC_EXPORT_INTERVAL: "1000" },
    settings: { collector: { COLLECTOR_FLUSH_INTERVAL: "1s" } },
    restarts: false,
  });
});
afterAll(() => mesh?.remove());

/** What manifests speak of. Others are about those who watch: telemetry is lost, for one, while the mesh starts. */
const known = new Set([
  ...shopObjectives.flatMap(({ name }) => [`${name}-page`, `${name}-ticket`]),
  ...saturations.map(({ name }) => name),
]);

interface TaggedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
}

/** What Alertmanager has been told, and when it was told no more. */
function alertmanagersAlerts(): ScenarioShop["alerts"] {
  const seen = new Map<string, SeenAlert>();
  return async () => {
    const answer = await fetch(`http://${mesh.stack.addressOf("alertmanager")}/api/v2/alerts`);
    const there = new Set<string>();
    for (const { labels, startsAt } of (await answer.json()) as readonly TaggedAlert[]) {
      const { alertname: name = "" } = labels;
      if (!known.has(name)) continue;
      const key = `${JSON.stringify(labels)} ${startsAt}`;
      there.add(key);
      seen.set(key, { name, sinceMs: Date.parse(startsAt), untilMs: undefined, isFiring: true });
    }
    for (const [key, alert] of seen) {
      if (alert.isFiring && !there.has(key)) seen.set(key, { ...alert, untilMs: Date.now(), isFiring: false });
    }
    return [...seen.values()];
  };
}

/** The mesh, its alerts as Prometheus raises them and Alertmanager tells them. */
function judgedMesh(): ScenarioShop {
  const { stack } = mesh;
  const transport = createConnectTransport({ baseUrl: stack.url, httpVersion: "1.1" });
  const flags = createClient(FlagService, transport);
  return {
    ...measuredShop({
      observatory: createClient(ObservatoryService, transport),
      load: loadSwitch(`http://${stack.addressOf("load-generator")}`),
    }),
    setFlag: async (key, variant) => void (await flags.setFlag({ key, variant })),
    clearFlags: async () => void (await flags.clearFlags({})),
    alerts: alertmanagersAlerts(),
    mitigation: () => {
      throw new Error("Nobody mitigates here.");
    },
    unscale: async () => {},
  };
}

it.each(["payment-failure", "failed-readiness-probe"])(
  "%s is seen by Prometheus, told by Alertmanager, and over after the revert",
  async (id) => {
    const { manifest } = await manifestOf(id);
    // Dozens of processes share the machine with their load.
    const timing = { ...timingOf("quick", manifest), load: { requestsPerSecond: 20 } };
    const run = new ScenarioRun({ manifest, timing, shop: judgedMesh() });
    const { failures, alerts, effects } = await run.run(new AbortController().signal);
    expect(failures).toEqual([]);
    const expected = alerts.filter(({ isExpected }) => isExpected);
    expect(new Set(expected.map(({ name }) => name))).toEqual(new Set(manifest.alerts));
    for (const { clearedAfterSeconds } of expected) expect(clearedAfterSeconds).toBeGreaterThan(0);
    expect(effects.every(({ isProven }) => isProven)).toBe(true);
  },
  360_000,
);
