import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { otlpJsonToBinary } from "../../src/observatory/otlp/json.ts";
import type { Environment } from "../../src/platform/config/environment.ts";
import { services } from "../../src/services/index.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { startShop } from "../shop.ts";
import { watchedSystem } from "./watched-system.ts";

/** The services of the shop's process. */
const running = services.filter(({ isOptional }) => !isOptional);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orrery-marks-"));
  // Started as root, PostgreSQL runs as another user, who has to get here.
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function observatoryOf(url: string) {
  return createClient(ObservatoryService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
}

/** Runs the shop once with its data in the folder: the marks that it shows, and all that it tells of its starts. */
async function once(dataDir: string, environment: Environment) {
  const shop = await startShop({ observatory: true, dataDir, environment });
  try {
    const observatory = observatoryOf(shop.url);
    const ask = async (sql: string) =>
      (await observatory.runQuery({ sql, maxRows: 10_000 })).rows.map(({ values }) =>
        values.map(({ kind }) => String(kind.value)).join(" "),
      );
    // The last that a start tells of, on a fast machine within the same millisecond.
    await eventually(async () => {
      const ready = await ask(
        `select distinct service from logs where event_name = 'service.ready'
         and time >= (select max(time) from logs where event_name = 'process.start' and service = 'cart')`,
      );
      expect(ready).toHaveLength(running.length);
    });
    const { marks } = await observatory.listMarks({});
    const told = [...(await ask("select attributes, body from logs")), ...(await ask("from marks"))].join("\n");
    return { marks, told };
  } finally {
    await shop.stop();
  }
}

describe("a shop that starts again from the same data", () => {
  const kindsOf = (marks: Awaited<ReturnType<typeof once>>["marks"]) => [...new Set(marks.map(({ kind }) => kind))];

  it("marks what has changed since, and tells no secret", { timeout: 120_000 }, async () => {
    const dataDir = join(folder, "shop");
    const first = await once(dataDir, {});
    expect(kindsOf(first.marks)).toEqual(["start"]);
    const again = await once(dataDir, {});
    expect(kindsOf(again.marks)).toEqual(["start", "stop"]);

    const secrets = ["a secret of sixteen", "hunter2", "k3y"];
    const third = await once(dataDir, {
      OTEL_TRACES_SAMPLER: "always_off",
      OTEL_RESOURCE_ATTRIBUTES: "service.version=99.0.0",
      OBSERVATORY_MAX_SPANS: "5000",
      ORRERY_SECRET: "a secret of sixteen characters or more",
      SMTP_URL: "smtp://shop:hunter2@127.0.0.1:9",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=k3y",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://shop:hunter2@127.0.0.1:9/k3y?token=k3y",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    });
    const ofKind = (kind: string, service: string) =>
      third.marks.filter((mark) => mark.kind === kind && mark.service === service).map(({ text }) => text);
    expect(ofKind("deployment", "cart")).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+ -> 99\.0\.0$/)]);
    const [cart = "", ...more] = ofKind("configuration", "cart");
    expect(more).toEqual([]);
    expect(cart.split(", ")).toEqual([
      "OTEL_EXPORTER_OTLP_ENDPOINT: not set -> http://127.0.0.1:9",
      "OTEL_EXPORTER_OTLP_PROTOCOL: grpc -> http/protobuf",
      "OTEL_RESOURCE_ATTRIBUTES: not set -> service.version=99.0.0",
      "OTEL_TRACES_SAMPLER: parentbased_rate_limited -> always_off",
    ]);
    // A setting is told by the service that reads it.
    expect(ofKind("configuration", "observatory")[0]).toContain("OBSERVATORY_MAX_SPANS: 300000 -> 5000");
    for (const kind of ["deployment", "configuration"]) {
      const marked = third.marks.filter((mark) => mark.kind === kind).map(({ service }) => service);
      expect(marked.toSorted()).toEqual(running.map(({ name }) => name).toSorted());
    }
    for (const secret of secrets) expect(third.told).not.toContain(secret);
    expect(third.told).not.toContain("SMTP_URL");
  });
});

describe("orrery mark", () => {
  it("marks the charts of one service or of all, and tells what is wrong", { timeout: 120_000 }, async () => {
    const shop = await startShop({ observatory: true });
    try {
      const mark = (...args: string[]) => new OrreryProcess(["mark", ...args, "--url", shop.url]);
      await mark("deployment", "prices of spring", "--service", "product-catalog").says(/Marked on .*\/observatory\//);
      await mark("configuration", "a new load balancer").says(/Marked/);
      const observatory = observatoryOf(shop.url);
      const told = await eventually(async () => {
        const { marks } = await observatory.listMarks({});
        const ours = marks.filter(({ kind }) => kind !== "start");
        expect(ours).toHaveLength(2);
        return ours.map(({ kind, service, text }) => [kind, service, text]);
      });
      expect(told).toEqual([
        ["deployment", "product-catalog", "prices of spring"],
        ["configuration", "", "a new load balancer"],
      ]);
      expect(await mark("party", "tonight").fails()).toContainEqual(
        expect.stringMatching(/'party' is invalid.*deployment, configuration/),
      );
    } finally {
      await shop.stop();
    }
    expect(await new OrreryProcess(["mark", "deployment", "x", "--url", shop.url]).fails()).toEqual([
      expect.stringMatching(/No shop answers there/),
    ]);
    const unwatched = await startShop();
    try {
      expect(await new OrreryProcess(["mark", "deployment", "x", "--url", unwatched.url]).fails()).toEqual([
        expect.stringMatching(/not taken \(HTTP 503\).*Observatory/),
      ]);
    } finally {
      await unwatched.stop();
    }
  });
});

describe("marks", () => {
  let system: Awaited<ReturnType<typeof watchedSystem>>;
  beforeEach(async () => {
    system = await watchedSystem();
  });
  afterEach(() => system.stop());

  let seconds = 0;
  function log(eventName: string, options: { service?: string; version?: string; settings?: readonly string[] } = {}) {
    const { service = "checkout", version, settings } = options;
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const record = {
      timeUnixNano: `${BigInt(Date.now() + 1_000 * seconds++) * 1_000_000n}`,
      eventName,
      body: { stringValue: `what ${eventName} tells` },
      attributes: settings
        ? [
            {
              key: "demo.process.settings",
              value: { arrayValue: { values: settings.map((stringValue) => ({ stringValue })) } },
            },
          ]
        : [],
    };
    const resource = {
      attributes: [
        ...(service === "" ? [] : [text("service.name", service)]),
        ...(version === undefined ? [] : [text("service.version", version)]),
      ],
    };
    const json = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] });
    system.observatory.sink.accept("logs", otlpJsonToBinary("logs", json));
  }

  async function marks() {
    await system.settle();
    return (await system.client.listMarks({})).marks.map(({ kind, service, text }) => [kind, service, text]);
  }

  it("come from whoever tells of a deployment, a change or a flag", async () => {
    log("service.deployment", { service: "" });
    log("configuration.change", { service: "cart" });
    log("feature_flag.change");
    log("order.placed");
    expect(await marks()).toEqual([
      ["deployment", "", "what service.deployment tells"],
      ["configuration", "cart", "what configuration.change tells"],
      ["configuration", "checkout", "what feature_flag.change tells"],
    ]);
  });

  it("show a deployment once, however many instances of the new version start", async () => {
    for (const version of ["1", "1", "2", "2"]) log("process.start", { version });
    expect((await marks()).filter(([kind]) => kind !== "start")).toEqual([["deployment", "checkout", "1 -> 2"]]);
  });

  it("show settings that came, went and changed", async () => {
    log("process.start", { settings: ["A=1", "B=x=y", "C=3"] });
    log("process.start", { settings: ["A=2", "B=x=y", "D=4"] });
    expect((await marks()).filter(([kind]) => kind !== "start")).toEqual([
      ["configuration", "checkout", "A: 1 -> 2, C: 3 -> not set, D: not set -> 4"],
    ]);
  });

  it("show nothing of starts that tell neither version nor settings", async () => {
    log("process.start", { version: "1", settings: ["A=1"] });
    log("process.start");
    log("process.start", { version: "2", settings: ["A=2"] });
    expect((await marks()).map(([kind]) => kind)).toEqual(["start", "start", "start"]);
  });

  it("stay short, whatever is sent", async () => {
    log("process.start", { settings: ["A=1"] });
    log("process.start", { settings: Array.from({ length: 100 }, (_, index) => `B${index}=${"x".repeat(5_000)}`) });
    for (const [, , text = ""] of await marks()) expect(text.length).toBeLessThanOrEqual(1_024);
  });

  it("keep services apart", async () => {
    log("process.start", { service: "cart", version: "1" });
    log("process.start", { service: "checkout", version: "2" });
    expect((await marks()).map(([kind]) => kind)).toEqual(["start", "start"]);
  });
});
