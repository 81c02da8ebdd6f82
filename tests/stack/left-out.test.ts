import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { expect, it, onTestFinished } from "vitest";
import { NativeStack } from "../../src/stack/native-stack.ts";
import { expectBooksAgree } from "../books.ts";
import { Customer, flashlight } from "../customer.ts";
import { type NativeMesh, startNativeMesh } from "./native-mesh.ts";

async function buys({ stack, sql }: NativeMesh): Promise<void> {
  const customer = new Customer(stack.url);
  expect((await customer.puts(flashlight)).status).toBe(200);
  const { status, body } = await customer.checksOut();
  expect(status, JSON.stringify(body)).toBe(200);
  await expectBooksAgree(sql);
}

/** Whether a service's role can read another's tables. */
async function readsOthers({ stack }: NativeMesh): Promise<boolean> {
  const { host, port, database } = stack.database;
  const checkout = postgres({ host, port, database, username: "checkout", max: 1, onnotice: () => {} });
  try {
    return await checkout`select from payment.charges`.then(
      () => true,
      () => false,
    );
  } finally {
    await checkout.end();
  }
}

it("a mesh without engines sells, and goes on with its data when Kafka joins and leaves", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "orrery-mesh-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  for (const engines of [[], ["kafka"], []]) {
    const mesh = await startNativeMesh({ engines, dataDir, restarts: false });
    try {
      await buys(mesh);
      expect(await readsOthers(mesh)).toBe(false);
    } finally {
      await mesh.remove();
    }
  }
}, 120_000);

it("a mesh that is stopped while it starts leaves nothing running", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "orrery-mesh-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const stack = await NativeStack.open({
    engines: new Map(),
    dataDir,
    ports: "free",
    secret: "a secret that all of them share",
    restarts: true,
    tell: (line) => {
      if (line.startsWith("postgresql ready")) setTimeout(() => void stack.stop(), 200);
    },
  });
  await expect(stack.start()).rejects.toThrow();
  await stack.stop();
  for (const name of stack.names) {
    const address = stack.addressOf(name);
    await expect(fetch(`http://${address}/`), name).rejects.toThrow();
  }
});
