import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import type { Postmaster } from "./postmaster.ts";
import { isAlive } from "./process.ts";

/** That this process owns the cluster: a session lock, which dies with the process however it dies. */
export interface Ownership {
  /** What the server says its version is. */
  readonly serverVersion: string;
  /** The server is about to end the session itself: from here on nobody brings it back. */
  expectEnd(): Promise<void>;
  release(): Promise<void>;
}

export type OwnershipOutcome =
  | { readonly kind: "taken"; readonly ownership: Ownership }
  | { readonly kind: "held"; readonly pid: number; readonly owner: string }
  | { readonly kind: "unreachable" };

/** "ORRY", in the space of advisory locks of the database postgres, which only the superuser uses. */
const LOCK = 0x4f525259;
const NAME_PATTERN = /^orrery (\d+) (.*)$/;
/** How long a dead owner's session may outlive its process. */
const GRACE_MS = 2000;
/** Pauses between attempts to get a lost session back. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2000;

/**
 * Takes the owner's lock, unless a live process has it.
 *
 * @param options.revive asked when the session was lost, again and again: brings the server back if it has ended; tells
 *   whether there is one
 */
export async function takeOwnership(
  postmaster: Postmaster,
  options: { readonly owner: string; readonly revive: (signal: AbortSignal) => Promise<boolean> },
): Promise<OwnershipOutcome> {
  const { owner, revive } = options;
  const ending = new AbortController();
  const { signal } = ending;
  let isTaken = false;
  let regaining = false;
  let reviving: Promise<boolean> | undefined;
  const sql = postgres({
    host: postmaster.socketDir,
    port: postmaster.port,
    database: "postgres",
    username: "postgres",
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 5,
    backoff: () => 0,
    fetch_types: false,
    // That the server ends the session is no news: `onclose` tells.
    onnotice: () => {},
    // PostgreSQL cuts names at 63 bytes.
    connection: { application_name: `orrery ${process.pid} ${owner}`.slice(0, 63) },
    onclose: () => {
      if (isTaken && !regaining) void regain();
    },
  });
  const lock = async () => {
    const [row] = await sql<{ taken: boolean; version: string }[]>`
      select pg_try_advisory_lock(${LOCK}) as taken, current_setting('server_version') as version`;
    return row?.taken ? row.version : undefined;
  };

  /** The server ends every session when one of its processes crashes; it comes back by itself, and so do we. */
  async function regain(): Promise<void> {
    regaining = true;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      await sleep(pause, undefined, { ref: false, signal }).catch(() => {});
      if (signal.aborted) break;
      reviving = revive(signal);
      if ((await reviving) && !signal.aborted && (await lock().catch(() => undefined))) break;
    }
    regaining = false;
  }

  const expectEnd = async () => {
    ending.abort();
    await reviving;
  };
  const release = async () => {
    await expectEnd();
    await sql.end({ timeout: 1 });
  };
  const deadline = performance.now() + GRACE_MS;
  try {
    for (;;) {
      const serverVersion = await lock();
      if (serverVersion !== undefined) {
        isTaken = true;
        return { kind: "taken", ownership: { serverVersion, expectEnd, release } };
      }
      const [holder] = await sql<{ name: string }[]>`
        select a.application_name as name from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory' and l.classid = 0 and l.objid = ${LOCK} and l.granted`;
      const [, pid = "0", holderOwner = "unknown"] = NAME_PATTERN.exec(holder?.name ?? "") ?? [];
      if (holder && (isAlive(Number(pid)) || performance.now() > deadline)) {
        await release();
        return { kind: "held", pid: Number(pid), owner: holderOwner };
      }
      await sleep(10);
    }
  } catch {
    await release();
    return { kind: "unreachable" };
  }
}
