// npm run test:compose: docker-compose.yml on a real Docker. It builds the image, brings the shop up, buys in it, takes
// containers away and looks at what memory they need.
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { api, Customer, flashlight, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { CommandError, docker, findCompose } from "./docker.ts";
import { ComposeProject } from "./project.ts";
import { provideImages, removeStandIns } from "./stand-ins.ts";

const usage = `Usage: npm run test:compose -- [--embedded | [--compact] [--observability] [--keep]]

docker-compose.yml on a real Docker: builds the image, buys, sets flags, kills containers, measures memory.
  --compact        docker-compose.compact.yml instead
  --embedded       the image that is the whole shop instead
  --observability  with everything that watches the shop
  --keep           leaves the containers running, and the images`;

type Values = Readonly<Record<"compact" | "embedded" | "observability" | "keep" | "help", boolean>>;

const begun = performance.now();
function step(text: string): void {
  process.stdout.write(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${text}\n`);
}

function readArguments(): Values {
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({ options: { compact: flag, embedded: flag, observability: flag, keep: flag, help: flag } })
      .values;
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
}

async function main(values: Values): Promise<void> {
  const isThere = await docker("info").then(
    () => true,
    () => false,
  );
  const compose = isThere ? await findCompose() : undefined;
  if (compose === undefined) {
    const what = isThere ? "Docker Compose 2" : "Docker engine that this user may use";
    process.stdout.write(`Nothing was tested: there is no ${what} on this machine.\n`);
    return;
  }
  const id = randomUUID().slice(0, 8);
  if (values.embedded) {
    if (values.compact || values.observability || values.keep)
      throw new CommandError(`--embedded goes alone.\n\n${usage}`);
    return proveEmbedded(id);
  }
  const file = values.compact ? "docker-compose.compact.yml" : "docker-compose.yml";
  const project = new ComposeProject(compose, {
    file,
    profiles: [...(values.observability ? ["observability"] : []), ...(values.compact ? [] : ["load"])],
    environment: {
      COMPOSE_PROJECT_NAME: `orrery-test-${id}`,
      COMPOSE_PROFILES: values.observability ? "observability" : "",
      // What somebody has built for himself stays as it is.
      ORRERY_VERSION: `test-${id}`,
      ENVOY_PORT: String(await freePort()),
      PROMETHEUS_PORT: String(await freePort()),
      LOAD_GENERATOR_VUS: "0",
    },
  });
  const shop = `orrery:test-${id}`;
  const standIns: string[] = [];
  try {
    step(`${file} is what Docker Compose understands`);
    if (!values.compact) await understandsOverrides(project);
    const images = (await project.images()).filter((image) => image !== shop);
    standIns.push(...(await provideImages(await baseImages(), { told: step })).standIns);
    step("building the image");
    await project.compose("build");
    const provided = await provideImages(images, { shop, told: step });
    standIns.push(...provided.standIns);
    const { missing } = provided;
    if (missing.length > 0) step(`goes without ${missing.join(", ")}, which cannot be fetched`);
    await prove(project, { run: await project.services({ without: missing }), isCompact: values.compact });
  } finally {
    if (!values.keep) {
      await project.compose("down", "--volumes", "--timeout", "20").catch(() => {});
      await docker("image", "rm", shop).catch(() => {});
      await removeStandIns(standIns).catch(() => {});
    }
  }
  process.stdout.write("The shop runs in containers as it should.\n");
}

/** What the Dockerfile starts from. */
async function baseImages(): Promise<readonly string[]> {
  const dockerfile = await readFile(join(import.meta.dirname, "../../Dockerfile"), "utf8");
  return [...new Set([...dockerfile.matchAll(/^FROM (\S+:\S+)/gm)].map(([, image = ""]) => image))];
}

/** Builds the image that is the whole shop, and sees it sell within the memory that the documents tell. */
async function proveEmbedded(id: string): Promise<void> {
  const name = `orrery-embedded:test-${id}`;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let container: string | undefined;
  const { standIns } = await provideImages(await baseImages(), { told: step });
  try {
    step("building the image of the whole shop");
    await docker("build", "--target", "embedded", "--tag", name, ".");
    step("starting");
    const limit = ["--memory", "500m", "--memory-swap", "500m"];
    container = (await docker("run", "--detach", ...limit, "--publish", `127.0.0.1:${port}:8080`, name)).trim();
    await eventually(() => buy(url), 120_000);
    step(`bought; the shop is on ${url}`);
    const until = performance.now() + 60_000;
    let orders = 0;
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (; performance.now() < until; orders++) await buy(url);
      }),
    );
    const used = await docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container);
    step(`${orders} orders in a minute, none refused; memory: ${used.trim()}`);
    const begun = performance.now();
    await docker("stop", "--time", "10", container);
    const ending = (await docker("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", container)).trim();
    if (ending !== "0 false") throw new Error(`It ended with ${ending}`);
    step(`stopped in ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  } finally {
    if (container !== undefined) await docker("rm", "--force", "--volumes", container).catch(() => {});
    await docker("image", "rm", name).catch(() => {});
    await removeStandIns(standIns).catch(() => {});
  }
  process.stdout.write("The whole shop runs in one container as it should.\n");
}

/** Whether Docker Compose takes what the documents tell people to put into docker-compose.override.yml. */
async function understandsOverrides(project: ComposeProject): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-compose-"));
  try {
    for (const page of ["drop-in.md", "monitoring.md"]) {
      const text = await readFile(join(import.meta.dirname, "../../docs", page), "utf8");
      const [, override] = /^```yaml\n(services:.*?)^```/ms.exec(text) ?? [];
      if (override === undefined) throw new Error(`docs/${page} has no override`);
      const file = join(folder, "override.yml");
      await writeFile(file, override);
      await project.compose("--file", file, "config", "--quiet");
      step(`so is the override of docs/${page}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts containers and sees to it that they do what they are there for. */
async function prove(
  project: ComposeProject,
  { run, isCompact }: { readonly run: readonly string[]; readonly isCompact: boolean },
): Promise<void> {
  const { ENVOY_PORT } = project.environment;
  const url = `http://127.0.0.1:${ENVOY_PORT}`;
  step("starting");
  await project.compose("up", "--detach", ...run);
  await project.eventually(() => project.allAreHealthy());
  step(`every container is healthy; the shop is on ${url}`);
  const idle = await project.memory();

  const orderId = await buy(url);
  await project.eventually(async () => {
    const booked = await project.sql(`select count(*) from accounting."order" where order_id = '${orderId}'`);
    if (booked !== "1") throw new Error(`The order ${orderId} is booked ${booked} times`);
  });
  step(`bought, and booked by accounting: ${orderId}`);
  if (!isCompact) {
    const refusal = await project.sql("select count(*) from payment.charges", "email").catch((error) => String(error));
    if (!/permission denied for schema payment/.test(refusal)) throw new Error(`email reads of payment: ${refusal}`);
    step("a service cannot read another's tables");
  }

  if (run.includes("jaeger")) {
    await project.eventually(async () => {
      const { data } = (await (await fetch(`${url}/jaeger/ui/api/services`)).json()) as {
        readonly data: readonly string[];
      };
      const missing = ["frontend-proxy", "frontend", "checkout", "accounting"].filter((name) => !data.includes(name));
      if (missing.length > 0) throw new Error(`Jaeger has no traces of ${missing.join(", ")}`);
    });
    step("the order's trace is in Jaeger");
  }

  const complaints = await project.complaints();
  if (complaints.length > 0) throw new Error(`The log of a healthy shop has:\n${complaints.slice(0, 20).join("\n")}`);
  step("nothing is complained of in the log");
  const excesses = await project.excesses();
  if (excesses.length > 0) throw new Error(`More is allowed than is needed:\n${excesses.join("\n")}`);
  step("no container is root, has capabilities or writes into its image");

  if (isCompact || run.includes("flagd")) await proveFlags(project, url);

  for (const victim of isCompact
    ? ["orders", "postgresql"]
    : [
        "checkout",
        "kafka",
        "postgresql",
        ...run.filter((name) => ["flagd", "flagd-ui", "otel-collector"].includes(name)),
      ]) {
    await project.killAndSeeItComeBack(victim);
    await project.eventually(() => buy(url));
    step(`${victim} was killed, came back, and the shop sells`);
  }

  step("buying for a minute");
  const before = await project.memory();
  if (run.includes("load-generator")) await ask(url, "/loadgen/api/v1/start", { users: 5 });
  const until = performance.now() + 60_000;
  let orders = 0;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (; performance.now() < until; orders++) await buy(url);
    }),
  );
  step(`${orders} orders, none refused`);
  const busy = await project.memory();
  process.stdout.write(`\n${table(idle, busy)}\n\n`);
  const ended = [...busy]
    .filter(([name, { endings }]) => endings > (before.get(name)?.endings ?? 0))
    .map(([name]) => name);
  if (ended.length > 0) throw new Error(`ended while customers were buying, for want of memory?: ${ended.join(", ")}`);
  if (run.includes("load-generator")) {
    await ask(url, "/loadgen/api/v1/stop", {});
    const { total, failures } = (await (await fetch(`${url}/loadgen/api/v1/stats`)).json()) as {
      readonly total: { readonly count: number };
      readonly failures: readonly unknown[];
    };
    if (total.count === 0) throw new Error("The load generator has asked for nothing");
    if (failures.length > 0) throw new Error(`The load generator finds wrong: ${JSON.stringify(failures)}`);
    step(`the load generator's customers made ${total.count} requests, and find nothing wrong`);
  }
  const leaks = await project.leaks();
  if (leaks.length > 0) throw new Error(`A secret is in the log:\n${leaks.slice(0, 5).join("\n")}`);
  step("no secret is in a log");
  const took = await project.stopsIn();
  step(`stopped in ${(took / 1_000).toFixed(1)} s`);
}

/** A flag goes from its page to the file, from there to flagd, and on to the service that heeds it; and back. */
async function proveFlags(project: ComposeProject, url: string): Promise<void> {
  const resolved = async () =>
    (await ask(url, "/flagservice/flagd.evaluation.v1.Service/ResolveFloat", { flagKey: "paymentFailure" })).variant;
  await ask(url, "/orrery.flags.v1.FlagService/SetFlag", { key: "paymentFailure", variant: "100%" });
  await project.eventually(async () => {
    const variant = await resolved();
    if (variant !== "100%") throw new Error(`flagd has paymentFailure at ${variant}`);
    const { status, body } = await checkOut(url);
    if (status !== 500 || body.reason !== "PAYMENT_FAILED") {
      throw new Error(`paymentFailure is set, and an order is answered ${status} ${JSON.stringify(body)}`);
    }
  });
  step("a flag that is set on /feature/ makes charges fail");
  await ask(url, "/orrery.flags.v1.FlagService/ClearFlags", {});
  await project.eventually(async () => {
    const variant = await resolved();
    if (variant !== "off") throw new Error(`flagd has paymentFailure at ${variant}`);
    await buy(url);
  });
  step("and is gone when it is cleared");
}

/** Puts two products into a new cart and orders them. */
async function checkOut(url: string): ReturnType<Customer["checksOut"]> {
  const customer = new Customer(url);
  await customer.puts(flashlight);
  await customer.puts(telescope);
  return customer.checksOut();
}

/** Buys; the order's id. */
async function buy(url: string): Promise<string> {
  const { status, body } = await checkOut(url);
  if (status !== 200) throw new Error(`The order was refused: ${status} ${JSON.stringify(body)}`);
  return body.orderId;
}

/** The answer to JSON that is posted. */
async function ask(url: string, path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const answer = await api(url, path, { body });
  if (answer.status !== 200) throw new Error(`${path} is answered ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

type Memory = Awaited<ReturnType<ComposeProject["memory"]>>;

function table(idle: Memory, busy: Memory): string {
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0).padStart(6);
  const row = (name: string, ...cells: readonly number[]) => `${name.padEnd(18)}${cells.map(mib).join("")}`;
  const sum = (of: Memory, what: "used" | "limit") => [...of.values()].reduce((total, each) => total + each[what], 0);
  return [
    `${"MiB".padEnd(18)}  idle  busy limit`,
    ...[...busy].map(([name, { used, limit }]) => row(name, idle.get(name)?.used ?? 0, used, limit)),
    row("all", sum(idle, "used"), sum(busy, "used"), sum(busy, "limit")),
  ].join("\n");
}

try {
  const values = readArguments();
  if (values.help) process.stdout.write(`${usage}\n`);
  else await main(values);
} catch (error) {
  process.stdout.write(
    `\nFAILED ${error instanceof CommandError ? error.message : error instanceof Error ? error.stack : error}\n`,
  );
  process.exitCode = 1;
}
