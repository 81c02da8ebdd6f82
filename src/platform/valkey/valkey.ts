import { createClient, ErrorReply, RESP_TYPES } from "@redis/client";
import type { ValkeyAddress } from "../config/environment.ts";
import type { Logger } from "../logging/logger.ts";
import { StoreUnavailableError } from "../sql/store-unavailable.ts";

/** What a command and a script take. */
type Argument = string | Buffer;

/** A connection to a Valkey server, or to another one that speaks its protocol. */
export interface Valkey {
  /** @throws StoreUnavailableError when the server cannot be reached, takes no writes, or does not know us */
  send(command: readonly Argument[]): Promise<Reply>;
  isReachable(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Logs in to a server, and out again.
 *
 * @throws what the server says of it
 */
export async function logInToValkey(address: ValkeyAddress, log: Logger): Promise<void> {
  const valkey = openValkey(address, log);
  try {
    await valkey.send(["PING"]);
  } finally {
    await valkey.close();
  }
}

export type Reply = Buffer | number | null;

const connectWithinMs = 2_000;
const answerWithinMs = 2_000;
/** After that long without an answer the connection is taken for dead. */
const connectAnewAfterMs = 10_000;
const longestPauseMs = 1_000;

/** Replies that tell of the server's state and not of the command, https://valkey.io/topics/errors/ */
const serverState =
  /^(LOADING|BUSY|MASTERDOWN|READONLY|OOM|MISCONF|NOAUTH|WRONGPASS|NOPERM|CLUSTERDOWN|TRYAGAIN|MAXCLIENTS)\b/;

/** What is wrong with a server that no connection can be made to. */
function problemOf(error: unknown): string {
  // The client greets with HELLO, which came with Redis 6; every Valkey knows it.
  const isTooOld = error instanceof ErrorReply && /^ERR unknown command .?HELLO/i.test(error.message);
  return isTooOld
    ? "is too old: it does not know HELLO. Valkey, or Redis 6 or newer, is needed. See VALKEY_ADDR."
    : "cannot be reached";
}

/**
 * Opens a connection that is made again whenever it breaks. A server that is away is no error of the start: what is asked
 * meanwhile fails at once.
 */
export function openValkey(address: ValkeyAddress, log: Logger): Valkey {
  const { host, port, username, password, isEncrypted } = address;
  const client = createClient({
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    socket: {
      host,
      port,
      ...(isEncrypted ? { tls: true as const } : {}),
      connectTimeout: connectWithinMs,
      reconnectStrategy: (tries) => Math.random() * Math.min(longestPauseMs, 50 * 2 ** Math.min(tries, 10)),
    },
    disableOfflineQueue: true,
    // Servers before Valkey 7.2 answer it with an error.
    disableClientInfo: true,
  });
  const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });

  let isDown = false;
  const down = (error: unknown, problem: string) => {
    // One line an outage: the client tells each attempt.
    if (!isDown) log.error({ error }, `Valkey at ${host}:${port} ${problem}`);
    isDown = true;
  };
  const back = () => {
    // A warning too, to be seen wherever the beginning was.
    if (isDown) log.warn(`Valkey at ${host}:${port} is back`);
    isDown = false;
  };
  client.on("error", (error) => down(error, problemOf(error)));
  client.on("ready", back);
  client.connect().catch(() => {
    // Told above, and tried again.
  });

  /** What the server owes for longer than it may. All that is asked after it waits behind it, so nothing is, till it comes. */
  let overdue: Promise<unknown> | undefined;
  const late = () => new Error(`no answer within ${answerWithinMs / 1_000} s`);
  function waitFor(answer: Promise<unknown>): void {
    overdue = answer;
    down(late(), "hangs");
    // A machine that is gone never says so.
    const giveUp = setTimeout(() => {
      client.destroy();
      client.connect().catch(() => {});
    }, connectAnewAfterMs);
    const comes = (isAnswer: boolean) => {
      clearTimeout(giveUp);
      overdue = undefined;
      if (isAnswer) back();
    };
    answer.then(
      () => comes(true),
      (error) => comes(error instanceof ErrorReply),
    );
  }

  /** The client's own limit ends when a command is sent; a server that hangs takes it and does not answer. */
  async function inTime<T>(ask: () => Promise<T>): Promise<T> {
    if (overdue !== undefined) throw late();
    const answer = ask();
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    answer.then(settled, settled);
    let patience: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const judge = () => {
        if (isSettled) return;
        if (overdue === undefined) waitFor(answer);
        reject(late());
      };
      // Where this process stood still the answer may be there, unread.
      patience = setTimeout(() => setImmediate(judge), answerWithinMs);
    });
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      clearTimeout(patience);
    }
  }

  return {
    async send(command) {
      try {
        return (await inTime(() => raw.sendCommand([...command]))) as Reply;
      } catch (error) {
        if (error instanceof ErrorReply && !serverState.test(error.message)) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw new StoreUnavailableError(`Valkey at ${host}:${port}: ${reason}`, { cause: error });
      }
    },
    async isReachable() {
      if (!client.isReady) return false;
      try {
        return (await inTime(() => client.ping())) === "PONG";
      } catch {
        return false;
      }
    },
    async close() {
      client.destroy();
    },
  };
}
