import { readFileSync } from "node:fs";
import { systemErrorCode } from "./errors.ts";

/**
 * Whether a process with this id runs, whoever owns it. One that ended and was never waited for does not: that is
 * how a server's orphan ends in a container whose first process is no init.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemErrorCode(error) !== "EPERM") {
      return false;
    }
  }
  if (process.platform !== "linux") {
    return true;
  }
  try {
    // The command name, in parentheses, may itself contain some; the state follows the last one.
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !status.slice(status.lastIndexOf(")")).startsWith(") Z");
  } catch {
    return false;
  }
}
