// npm run test:compose: docker-compose.yml on a real Docker. It builds the image, brings the shop up, buys in it, takes
// containers away and looks at what memory they need.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { Customer, flashlight, telescope } from "../customer.ts";
import { CommandError, docker, findCompose } from "./docker.ts";
import { ComposeProject } from "./project.ts";
import { provideImages } from "./stand-ins.ts";

const { values } = parseArgs({
  options: {
    compact: { type: "boolean", default: false },
    observability: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

const begun = performance.now();
function step(text: string): void {
  process.stdout.write(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${text}\n`);
}

async function main(): Promise<void> {
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
  const file = values.compact ? "docker-compose.compact.yml" : "docker-compose.yml";
  const project = new ComposeProject(compose, file, {
    COMPOSE_PROJECT_NAME: `orrery-test-${randomUUID().slice(0, 8)}`,
    COMPOSE_PROFILES: values.observability ? "observability" : "",
    ENVOY_PORT: String(await freePort()),
    PROMETHEUS_PORT: String(await freePort()),
  });
  const { ENVOY_PORT } = project.environment;
  const url = `http://127.0.0.1:${ENVOY_PORT}`;
  step(`${file} is what Docker Compose understands`);
  const images = await project.images();
  const own = images.filter((image) => image.startsWith("orrery:"));
  const dockerfile = await readFile(join(import.meta.dirname, "../../Dockerfile"), "utf8");
  const bases = [...new Set([...dockerfile.matchAll(/^FROM (\S+:\S+)/gm)].map(([, image = ""]) => image))];
  const missing = await provideImages([...bases, ...images.filter((image) => !own.includes(image))], step);
  const run = await project.services({ without: missing });
  if (missing.length > 0) step(`goes without ${missing.join(", ")}, which cannot be fetched`);
  try {
    step("building the image");
    await project.compose("build");
    step("starting");
    await project.compose("up", "--detach", "--wait", "--wait-timeout", "180", ...run);
    step(`every container is healthy; the shop is on ${url}`);
    const idle = await project.memory();

    const orderId = await buy(url);
    await project.eventually(async () => {
      const booked = await project.sql(`select count(*) from accounting."order" where order_id = '${orderId}'`);
      if (booked !== "1") throw new Error(`The order ${orderId} is booked ${booked} times`);
    });
    step(`bought, and booked by accounting: ${orderId}`);
    if (!values.compact) {
      const refusal = await project
        .sql("select count(*) from payment.charges", "email")
        .catch((error) => String(error));
      if (!/permission denied for schema payment/.test(refusal)) throw new Error(`email reads of payment: ${refusal}`);
      step("a service cannot read another's tables");
    }

    if (values.compact || run.includes("flagd")) {
      await setFlag(url, "paymentFailure", "100%");
      await project.eventually(async () => {
        const refused = await buy(url).then(
          () => false,
          () => true,
        );
        if (!refused) throw new Error("The flag paymentFailure is set, and orders are still placed");
      });
      await setFlag(url, "paymentFailure", "off");
      await project.eventually(() => buy(url));
      step("a flag that is set on /feature/ acts, and is gone when it is put back");
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

    for (const victim of values.compact
      ? ["orders", "postgresql"]
      : ["checkout", "kafka", "postgresql", ...run.filter((name) => name === "otel-collector")]) {
      await project.killAndSeeItComeBack(victim);
      await project.eventually(() => buy(url));
      step(`${victim} was killed, came back, and the shop sells`);
    }

    step("buying for a minute");
    const before = await project.memory();
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
    if (ended.length > 0)
      throw new Error(`ended while customers were buying, for want of memory?: ${ended.join(", ")}`);
    const took = await project.stopsIn();
    step(`stopped in ${(took / 1_000).toFixed(1)} s`);
  } finally {
    if (!values.keep) await project.compose("down", "--volumes", "--timeout", "20").catch(() => {});
  }
  process.stdout.write("The shop runs in containers as it should.\n");
}

/** Puts two products into a new cart and orders them; the order's id. */
async function buy(url: string): Promise<string> {
  const customer = new Customer(url);
  await customer.puts(flashlight);
  await customer.puts(telescope);
  const { status, body } = await customer.checksOut();
  if (status !== 200) throw new Error(`The order was refused: ${status} ${JSON.stringify(body)}`);
  return body.orderId;
}

/** Puts a flag into a variant, as its page does. */
async function setFlag(url: string, key: string, variant: string): Promise<void> {
  const response = await fetch(`${url}/orrery.flags.v1.FlagService/SetFlag`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key, variant }),
  });
  if (!response.ok) throw new Error(`The flag ${key} is not set: ${response.status} ${await response.text()}`);
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
  await main();
} catch (error) {
  process.stdout.write(
    `\nFAILED ${error instanceof CommandError ? error.message : error instanceof Error ? error.stack : error}\n`,
  );
  process.exitCode = 1;
}
