import { type Dashboard, line } from "../dashboard.ts";
import { checkMetric, collectorMetric } from "../engine-metrics.ts";
import { chart, colour, stat, table } from "../panel.ts";
import { gauge, orZero, rate, series } from "../promql.ts";
import { promql } from "../query.ts";

const signals = [
  ["spans", "Spans"],
  ["metric_points", "Metric points"],
  ["log_records", "Log records"],
] as const;

/** All three signals in one, with a label that tells which. */
function bySignal(expression: (what: (typeof signals)[number][0]) => string): string {
  return signals
    .map(([what, title]) => `label_replace(${expression(what)}, "signal", "${title.toLowerCase()}", "", "")`)
    .join(" or ");
}

export const collector: Dashboard = {
  uid: "orrery-collector",
  title: "Collector",
  description: "What goes through the OpenTelemetry Collector: taken, refused, sent on, failed, and what waits.",
  sections: [
    {
      lines: [
        line(
          4,
          [
            6,
            stat({
              title: "Refused",
              description: "Spans, points and records a second that it did not take, for want of memory. 0 is normal.",
              unit: "reqps",
              thresholds: { bad: 0.001 },
              queries: [promql("A", orZero(`sum(${bySignal((what) => rate(collectorMetric.refused(what)))})`))],
            }),
          ],
          [
            6,
            stat({
              title: "Not sent",
              description: "Spans, points and records a second that a backend did not take. 0 is normal.",
              unit: "reqps",
              thresholds: { bad: 0.001 },
              queries: [promql("A", orZero(`sum(${bySignal((what) => rate(collectorMetric.failed(what)))})`))],
            }),
          ],
          [
            6,
            stat({
              title: "Fullest queue",
              description: "How full the queue to the slowest backend is. A full one loses what comes.",
              unit: "percentunit",
              decimals: 1,
              thresholds: { watch: 0.5, bad: 0.8 },
              queries: [
                promql("A", `max(${series(collectorMetric.queued)} / ${series(collectorMetric.queueCapacity)})`),
              ],
            }),
          ],
          [
            6,
            stat({
              title: "Runs for",
              description: "Time since the Collector started. One that starts again and again runs out of memory.",
              unit: "dtdurations",
              graph: false,
              queries: [promql("A", `max(${series(collectorMetric.uptime)})`, { instant: true })],
            }),
          ],
        ),
      ],
    },
    {
      title: "In and out",
      lines: [
        line(
          8,
          ...signals.map(
            ([what, title]) =>
              [
                8,
                chart({
                  title,
                  description: `${title} per second: taken by each receiver, and sent by each exporter.`,
                  unit: "reqps",
                  queries: [
                    promql("in", rate(collectorMetric.accepted(what), { by: ["receiver"] }), {
                      legend: "in: {{receiver}}",
                    }),
                    promql("out", rate(collectorMetric.sent(what), { by: ["exporter"] }), {
                      legend: "out: {{exporter}}",
                    }),
                  ],
                }),
              ] as const,
          ),
        ),
        line(
          8,
          [
            8,
            chart({
              title: "Refused and not sent",
              description: "What was lost or will be tried again, per second. Nothing is normal.",
              unit: "reqps",
              quiet: "all is taken and sent",
              queries: [
                promql(
                  "refused",
                  `${bySignal((what) => rate(collectorMetric.refused(what), { by: ["receiver"] }))} > 0`,
                  { legend: "refused by {{receiver}}: {{signal}}" },
                ),
                promql(
                  "failed",
                  `${bySignal((what) => rate(collectorMetric.failed(what), { by: ["exporter"] }))} > 0`,
                  { legend: "not sent by {{exporter}}: {{signal}}" },
                ),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Queues",
              description: "How full each exporter's queue is.",
              unit: "percentunit",
              max: 1,
              thresholds: { bad: 0.8 },
              queries: [
                promql(
                  "A",
                  `${gauge("max", collectorMetric.queued, { by: ["exporter", "data_type"] })} / ${gauge("max", collectorMetric.queueCapacity, { by: ["exporter", "data_type"] })}`,
                  { legend: "{{exporter}}: {{data_type}}" },
                ),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Processors",
              description:
                "What comes into each processor less what goes out of it, per second: what is sampled away or filtered out.",
              unit: "reqps",
              queries: [
                promql(
                  "A",
                  `${rate(collectorMetric.incoming, { by: ["processor", "otel_signal"] })} - ${rate(collectorMetric.outgoing, { by: ["processor", "otel_signal"] })}`,
                  { legend: "{{processor}}: {{otel_signal}}" },
                ),
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "What it asks by itself",
      lines: [
        line(
          8,
          [
            8,
            table({
              title: "Checks",
              description: "What it asks by HTTP, and how long the answer took. What is not up is away.",
              unit: "short",
              queries: [
                promql(
                  "up",
                  gauge("max", checkMetric.status, { where: { "http.status_class": "2xx" }, by: ["http.url"] }),
                ),
                promql("took", gauge("max", checkMetric.duration, { by: ["http.url"] })),
              ],
              columns: [
                { field: "http_url", name: "What" },
                { field: "Value #up", name: "Up", width: 70, thresholds: { bad: 1, badIs: "below" } },
                { field: "Value #took", name: "Took", unit: "ms", width: 90 },
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Scraped",
              description: "Points a second that its receivers fetch from stores, brokers and machines.",
              unit: "reqps",
              queries: [promql("A", rate(collectorMetric.scraped, { by: ["receiver"] }), { legend: "{{receiver}}" })],
            }),
          ],
          [
            8,
            chart({
              title: "Scrapes that failed",
              description:
                "Points a second that could not be fetched, by receiver: what it asks is away. Nothing is normal.",
              unit: "reqps",
              quiet: "all can be asked",
              queries: [
                promql("A", `${rate(collectorMetric.scrapeErrors, { by: ["receiver"] })} > 0`, {
                  legend: "{{receiver}}",
                  color: colour.bad,
                }),
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "Its process",
      lines: [
        line(
          7,
          [
            12,
            chart({
              title: "CPU",
              description: "Share of one core.",
              unit: "percentunit",
              queries: [promql("A", rate(collectorMetric.cpu), { legend: "CPU", color: colour.neutral })],
            }),
          ],
          [
            12,
            chart({
              title: "Memory",
              description: "Resident memory and heap. At its limit it refuses what comes.",
              unit: "bytes",
              queries: [
                promql("resident", gauge("sum", collectorMetric.memory), { legend: "resident", color: colour.neutral }),
                promql("heap", gauge("sum", collectorMetric.heap), { legend: "heap", color: colour.second }),
              ],
            }),
          ],
        ),
      ],
    },
  ],
};
