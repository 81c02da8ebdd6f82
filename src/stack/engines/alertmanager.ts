import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "./engine.ts";
import { buildGoPrograms } from "./go-module.ts";
import { go } from "./tools.ts";

const mod = new URL("./alertmanager.go.mod", import.meta.url);
const sum = new URL("./alertmanager.go.sum", import.meta.url);
const version = "0.34.2";
const configuration = new URL("../../../otel/alertmanager/alertmanager.yml", import.meta.url);

/** Alertmanager and its amtool; settings are flags of its command line. Its pages would need Elm to build: there are none. */
export const alertmanager: Engine = {
  name: "alertmanager",
  version,
  purpose: "groups alerts and tells people; its API only, no pages",
  withoutIt: "alerts are seen in the Observatory and in Prometheus",
  installsWith: [go],
  runsWith: [],
  recipe: [mod, sum, new URL(import.meta.url)],
  ports: { web: 9093 },

  install: (folder, progress) =>
    buildGoPrograms(
      {
        module: "github.com/prometheus/alertmanager",
        moduleVersion: `v${version}`,
        mod,
        sum,
        version,
        programs: ["alertmanager", "amtool"],
        async complete(source) {
          const app = join(source, "ui", "app");
          await mkdir(join(app, "dist"), { recursive: true });
          await copyFile(join(app, "index.html"), join(app, "dist", "index.html"));
        },
      },
      folder,
      progress,
    ),

  async prepare({ home, dataDir, ports, settings }) {
    const flags = {
      "config.file": fileURLToPath(configuration),
      "storage.path": join(dataDir, "data"),
      "web.listen-address": `127.0.0.1:${ports.web}`,
      // One instance: it has no peers to listen for.
      "cluster.listen-address": "",
      ...settings,
    };
    return {
      program: join(home, "alertmanager"),
      args: Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      isReady: (output) => output.includes("Listening on"),
      readyWithinMs: 30_000,
      stopWithinMs: 20_000,
    };
  },
};
