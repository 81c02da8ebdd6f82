import { existsSync } from "node:fs";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine, EnginePlace } from "./engine.ts";
import { runProgram } from "./run-program.ts";
import { java, maven } from "./tools.ts";

const pom = new URL("./kafka.pom.xml", import.meta.url);
const configuration = new URL("../../../otel/kafka/server.properties", import.meta.url);
const logging = new URL("../../../otel/kafka/log4j2.yaml", import.meta.url);

/** Of the cluster, in Kafka's base64; data formatted under another is refused. */
export const clusterId = "b3JyZXJ5LWFzdHJvLXNob3";

/** A heap for a shop, and a compiler that prefers an early start to peak speed. */
const machine = [
  "-Xms64m",
  "-Xmx256m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-XX:MaxMetaspaceSize=128m",
  "-XX:ReservedCodeCacheSize=48m",
  "-Xss512k",
];

/** Apache Kafka in KRaft mode: one broker, its own controller. */
export const kafka: Engine = {
  name: "kafka",
  version: "4.3.1",
  purpose: "carries placed orders from checkout to accounting and fraud detection",
  withoutIt: "orders go through the event log in PostgreSQL",
  installsWith: [maven],
  runsWith: [java],
  recipe: [pom],
  // 9093, usual for controllers, is Alertmanager's.
  ports: { broker: 9092, controller: 9094 },

  async install(folder, progress) {
    await copyFile(pom, join(folder, "pom.xml"));
    let jars = 0;
    progress.doing("fetching jars with Maven");
    // -C: a jar that is not what its checksum says fails the installation.
    await runProgram(
      "mvn",
      ["-B", "-C", "dependency:copy-dependencies", "-DoutputDirectory=libs", "-DincludeScope=runtime"],
      {
        cwd: folder,
        complaint: /\[(?:ERROR|FATAL)\] (?!\[ERROR)(?:Failed to execute .*? on project \w+: )?(.+?)(?: -> \[|\n)/,
        output(chunk) {
          progress.output(chunk);
          jars += chunk.match(/Downloaded from .*\.jar/g)?.length ?? 0;
          if (jars > 0) progress.doing(`fetching jars with Maven, ${jars} so far`);
        },
      },
    );
    await rm(join(folder, "pom.xml"));
  },

  async prepare(place) {
    const classPath = join(place.home, "libs", "*");
    const properties = join(place.dataDir, "server.properties");
    const data = join(place.dataDir, "data");
    await writeFile(properties, withSettings(await readFile(configuration, "utf8"), settingsOf(place, data)));
    if (!existsSync(join(data, "meta.properties"))) {
      await runProgram(
        "java",
        [...machine, "-cp", classPath, "kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties],
        { cwd: place.dataDir, output() {}, complaint: /(?:Exception|ERROR)[: ](.*)/ },
      );
    }
    return {
      program: "java",
      args: [
        ...machine,
        `-Dlog4j2.configurationFile=${fileURLToPath(logging)}`,
        "-cp",
        classPath,
        "kafka.Kafka",
        properties,
      ],
      isReady: (output) => output.includes("Kafka Server started"),
      readyWithinMs: 120_000,
      stopWithinMs: 30_000,
    };
  },
};

function settingsOf({ ports, settings }: EnginePlace, data: string): Readonly<Record<string, string>> {
  const { broker, controller } = ports;
  return {
    listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${broker}`,
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "log.dirs": data,
    ...settings,
  };
}

/** A properties file with some of its settings replaced, and those added that it does not have. */
function withSettings(file: string, settings: Readonly<Record<string, string>>): string {
  const kept = file.split("\n").filter((line) => !Object.keys(settings).some((name) => line.startsWith(`${name}=`)));
  return [...kept, ...Object.entries(settings).map(([name, value]) => `${name}=${value}`), ""].join("\n");
}
