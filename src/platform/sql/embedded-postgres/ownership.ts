import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import type { Postmaster } from "./postmaster.ts";
import { isAlive } from "./process.ts";

/** That this process owns the cluster: a session lock, which dies with the process however it dies. */
export interface Ownership {
  /** What the server says its version is. */
  readonly serverVersion: string;
  /** The server is about to end the session itself. */
  expectEnd(): void;
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

/** Takes the owner's lock, unless a live process has it. */
export async function takeOwnership(postmaster: Postmaster, owner: string): Promise<OwnershipOutcome> {
  let ending = false;
  const sql = postgres({
    host: postmaster.socketDir,
    port: postmaster.port,
    database: "postgres",
    username: "postgres",
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 5,
    fetch_types: false,
    // That the server ends the session is no news: `onclose` tells.
    onnotice: () => {},
    // PostgreSQL cuts names at 63 bytes.
    connection: { application_name: `orrery ${process.pid} ${owner}`.slice(0, 63) },
    onclose: () => {
      if (!ending) {
        void regain();
      }
    },
  });
  const lock = async () => {
    const [row] = await sql<{ taken: boolean; version: string }[]>`
      select pg_try_advisory_lock(${LOCK}) as taken, current_setting('server_version') as version`;
    return row?.taken ? row.version : undefined;
  };

  /** The server ends every session when one of its processes crashes; it comes back by itself, and so do we. */
  async function regain(): Promise<void> {
    while (!ending) {
      await sleep(200, undefined, { ref: false });
      if (ending || (await lock().catch(() => undefined))) {
        return;
      }
    }
  }

  const expectEnd = () => {
    ending = true;
  };
  const release = async () => {
    expectEnd();
    await sql.end({ timeout: 1 });
  };
  const deadline = Date.now() + GRACE_MS;
  try {
    for (;;) {
      const serverVersion = await lock();
      if (serverVersion !== undefined) {
        return { kind: "taken", ownership: { serverVersion, expectEnd, release } };
      }
      const [holder] = await sql<{ name: string }[]>`
        select a.application_name as name from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory' and l.classid = 0 and l.objid = ${LOCK} and l.granted`;
      const [, pid = "0", holderOwner = "unknown"] = NAME_PATTERN.exec(holder?.name ?? "") ?? [];
      if (holder && (isAlive(Number(pid)) || Date.now() > deadline)) {
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
