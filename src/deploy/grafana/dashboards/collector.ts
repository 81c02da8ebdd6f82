import { type Dashboard, line, panelLink } from "../dashboard.ts";
import { checkMetric, collectorMetric, hostMetric } from "../engine-metrics.ts";
import { bars, chart, colour, stat, table } from "../panel.ts";
import { gauge, orZero, rate, series } from "../promql.ts";
import { promql } from "../query.ts";
import { runbookUrl } from "./runbooks.ts";

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

/** 1 where the answer is a good one and says that the service serves. */
const serves = `(${gauge("max", checkMetric.status, { where: { "http.status_class": "2xx" }, by: ["http.url"] })} unless ${gauge("max", checkMetric.notServing, { by: ["http.url"] })} > 0) or ${gauge("max", checkMetric.duration, { by: ["http.url"] })} * 0`;

export const collector: Dashboard = {
  uid: "orrery-collector",
  title: "Collector and machine",
  description:
    "What goes through the OpenTelemetry Collector, whether services answer it, and the machine that it runs on.",
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
              links: [panelLink("Runbook", runbookUrl("collector-dropping"))],
              unit: "reqps",
              thresholds: { bad: 0.001 },
              queries: [promql("A", orZero(`sum(${bySignal((what) => rate(collectorMetric.refused[what]))})`))],
            }),
          ],
          [
            6,
            stat({
              title: "Not sent",
              description: "Spans, points and records a second that a backend did not take. 0 is normal.",
              links: [panelLink("Runbook", runbookUrl("collector-dropping"))],
              unit: "reqps",
              thresholds: { bad: 0.001 },
              queries: [promql("A", orZero(`sum(${bySignal((what) => rate(collectorMetric.failed[what]))})`))],
            }),
          ],
          [
            6,
            stat({
              title: "Fullest queue",
              description: "How full the queue to the slowest backend is. A full one loses what comes.",
              links: [panelLink("Runbook", runbookUrl("collector-queue"))],
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
              links: [panelLink("Runbook", runbookUrl("collector-down"))],
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
                    promql("in", rate(collectorMetric.accepted[what], { by: ["receiver"] }), {
                      legend: "in: {{receiver}}",
                    }),
                    promql("out", rate(collectorMetric.sent[what], { by: ["exporter"] }), {
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
              links: [panelLink("Runbook", runbookUrl("collector-dropping"))],
              unit: "reqps",
              quiet: "all is taken and sent",
              queries: [
                promql(
                  "refused",
                  `${bySignal((what) => rate(collectorMetric.refused[what], { by: ["receiver"] }))} > 0`,
                  { legend: "refused by {{receiver}}: {{signal}}" },
                ),
                promql(
                  "failed",
                  `${bySignal((what) => rate(collectorMetric.failed[what], { by: ["exporter"] }))} > 0`,
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
              links: [panelLink("Runbook", runbookUrl("collector-queue"))],
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
              description:
                "Whether each service answers that it serves, and how long the answer takes. What is not 1 is away, or waits for what it needs.",
              unit: "short",
              queries: [
                promql("serves", serves),
                promql("took", gauge("max", checkMetric.duration, { by: ["http.url"] })),
              ],
              columns: [
                { field: "http_url", name: "What" },
                { field: "Value #serves", name: "Serves", width: 80, thresholds: { bad: 1, badIs: "below" } },
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
    {
      title: "The machine",
      lines: [
        line(
          8,
          [
            6,
            chart({
              title: "CPU of the machine",
              description: "Share of all cores that is busy, by what with. Near 100 % everything waits.",
              unit: "percentunit",
              max: 1,
              stacked: true,
              queries: [
                promql("A", gauge("avg", hostMetric.cpu, { where: { state: { not: "idle" } }, by: ["state"] }), {
                  legend: "{{state}}",
                }),
              ],
            }),
          ],
          [
            6,
            chart({
              title: "Memory of the machine",
              description: "What takes the machine's memory. What is cached or free can be had.",
              unit: "bytes",
              stacked: true,
              queries: [
                promql("A", gauge("sum", hostMetric.memory, { where: { state: { not: "free" } }, by: ["state"] }), {
                  legend: "{{state}}",
                }),
              ],
            }),
          ],
          [
            6,
            chart({
              title: "Disk and network",
              description: "Bytes per second that are read, written, received and sent, over all devices.",
              unit: "Bps",
              queries: [
                promql("disk", rate(hostMetric.disk, { by: ["direction"] }), { legend: "disk: {{direction}}" }),
                promql("network", rate(hostMetric.network, { where: { device: { not: "lo" } }, by: ["direction"] }), {
                  legend: "network: {{direction}}",
                }),
              ],
            }),
          ],
          [
            6,
            bars({
              title: "Full disks",
              description: "How full each file system is. Stores stop on a full one.",
              unit: "percentunit",
              decimals: 0,
              thresholds: { watch: 0.8, bad: 0.9 },
              queries: [
                promql("A", gauge("max", hostMetric.filesystem, { by: ["mountpoint"] }), {
                  legend: "{{mountpoint}}",
                  instant: true,
                }),
              ],
            }),
          ],
        ),
      ],
    },
  ],
};
