import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "./engine.ts";
import { buildGoPrograms } from "./go-module.ts";
import { go } from "./tools.ts";

const mod = new URL("./prometheus.go.mod", import.meta.url);
const sum = new URL("./prometheus.go.sum", import.meta.url);
const version = "3.15.0";
const configuration = new URL("../../../otel/prometheus/prometheus.yml", import.meta.url);

/**
 * Prometheus and its promtool; settings are flags of its command line. It is built without its web pages, whose tools
 * are ten times its size, and without the discovery of targets in clouds: metrics come by OTLP.
 */
export const prometheus: Engine = {
  name: "prometheus",
  version,
  purpose: "keeps metrics, judges objectives and raises alerts; its API only, no pages",
  withoutIt: "the Observatory keeps metrics and judges objectives",
  installsWith: [go],
  runsWith: [],
  recipe: [mod, sum, new URL(import.meta.url)],
  ports: { web: 9090 },

  install: (folder, progress) =>
    buildGoPrograms(
      {
        module: "github.com/prometheus/prometheus",
        moduleVersion: "v0.315.0",
        mod,
        sum,
        version,
        programs: ["prometheus", "promtool"],
        tags: ["remove_all_sd"],
      },
      folder,
      progress,
    ),

  async prepare({ home, dataDir, ports, settings }) {
    const flags = {
      "config.file": fileURLToPath(configuration),
      "storage.tsdb.path": join(dataDir, "data"),
      "storage.tsdb.retention.time": "7d",
      "web.listen-address": `127.0.0.1:${ports.web}`,
      ...settings,
    };
    return {
      program: join(home, "prometheus"),
      args: [
        "--web.enable-otlp-receiver",
        "--web.enable-lifecycle",
        "--enable-feature=exemplar-storage",
        ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      ],
      isReady: (output) => output.includes("Server is ready to receive web requests"),
      readyWithinMs: 30_000,
      stopWithinMs: 20_000,
    };
  },
};
