import { type Consumer, offsetCommitV8 } from "@platformatic/kafka";
import { within } from "../lifecycle/within.ts";

/** A client is given so long to say goodbye to its broker, in milliseconds: a stop waits for it. */
const closeMs = 1_500;

/** Waits for the end of a client, not for ever: one whose broker is away has nobody to say goodbye to. */
export async function endClient(closing: Promise<unknown> | undefined): Promise<void> {
  await within(closeMs, closing ?? Promise.resolve(), "The client does not close").catch(() => {});
}

export type KafkaClient = Consumer<Buffer, Buffer, Buffer, Buffer>;

/**
 * Records for the client's group that everything before an offset is done, by partition. Sent once: the client's own
 * `commit` joins the group again when a rebalance is under way, beside the heartbeat that does so too, and two that
 * join for one member keep the group from ever settling. Here such an answer is an error, and the heartbeat's matter.
 */
export async function recordOffsets(
  client: KafkaClient,
  topic: string,
  offsets: ReadonlyMap<number, bigint>,
): Promise<void> {
  const coordinator = await client.findGroupCoordinator();
  const connection = (await client.connectToBrokers([coordinator])).get(coordinator);
  const { groupId, generationId, memberId } = client;
  if (connection === undefined || memberId === null) throw new Error("Not a member of the group now");
  const partitions = [...offsets].map(([partitionIndex, committedOffset]) => ({
    partitionIndex,
    committedOffset,
    committedLeaderEpoch: -1,
    committedMetadata: null,
  }));
  await offsetCommitV8.api.async(connection, groupId, generationId, memberId, null, [{ name: topic, partitions }]);
}
