import type { Base } from "@platformatic/kafka";
import { EventLogUnavailableError } from "./event-log.ts";

/**
 * What is asked of a broker, with the oldest version of it that is asked: of the last, the one that `recordOffsets`
 * sends, of the others the oldest that the client knows how to write.
 */
const needed = [
  ["Produce", 3],
  ["InitProducerId", 0],
  ["Fetch", 4],
  ["OffsetCommit", 8],
] as const;

/** The first in which a broker has all that is needed: OffsetCommit 8 came with it (KIP-482). */
const oldestVersion = "2.4";

/**
 * Asks a broker what it can do, before anything else is asked of it: an older one answers nothing that it does not
 * know, it hangs up.
 *
 * @throws EventLogUnavailableError that says what the broker lacks; whoever changes the broker need not restart us
 */
export async function requireSupport(client: Pick<Base, "listApis">, brokers: readonly string[]): Promise<void> {
  const lacking = await lackingOf(client);
  if (lacking === undefined) return;
  throw new EventLogUnavailableError(
    `Kafka at ${brokers.join(",")} is too old: ${lacking}. Version ${oldestVersion} or newer is needed. See KAFKA_ADDR.`,
  );
}

async function lackingOf(client: Pick<Base, "listApis">): Promise<string | undefined> {
  const offered = new Map((await client.listApis()).map(({ name, maxVersion }) => [name, maxVersion]));
  for (const [name, version] of needed) {
    const newest = offered.get(name);
    if (newest === undefined) return `it does not know ${name}`;
    if (newest < version) return `it knows ${name} up to version ${newest}, and ${version} is needed`;
  }
  return undefined;
}
