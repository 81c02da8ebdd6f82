import { metric } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, line, panelLink } from "../dashboard.ts";
import { kafkaMetric } from "../engine-metrics.ts";
import { chart, colour, stat, table } from "../panel.ts";
import { gauge, mean, orZero, quantile, rate, series } from "../promql.ts";
import { promql } from "../query.ts";
import { runbookUrl } from "./runbooks.ts";

// What Kafka keeps for itself begins with two underscores.
const topics = { topic: { like: "[^_].*" } } as const;
const byTopic = { where: topics, by: ["topic"] } as const;
/** The offset of what comes next goes up by one with every message. */
const written = `sum by (topic) (rate(${series(kafkaMetric.offset, topics)}[$__rate_interval]))`;
const handled = `sum by (group, topic) (rate(${series(kafkaMetric.handled, topics)}[$__rate_interval]))`;

export const kafka: Dashboard = {
  uid: "orrery-kafka",
  title: "Kafka",
  description:
    "The broker that carries orders to their consumers: what is written, who reads it, and who falls behind.",
  sections: [
    {
      lines: [
        line(
          4,
          [
            6,
            stat({
              title: "Brokers",
              description: "Brokers that answer. None is bad: orders wait in checkout's outbox.",
              unit: "none",
              graph: false,
              thresholds: { bad: 1, badIs: "below" },
              queries: [promql("A", gauge("max", kafkaMetric.brokers))],
            }),
          ],
          [
            6,
            stat({
              title: "Messages",
              description: "Messages written, per second.",
              unit: "reqps",
              queries: [promql("A", `sum(${written})`)],
            }),
          ],
          [
            6,
            stat({
              title: "Behind",
              description:
                "Messages that the consumer that is furthest behind has not handled. Above 100 an alert is raised.",
              unit: "locale",
              thresholds: { watch: 20, bad: 100 },
              queries: [
                promql("A", `max(${gauge("sum", kafkaMetric.lag, { where: topics, by: ["group", "topic"] })})`),
              ],
              links: [panelLink("Runbook", runbookUrl("consumer-lag"))],
            }),
          ],
          [
            6,
            stat({
              title: "Partitions out of step",
              description: "Partitions of which a copy is missing. 0 is normal.",
              unit: "none",
              graph: false,
              thresholds: { bad: 1 },
              queries: [
                promql("A", orZero(`count((${series(kafkaMetric.replicas)} - ${series(kafkaMetric.inSync)}) > 0)`)),
              ],
            }),
          ],
        ),
        line(
          8,
          [
            8,
            chart({
              title: "Written",
              description: "Messages per second, by topic. Those in a dead-letter topic could not be handled.",
              unit: "reqps",
              queries: [promql("A", written, { legend: "{{topic}}" })],
            }),
          ],
          [
            8,
            chart({
              title: "Handled",
              description: "Messages per second that each group of consumers has handled.",
              unit: "reqps",
              queries: [promql("A", handled, { legend: "{{group}}: {{topic}}" })],
            }),
          ],
          [
            8,
            chart({
              title: "Behind",
              description:
                "Messages that each group has not handled yet. A line that only climbs is a consumer that cannot follow.",
              unit: "locale",
              thresholds: { bad: 100 },
              queries: [
                promql("A", gauge("sum", kafkaMetric.lag, { where: topics, by: ["group", "topic"] }), {
                  legend: "{{group}}: {{topic}}",
                }),
              ],
              links: [panelLink("Runbook", runbookUrl("consumer-lag"))],
            }),
          ],
        ),
        line(
          8,
          [
            8,
            chart({
              title: "From publication to consumer",
              description: "95 of 100 messages reach their consumer within this time.",
              unit: "s",
              thresholds: { bad: 5 },
              queries: [
                promql("A", quantile(0.95, metric.demoEventDelay, { by: ["service.name"] }), {
                  legend: "{{service_name}}",
                  exemplars: true,
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Handling a message",
              description: "Mean time that each consumer takes over a message.",
              unit: "s",
              queries: [
                promql("A", mean(metric.messagingProcessDuration, { by: ["service.name"] }), {
                  legend: "{{service_name}}",
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Consumers",
              description:
                "Members of each group. None means that nobody reads; a new one stops the others for a moment.",
              unit: "none",
              queries: [promql("A", gauge("max", kafkaMetric.members, { by: ["group"] }), { legend: "{{group}}" })],
            }),
          ],
        ),
        line(
          8,
          [
            12,
            table({
              title: "Topics",
              description: "Partitions of each topic, and how many messages it keeps.",
              unit: "locale",
              sortBy: "Kept",
              queries: [
                promql("partitions", gauge("max", kafkaMetric.partitions, byTopic)),
                promql(
                  "kept",
                  `${gauge("sum", kafkaMetric.offset, byTopic)} - ${gauge("sum", kafkaMetric.oldest, byTopic)}`,
                ),
              ],
              columns: [
                { field: "topic", name: "Topic" },
                { field: "Value #partitions", name: "Partitions", width: 120 },
                { field: "Value #kept", name: "Kept", unit: "locale", width: 140 },
              ],
            }),
          ],
          [
            12,
            chart({
              title: "Published by checkout",
              description: "Messages per second that checkout says it has published: the same as are written.",
              unit: "reqps",
              queries: [
                promql("A", rate(metric.messagingClientSentMessages, { by: ["messaging.destination.name"] }), {
                  legend: "{{messaging_destination_name}}",
                  color: colour.neutral,
                }),
              ],
            }),
          ],
        ),
      ],
    },
  ],
};
