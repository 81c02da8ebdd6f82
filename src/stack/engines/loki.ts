import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "./engine.ts";
import { buildGoPrograms } from "./go-module.ts";
import { runProgram } from "./run-program.ts";
import { go } from "./tools.ts";

const mod = new URL("./loki.go.mod", import.meta.url);
const sum = new URL("./loki.go.sum", import.meta.url);
const configuration = new URL("../../../otel/loki/loki.yaml", import.meta.url);

/** Loki as one process on files; settings are variables of its configuration. */
export const loki: Engine = {
  name: "loki",
  version: "3.7.8",
  purpose: "keeps log records, to be asked by service and trace",
  withoutIt: "log records are in the Observatory, and on standard output",
  installsWith: [go],
  runsWith: [],
  recipe: [mod, sum, new URL(import.meta.url)],
  ports: { http: 3100, grpc: 9095 },

  install: (folder, progress) =>
    buildGoPrograms(
      {
        module: "github.com/grafana/loki/v3",
        moduleVersion: "v3.7.8",
        mod,
        sum,
        version: "3.7.8",
        versionVariable: "github.com/grafana/loki/v3/pkg/util/build.Version",
        programs: ["loki"],
        async complete(source) {
          // A part of it is taken from a folder that is a module of its own and is not shipped with it.
          await runProgram("go", ["mod", "edit", "-dropreplace=github.com/grafana/loki/pkg/push"], {
            cwd: source,
            complaint: /(.+)/,
            output() {},
          });
          await appendFile(join(source, "go.sum"), await readFile(sum, "utf8"));
        },
      },
      folder,
      progress,
    ),

  async prepare({ home, dataDir, ports, settings }) {
    const base = `http://127.0.0.1:${ports.http}`;
    return {
      program: join(home, "loki"),
      args: [`-config.file=${fileURLToPath(configuration)}`, "-config.expand-env=true"],
      environment: {
        LOKI_LISTEN_HOST: "127.0.0.1",
        LOKI_PORT: String(ports.http),
        LOKI_GRPC_PORT: String(ports.grpc),
        LOKI_DATA_DIR: join(dataDir, "data"),
        ...settings,
      },
      isReady: () =>
        fetch(`${base}/ready`, { signal: AbortSignal.timeout(1_000) }).then(
          ({ ok }) => ok,
          () => false,
        ),
      readyWithinMs: 60_000,
      stopWithinMs: 30_000,
    };
  },
};
