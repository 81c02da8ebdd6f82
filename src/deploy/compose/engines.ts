import { clusterId } from "../../stack/engines/kafka.ts";
import { type Container, mounted, setting } from "./container.ts";

/** The front proxy; Envoy's own health is known at its admin port, which is open to its container only. */
export function envoy(memoryMb: number): Container {
  return {
    name: "frontend-proxy",
    image: setting("ENVOY_IMAGE"),
    memoryMb,
    command: ["-c", "/etc/envoy/envoy.yaml", "--concurrency", "2", "--disable-hot-restart", "--log-level", "warning"],
    volumes: [mounted("otel/envoy/envoy.yaml", "/etc/envoy/envoy.yaml")],
    healthCheck: [
      "bash",
      "-c",
      'exec 3<>/dev/tcp/127.0.0.1/10000; printf "GET /ready HTTP/1.1\\r\\nhost: envoy\\r\\nconnection: close\\r\\n\\r\\n" >&3; grep -q LIVE <&3',
    ],
    more: {
      entrypoint: ["envoy"],
      // The image's own user; as root it would begin with more rights than it is given here.
      user: "101:101",
      ports: [`${setting("PUBLISH_ADDRESS")}:${setting("ENVOY_PORT")}:8080`],
    },
  };
}

/** One server for all services, each with a role and a schema of its own. */
export function postgresql(options: {
  readonly memoryMb: number;
  readonly init: string;
  readonly passwords: readonly string[];
  readonly volume: string;
}): Container {
  const { memoryMb, init, passwords, volume } = options;
  return {
    name: "postgresql",
    image: setting("POSTGRES_IMAGE"),
    memoryMb,
    command: [
      "postgres",
      ...["shared_buffers=32MB", "max_connections=100", "jit=off", "max_parallel_workers_per_gather=0"].flatMap(
        (setting) => ["-c", setting],
      ),
    ],
    environment: {
      POSTGRES_DB: "astronomy_db",
      POSTGRES_PASSWORD: setting("POSTGRES_PASSWORD"),
      ...Object.fromEntries(passwords.map((variable) => [variable, setting(variable)])),
    },
    scratch: ["/tmp", "/var/run/postgresql:uid=999,gid=999"],
    volumes: [`${volume}:/var/lib/postgresql`, mounted(init, "/docker-entrypoint-initdb.d/init.sql")],
    healthCheck: ["pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres", "--dbname=astronomy_db"],
    more: { user: "999:999", shm_size: "64m", stop_signal: "SIGINT", stop_grace_period: "30s" },
  };
}

export function valkey(memoryMb: number): Container {
  return {
    name: "valkey-cart",
    image: setting("VALKEY_IMAGE"),
    memoryMb,
    // Nobody reaches it but the containers of this network.
    command: ["valkey-server", "/etc/valkey/valkey.conf", "--dir", "/data", "--protected-mode", "no"],
    volumes: ["valkey-cart:/data", mounted("otel/valkey/valkey.conf", "/etc/valkey/valkey.conf")],
    healthCheck: ["valkey-cli", "ping"],
    more: { user: "999:999" },
  };
}

/** Hands out the flags of the file that flagd-ui keeps; it comes back until that has made it. Its image has no shell. */
export function flagd(options: {
  readonly memoryMb: number;
  readonly volume: string;
  readonly file: string;
}): Container {
  const { memoryMb, volume, file } = options;
  return {
    name: "flagd",
    image: setting("FLAGD_IMAGE"),
    memoryMb,
    command: ["start", "--uri", `file:/etc/flagd/${file}`],
    environment: { GOMEMLIMIT: "40MiB" },
    volumes: [`${volume}:/etc/flagd:ro`],
  };
}

export function kafka(memoryMb: number): Container {
  return {
    name: "kafka",
    image: setting("KAFKA_IMAGE"),
    memoryMb,
    environment: {
      CLUSTER_ID: clusterId,
      KAFKA_HEAP_OPTS: "-Xms64m -Xmx128m",
      // Early and small rather than fast at its peak.
      KAFKA_JVM_PERFORMANCE_OPTS:
        "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MaxMetaspaceSize=96m -XX:ReservedCodeCacheSize=48m -XX:MaxDirectMemorySize=32m -Xss512k",
      // Without the log of garbage collections, which would be written to memory.
      EXTRA_ARGS: "-name kafkaServer",
    },
    // The image puts its configuration together there.
    scratch: ["/tmp", "/opt/kafka/config:uid=1000,gid=1000", "/opt/kafka/logs:uid=1000,gid=1000"],
    volumes: ["kafka:/var/lib/kafka/data", mounted("otel/kafka", "/mnt/shared/config")],
    healthCheck: ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9092"],
    more: { stop_grace_period: "30s" },
  };
}
