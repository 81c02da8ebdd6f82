import { lookup as dnsLookup } from "node:dns/promises";
import { isIP } from "node:net";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { isNotConnected, isStreamRefused, remoteTransport } from "./remote-transport.ts";

/** Names are looked up again after so long, in milliseconds: replicas come and go. */
const lookupAgainMs = 5_000;
/** A replica that could not be reached is left out for so long at first, in milliseconds, then longer. */
const firstPauseMs = 250;
const longestPauseMs = 5_000;
const maxAttempts = 5;

export interface ReplicasOptions {
  /** The addresses of a name. */
  readonly lookup?: (name: string) => Promise<readonly string[]>;
  readonly now?: () => number;
}

interface Replica {
  readonly transport: Transport;
  failures: number;
  /** It is not asked before. */
  pausedUntil: number;
}

/**
 * Calls the replicas of a service in turn, each over a connection of its own. A name stands for all its addresses, as
 * a headless service of Kubernetes or a scaled one of docker compose has them. A replica that cannot be connected to
 * is left out for a while, and the call goes to the next one: nothing was sent. One that ends a connection refuses the
 * calls that it has not begun, and these are made again over another connection.
 *
 * @param origins `http://host:port` of each
 */
export function replicatedTransport(origins: readonly string[], options: ReplicasOptions = {}): Transport {
  const { lookup = addressesOf, now = () => performance.now() } = options;
  const replicas = new Map<string, Replica>();
  let known: readonly string[] = [];
  let lookedUpAt = Number.NEGATIVE_INFINITY;
  let lookingUp: Promise<void> | undefined;
  let turn = 0;

  function lookUp(): Promise<void> {
    lookingUp ??= resolve().finally(() => {
      lookingUp = undefined;
    });
    return lookingUp;
  }

  async function resolve(): Promise<void> {
    lookedUpAt = now();
    const found = await Promise.all(
      origins.map(async (origin) => {
        const { hostname } = new URL(origin);
        if (isSingle(hostname)) return [origin];
        // What cannot be resolved is asked by its name, and says by its error that it is not there.
        const addresses = await lookup(hostname).catch(() => []);
        return addresses.length < 2 ? [origin] : addresses.map((address) => withHost(origin, address));
      }),
    );
    known = [...new Set(found.flat())];
    for (const each of known) {
      if (replicas.has(each)) continue;
      replicas.set(each, { transport: remoteTransport(each), failures: 0, pausedUntil: 0 });
    }
    for (const each of replicas.keys()) if (!known.includes(each)) replicas.delete(each);
  }

  /** The next replica that is not left out, else the one whose pause ends first. */
  function next(but: ReadonlySet<Replica>): Replica | undefined {
    let best: Replica | undefined;
    const time = now();
    for (let step = 0; step < known.length; step++) {
      const replica = replicas.get(known[(turn + step) % known.length] ?? "");
      if (replica === undefined || but.has(replica)) continue;
      if (replica.pausedUntil <= time) {
        turn = (turn + step + 1) % known.length;
        return replica;
      }
      if (best === undefined || replica.pausedUntil < best.pausedUntil) best = replica;
    }
    return best;
  }

  /** @param attempts how often a call may be begun that never left */
  async function onOne<T>(attempts: number, call: (transport: Transport) => Promise<T>): Promise<T> {
    if (known.length === 0) await lookUp();
    else if (now() - lookedUpAt > lookupAgainMs) void lookUp();
    const tried = new Set<Replica>();
    for (let attempt = 1; ; attempt++) {
      const replica = next(tried);
      if (replica === undefined) throw new ConnectError("The service has no address.", Code.Unavailable);
      try {
        const answer = await call(replica.transport);
        replica.failures = 0;
        replica.pausedUntil = 0;
        return answer;
      } catch (error) {
        const isRefused = isStreamRefused(error);
        if (!isRefused && !isNotConnected(error)) throw error;
        if (!isRefused) {
          replica.pausedUntil = now() + Math.min(firstPauseMs * 2 ** replica.failures++, longestPauseMs);
          tried.add(replica);
        }
        if (attempt >= attempts || tried.size >= known.length) throw error;
      }
    }
  }

  return {
    unary: (...call) => onOne(maxAttempts, (transport) => transport.unary(...call)),
    // What it sends is there only once.
    stream: (...call) => onOne(1, (transport) => transport.stream(...call)),
  };
}

/** A name of this machine may have an address that nobody listens on; it is left to the system. */
function isSingle(hostname: string): boolean {
  return hostname === "localhost" || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
}

function withHost(origin: string, address: string): string {
  const url = new URL(origin);
  url.hostname = isIP(address) === 6 ? `[${address}]` : address;
  return url.origin;
}

/** All addresses of one family: a machine's second address is not a second replica. */
async function addressesOf(name: string): Promise<readonly string[]> {
  const found = await dnsLookup(name, { all: true });
  const [first] = found;
  return found.filter(({ family }) => family === first?.family).map(({ address }) => address);
}
