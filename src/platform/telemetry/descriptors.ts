import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";

/** A link to the folder of this process's open descriptors, on every Unix. */
const folder = "/dev/fd";

/** How many file descriptors this process has open; undefined where the system does not tell. */
export async function openDescriptors(): Promise<number | undefined> {
  try {
    // One of them is that of the folder itself, which is open for that moment only.
    return (await readdir(folder)).length - 1;
  } catch {
    return undefined;
  }
}

/** How many it may have open (proc(5), the soft limit); undefined where there is no limit, or the system does not tell. */
export function descriptorLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
