import { trace } from "@opentelemetry/api";
import { attribute, event as logEvent, metric } from "../../../gen/telemetry/registry.ts";
import { text } from "../../platform/config/environment.ts";
import { consumerWorker } from "../../platform/events/consumer-worker.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { fraudDetectionFaults } from "./faults.ts";
import { observeOrder } from "./observe-order.ts";
import { scoreOrder } from "./rules.ts";
import { verdictMigrations, verdictStore } from "./store.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const { log, environment, telemetry } = context;
  const { demoFraudVerdicts: verdictCount } = metric;
  const verdicts = telemetry.meter.createCounter(verdictCount.name, verdictCount);
  const store = verdictStore(await context.database({ migrations: verdictMigrations, poolSize: 4 }));
  const events = await context.events();
  const faults = fraudDetectionFaults(context);
  const consumer = consumerWorker(events, {
    group: "fraud-detection",
    topic: text(environment, "KAFKA_TOPIC") ?? "orders",
    async handler(event) {
      await faults.beforeOrder();
      const order = observeOrder(event);
      const score = await store.judge(order, scoreOrder);
      trace.getActiveSpan()?.setAttribute(attribute.demoEventDuplicate, score === undefined);
      if (score === undefined) return;
      const about = { [attribute.demoFraudVerdict]: score.verdict, [attribute.demoFraudScore]: score.points };
      verdicts.add(1, { [attribute.demoFraudVerdict]: score.verdict });
      trace.getActiveSpan()?.setAttributes(about);
      log.info(
        {
          event: logEvent.fraudOrderScored,
          [attribute.demoOrderId]: order.orderId,
          ...about,
          [attribute.demoFraudRules]: score.reasons.map(({ rule }) => rule),
        },
        "Order scored",
      );
    },
  });
  return { workers: [consumer], isReady: async () => consumer.isConnected() && (await store.isReachable()) };
}
