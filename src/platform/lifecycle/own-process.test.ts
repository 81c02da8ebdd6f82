import { expect, it } from "vitest";
import { eventually } from "../../../tests/eventually.ts";
import { silentLog } from "../../../tests/store-database.ts";
import { OwnProcess, type ServiceAddress, type ServiceChild } from "./own-process.ts";

/** A process that serves and ends when it is told to. */
class Child implements ServiceChild {
  readonly serving: Promise<ServiceAddress>;
  readonly ended: Promise<string>;
  serves: () => void = () => {};
  dies: (reason: string) => void = () => {};

  constructor(origin: string) {
    this.serving = new Promise((resolve) => {
      this.serves = () => resolve({ origin });
    });
    this.ended = new Promise((resolve) => {
      this.dies = resolve;
    });
  }

  async end(): Promise<void> {
    this.dies("told to");
  }
}

/** A service of which as many processes are wanted as one says, and where its calls are answered. */
function service({ wanted }: { wanted: number }) {
  const children: Child[] = [];
  const state = { wanted, at: ["here"] as readonly string[] };
  const own = new OwnProcess({
    service: {
      name: "quote",
      async leave(addresses) {
        state.at = addresses.map(({ origin }) => origin);
      },
      async comeBack() {
        state.at = ["here"];
      },
    },
    wanted: () => state.wanted,
    async start() {
      const child = new Child(`process ${children.length + 1}`);
      children.push(child);
      return child;
    },
    log: silentLog,
    backoffMs: 1,
  });
  /** The process that was started as the one of that number, when it is. */
  const child = (number: number) =>
    eventually(() => {
      const found = children[number - 1];
      if (found === undefined) throw new Error(`There are ${children.length} processes`);
      return found;
    });
  return { own, state, child };
}

it("is answered here until a process serves, and by all that serve from then on", async () => {
  const { own, state, child } = service({ wanted: 2 });
  const settled = own.settled();
  const first = await child(1);
  const second = await child(2);
  expect([state.at, own.isServing]).toEqual([["here"], false]);
  first.serves();
  await eventually(() => expect(state.at).toEqual(["process 1"]));
  second.serves();
  await settled;
  expect(state.at).toEqual(["process 1", "process 2"]);
  state.wanted = 1;
  await own.settled();
  expect([state.at, await second.ended]).toEqual([["process 1"], "told to"]);
  state.wanted = 0;
  await own.settled();
  expect([state.at, await first.ended]).toEqual([["here"], "told to"]);
  await own.stop();
});

it("is answered by nobody while its only process is away, and by the next one then", async () => {
  const { own, state, child } = service({ wanted: 1 });
  own.check();
  (await child(1)).serves();
  await eventually(() => expect(state.at).toEqual(["process 1"]));
  (await child(1)).dies("out of memory");
  const second = await child(2);
  expect(state.at).toEqual([]);
  second.serves();
  await eventually(() => expect(state.at).toEqual(["process 2"]));
  await own.stop();
  expect(await second.ended).toBe("told to");
});

it("a restart replaces each process when another serves in its place", async () => {
  const { own, state, child } = service({ wanted: 1 });
  const settled = own.settled();
  (await child(1)).serves();
  await settled;
  const restarted = own.restart();
  const second = await child(2);
  expect(state.at).toEqual(["process 1"]);
  second.serves();
  expect(await restarted).toBe(1);
  expect([state.at, await (await child(1)).ended]).toEqual([["process 2"], "told to"]);
  // The one that was replaced was not missed.
  await own.settled();
  await own.stop();
});

it("a new process that ends before it serves leaves the old one where it is", async () => {
  const { own, state, child } = service({ wanted: 1 });
  const settled = own.settled();
  (await child(1)).serves();
  await settled;
  const restarted = own.restart();
  (await child(2)).dies("status 1");
  await expect(restarted).rejects.toThrow("ended before it served: status 1");
  expect(state.at).toEqual(["process 1"]);
  await own.stop();
});

it("a stop ends a process that is about to replace another", async () => {
  const { own, child } = service({ wanted: 1 });
  const settled = own.settled();
  (await child(1)).serves();
  await settled;
  const restarted = own.restart();
  const second = await child(2);
  await own.stop();
  await restarted;
  expect([await (await child(1)).ended, await second.ended]).toEqual(["told to", "told to"]);
});
