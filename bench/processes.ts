import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** A process and all its descendants, those that outlive their parent excluded. */
export function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(statOf(Number(name))?.[1]);
    if (!Number.isNaN(parent)) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree: number[] = [];
  const queue = [root];
  for (let pid = queue.shift(); pid !== undefined; pid = queue.shift()) {
    tree.push(pid);
    queue.push(...(children.get(pid) ?? []));
  }
  return tree;
}

/** Milliseconds of CPU that the processes have used so far. */
export function cpuMs(pids: readonly number[]): number {
  const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return pids.reduce((total, pid) => {
    const stat = statOf(pid);
    return total + ((Number(stat?.[11] ?? 0) + Number(stat?.[12] ?? 0)) * 1_000) / ticksPerSecond;
  }, 0);
}

/** Megabytes of memory, shared pages counted in proportion (PSS), so that a sum over processes is true. */
export function memoryMb(pids: readonly number[]): number {
  return pids.reduce((total, pid) => {
    try {
      const kilobytes = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
      return total + Number(kilobytes ?? 0) / 1_024;
    } catch {
      return total;
    }
  }, 0);
}

/** The fields of /proc/pid/stat after the command's name, which may hold blanks; the first is the state. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
