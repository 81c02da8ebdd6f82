import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { text } from "../../platform/config/environment.ts";
import type { Engine } from "./engine.ts";
import { buildGoPrograms } from "./go-module.ts";
import { go } from "./tools.ts";

const mod = new URL("./jaeger.go.mod", import.meta.url);
const sum = new URL("./jaeger.go.sum", import.meta.url);
const configuration = new URL("../../../otel/jaeger/config.yaml", import.meta.url);

/** Jaeger, the program of its second version; settings are variables of its configuration. */
export const jaeger: Engine = {
  name: "jaeger",
  version: "1.76.0",
  purpose: "keeps traces and shows how services depend on each other; its API only, no pages",
  withoutIt: "traces are in the Observatory, which answers Jaeger's API, too",
  installsWith: [go],
  runsWith: [],
  recipe: [mod, sum, new URL(import.meta.url)],
  ports: { query: 16_686, otlp: 14_317, grpc: 16_685, health: 14_133 },

  install: (folder, progress) =>
    buildGoPrograms(
      {
        module: "github.com/jaegertracing/jaeger",
        moduleVersion: "v1.76.0",
        mod,
        sum,
        version: "v1.76.0",
        versionVariable: "github.com/jaegertracing/jaeger/internal/version.latestVersion",
        programs: ["jaeger"],
      },
      folder,
      progress,
    ),

  async prepare({ home, ports, settings }) {
    return {
      program: join(home, "jaeger"),
      args: [`--config=${fileURLToPath(configuration)}`],
      environment: {
        JAEGER_LISTEN_HOST: "127.0.0.1",
        JAEGER_QUERY_PORT: String(ports.query),
        JAEGER_QUERY_GRPC_PORT: String(ports.grpc),
        JAEGER_OTLP_PORT: String(ports.otlp),
        JAEGER_HEALTH_PORT: String(ports.health),
        PROMETHEUS_ADDR: text(process.env, "PROMETHEUS_ADDR") ?? "127.0.0.1:9090",
        OTEL_COLLECTOR_ADDR: text(process.env, "OTEL_COLLECTOR_ADDR") ?? "127.0.0.1:4318",
        // Or it would send a trace of each trace that it takes.
        OTEL_TRACES_SAMPLER: "always_off",
        ...settings,
      },
      isReady: (output) => output.includes("Everything is ready. Begin running and processing data."),
      readyWithinMs: 30_000,
      stopWithinMs: 20_000,
    };
  },
};
