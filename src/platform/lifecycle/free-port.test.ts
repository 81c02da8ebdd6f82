import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { freePort, highestPort, lowestPort } from "./free-port.ts";

/** Sees to it that this port is the next to be thought of. */
function thinkOf(port: number): void {
  vi.spyOn(Math, "random").mockReturnValueOnce((port - lowestPort + 0.5) / (highestPort - lowestPort));
  onTestFinished(() => void vi.restoreAllMocks());
}

test("a port is given once, though nobody listens on it yet", async () => {
  const port = await freePort();
  thinkOf(port);
  expect(await freePort()).not.toBe(port);
});

test("a port that another process has been given is not given again as long as that process runs", async () => {
  const module = JSON.stringify(new URL("./free-port.ts", import.meta.url).href);
  const program = `import { freePort } from ${module}; console.log(await freePort()); setInterval(() => {}, 1_000);`;
  const other = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void other.kill());
  const port = Number(String(await once(other.stdout, "data")));
  thinkOf(port);
  expect(await freePort()).not.toBe(port);
  other.kill();
  await once(other, "exit");
  thinkOf(port);
  expect(await freePort()).toBe(port);
});
