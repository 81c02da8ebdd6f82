import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@connectrpc/connect";
import { PaymentService } from "../../../gen/oteldemo/payment_pb.ts";
import type { EventRecord } from "../../platform/events/event-log.ts";
import { flagWorker } from "../../platform/flags/flag-worker.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import type { Database } from "../../platform/sql/database.ts";

/** A port of this machine that nobody listens on, so that nobody is asked who that name is. */
const nobody = { name: "badAddress", origin: "http://127.0.0.1:1" };

const betweenLocksMs = 100;

/** What the flags of checkout break. */
export function checkoutFaults(context: Pick<ServiceContext, "flags" | "client" | "log">) {
  const { flags, log } = context;
  let publishedLast: readonly EventRecord[] = [];
  return {
    /** Keeps others from writing orders, for a while and again. */
    locking: ({ sql }: Pick<Database, "sql">) =>
      flagWorker({
        flags,
        log,
        isOn: async () => (await flags.value("checkoutLockContention", 0)) > 0,
        async round(signal) {
          const seconds = await flags.value("checkoutLockContention", 0);
          await sql.begin(async (tx) => {
            await tx`lock table orders in share row exclusive mode`;
            await tx`select pg_sleep(${seconds})`;
          });
          await sleep(betweenLocksMs, undefined, { signal });
        },
      }),
    /** Payment, as long as it can be reached. */
    payment(reachable: Client<typeof PaymentService>): Pick<Client<typeof PaymentService>, "charge" | "refund"> {
      const unreachable = context.client(PaymentService, {}, nobody);
      const payment = async () => ((await flags.value("paymentUnreachable", false)) ? unreachable : reachable);
      return {
        charge: async (...call) => (await payment()).charge(...call),
        refund: async (...call) => (await payment()).refund(...call),
      };
    },
    /** Publishes further copies of what was published: the same events, each with its number. */
    async afterPublish(
      events: readonly EventRecord[],
      publish: (copies: readonly EventRecord[]) => Promise<void>,
    ): Promise<void> {
      if (await flags.value("orderEventsReplayed", false)) await again(publishedLast.toReversed(), publish);
      publishedLast = events;
      const copies = await flags.value("kafkaQueueProblems", 0);
      for (let copy = 1; copy <= copies; copy++) {
        const marked = events.map((event) => ({ ...event, headers: { ...event.headers, [copyHeader]: String(copy) } }));
        try {
          await publish(marked);
        } catch (error) {
          // The events themselves are out.
          log.warn({ error, copy }, "Events cannot be published once more");
          return;
        }
      }
    },
  };
}

/** Publishes what has been published before. */
async function again(
  events: readonly EventRecord[],
  publish: (copies: readonly EventRecord[]) => Promise<void>,
): Promise<void> {
  if (events.length > 0) await publish(events).catch(() => {});
}

/** Which copy of an event it is; the event itself has none. */
const copyHeader = "orrery-copy";
