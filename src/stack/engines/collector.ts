import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { text } from "../../platform/config/environment.ts";
import { type Engine, EngineError, type EnginePlace } from "./engine.ts";
import { buildOwnGoProgram } from "./go-module.ts";
import { runProgram } from "./run-program.ts";
import { go } from "./tools.ts";

const program = "otelcol";
const sources = ["go.mod", "go.sum", "main.go", "main_others.go", "components.go"].map(
  (name) => new URL(`./collector/${name}`, import.meta.url),
);

/** Files beside collector.yaml that a Collector can be started with, in the order in which they are read. */
export const presets = [
  "observatory",
  "stores",
  "checks",
  "docker",
  "redaction",
  "tail-sampling",
  "queue",
  "backend",
] as const;

/** Lists of receivers, exporters and extensions in later files are added to those of earlier ones. */
const appending = "--feature-gates=confmap.enableMergeAppendOption";

/** The settings that are no addresses: presets with commas between, and another file in the place of extras.yaml. */
export const presetsSetting = "presets";
export const extrasSetting = "extras";

/** The OpenTelemetry Collector, with the components of contrib that the pipeline uses. */
export const collector: Engine = {
  name: "collector",
  version: "0.144.0",
  purpose: "takes telemetry from everything, measures it and passes it on to its backends",
  withoutIt: "services send to one backend, such as the Observatory",
  installsWith: [go],
  runsWith: [],
  recipe: sources,
  ports: { grpc: 4317, http: 4318, health: 13_133 },

  install: (folder, progress) => buildOwnGoProgram({ program, files: sources }, folder, progress),

  async prepare(place) {
    const { home, dataDir } = place;
    const files = collectorFiles(place.settings);
    const environment = environmentOf(place);
    for (const file of files) await refuseBroken(file);
    const args = [appending, ...files.map((file) => `--config=${file}`)];
    await runProgram(join(home, program), ["validate", ...args], {
      cwd: dataDir,
      environment,
      complaint: /^Error: (.+)/s,
      output() {},
    });
    return {
      program: join(home, program),
      args,
      environment,
      isReady: (output) => output.includes("Everything is ready. Begin running and processing data."),
      readyWithinMs: 30_000,
      stopWithinMs: 20_000,
    };
  },
};

/** What it is started with: settings of a start go before COLLECTOR_PRESETS and ORRERY_BACKEND_ENDPOINT. */
function collectorFiles(settings: Readonly<Record<string, string>>): readonly string[] {
  const given = settings[presetsSetting] ?? text(process.env, "COLLECTOR_PRESETS") ?? "";
  const wanted = new Set(given.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()])));
  const backend = "ORRERY_BACKEND_ENDPOINT";
  if (settings[backend] !== undefined || text(process.env, backend) !== undefined) wanted.add("backend");
  const known = presets.filter((name) => wanted.delete(name));
  const [unknown] = wanted;
  if (unknown !== undefined) {
    throw new EngineError(
      `The Collector has no preset ${JSON.stringify(unknown)} (COLLECTOR_PRESETS); there are ${presets.join(", ")}.`,
    );
  }
  const own = (name: string) => fileURLToPath(new URL(`../../../otel/collector/${name}.yaml`, import.meta.url));
  return [...["collector", ...known].map(own), settings[extrasSetting] ?? own("extras")];
}

/** The Collector itself says in which line of a file there is no YAML, and not of which file. */
async function refuseBroken(file: string): Promise<void> {
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new EngineError(`${file} cannot be read: ${cause.message}`, { cause });
  });
  const [error] = parseDocument(text).errors;
  if (error !== undefined) throw new EngineError(`${file} is not YAML: ${error.message.split("\n", 1)[0]}`);
}

/** The configuration's variables: engines and services are on this machine, on their usual ports, unless told. */
function environmentOf({ dataDir, ports, settings }: EnginePlace): Readonly<Record<string, string>> {
  const { [presetsSetting]: _presets, [extrasSetting]: _extras, ...given } = settings;
  const beside: Readonly<Record<string, string>> = {
    JAEGER_OTLP_ADDR: "127.0.0.1:14317",
    PROMETHEUS_ADDR: "127.0.0.1:9090",
    LOKI_ADDR: "127.0.0.1:3100",
    OBSERVATORY_ADDR: "127.0.0.1:8087",
    KAFKA_ADDR: "127.0.0.1:9092",
    VALKEY_ADDR: "127.0.0.1:6379",
    POSTGRES_HOST: "127.0.0.1",
    COLLECTOR_QUEUE_DIR: join(dataDir, "queue"),
    GOMEMLIMIT: "320MiB",
  };
  const own = Object.fromEntries(
    Object.entries(beside).map(([name, value]) => [name, text(process.env, name) ?? value]),
  );
  return {
    ...own,
    OTEL_COLLECTOR_HOST: "127.0.0.1",
    OTEL_COLLECTOR_PORT_GRPC: String(ports.grpc),
    OTEL_COLLECTOR_PORT_HTTP: String(ports.http),
    OTEL_COLLECTOR_PORT_HEALTH: String(ports.health),
    ...given,
  };
}
