import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A disk of a test's own, small enough to be filled. */
export interface SmallDisk {
  readonly path: string;
  /** Takes all the room there is, and whatever comes free, until {@link SmallDisk.makeRoom}. */
  fill(): Promise<void>;
  makeRoom(): Promise<void>;
  remove(): Promise<void>;
}

async function mount(path: string, megabytes: number): Promise<void> {
  await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=755`, "tmpfs", path]);
}

/** Why there can be no such disk here; undefined where there can. */
export const noSmallDisk: string | undefined = await (async () => {
  if (process.platform !== "linux") return "tmpfs is Linux's";
  if (process.getuid?.() !== 0) return "only root may mount";
  const path = await mkdtemp(join(tmpdir(), "orrery-mount-"));
  try {
    await mount(path, 1);
    await run("umount", [path]);
    return undefined;
  } catch {
    return "mounting is not allowed here";
  } finally {
    await rm(path, { recursive: true, force: true });
  }
})();

/** @param path an empty folder, or one that is made */
export async function smallDisk(path: string, megabytes: number): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  await mount(path, megabytes);
  await chmod(path, 0o755);
  const filler = join(path, "filler");
  let filling: Promise<void> | undefined;
  let isFilling = false;

  async function takeAll(): Promise<void> {
    const file = await open(filler, "a");
    try {
      for (const size of [1_048_576, 4_096]) {
        const bytes = Buffer.alloc(size, 1);
        await (async () => {
          for (;;) await file.write(bytes);
        })().catch((error) => {
          if (error.code !== "ENOSPC") throw error;
        });
      }
    } finally {
      await file.close();
    }
  }

  async function makeRoom(): Promise<void> {
    isFilling = false;
    await filling;
    await rm(filler, { force: true });
  }

  return {
    path,
    async fill() {
      await takeAll();
      isFilling = true;
      filling = (async () => {
        while (isFilling) {
          await takeAll();
          await sleep(20);
        }
      })();
    },
    makeRoom,
    async remove() {
      await makeRoom();
      await run("umount", ["--lazy", path]);
    },
  };
}
