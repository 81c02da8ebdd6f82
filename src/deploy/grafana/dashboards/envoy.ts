import { event } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, line, toService } from "../dashboard.ts";
import { envoyMetric } from "../engine-metrics.ts";
import { recordsOf } from "../logql.ts";
import { chart, colour, heatmap, records, stat, table } from "../panel.ts";
import { placeholder } from "../placeholder.ts";
import { buckets, gauge, quantile, rate, shareOf } from "../promql.ts";
import { logql, promql } from "../query.ts";

const byClass = { by: ["envoy.response_code_class"] } as const;
const byCluster = { by: ["envoy.cluster_name"] } as const;
const failed = { "envoy.response_code_class": "5" } as const;
const toCluster = toService(placeholder("__field.labels.envoy_cluster_name"));

export const envoy: Dashboard = {
  uid: "orrery-envoy",
  title: "Envoy",
  description: "The front proxy: what comes in, what it answers, and how the services behind it fare.",
  sections: [
    {
      lines: [
        line(
          4,
          [
            5,
            stat({
              title: "Requests",
              description: "Requests at the front port, per second.",
              unit: "reqps",
              queries: [promql("A", rate(envoyMetric.requests))],
            }),
          ],
          [
            5,
            stat({
              title: "Answered with 5xx",
              description: "Share of requests that the shop failed. 0 is normal.",
              unit: "percentunit",
              decimals: 2,
              thresholds: { watch: 0.001, bad: 0.01 },
              queries: [promql("A", shareOf(rate(envoyMetric.answers, { where: failed }), rate(envoyMetric.requests)))],
            }),
          ],
          [
            5,
            stat({
              title: "Time to answer",
              description: "95 of 100 requests are answered within this time, streams among them.",
              unit: "ms",
              decimals: 0,
              thresholds: { watch: 500, bad: 1_000 },
              queries: [promql("A", quantile(0.95, envoyMetric.duration))],
            }),
          ],
          [
            5,
            stat({
              title: "Connections",
              description: "Open connections from outside. 10,000 is the limit.",
              unit: "locale",
              thresholds: { watch: 5_000, bad: 9_000 },
              queries: [promql("A", gauge("sum", envoyMetric.connections))],
            }),
          ],
          [
            4,
            stat({
              title: "Runs for",
              description: "Time since Envoy started.",
              unit: "dtdurations",
              graph: false,
              queries: [promql("A", gauge("max", envoyMetric.uptime), { instant: true })],
            }),
          ],
        ),
      ],
    },
    {
      title: "At the front",
      lines: [
        line(
          8,
          [
            8,
            chart({
              title: "Answers",
              description:
                "Answers per second by class of status: 2 well, 3 elsewhere, 4 the caller's fault, 5 the shop's.",
              unit: "reqps",
              stacked: true,
              queries: [promql("A", rate(envoyMetric.answers, byClass), { legend: "{{envoy_response_code_class}}xx" })],
            }),
          ],
          [
            8,
            heatmap({
              title: "Spread of durations",
              description: "How many requests took how long, in milliseconds.",
              unit: "ms",
              query: promql("A", buckets(envoyMetric.duration), { legend: "{{le}}" }),
            }),
          ],
          [
            8,
            chart({
              title: "In hand",
              description:
                "Requests and connections that are open. A climb without more requests is a service that is slow.",
              unit: "locale",
              queries: [
                promql("requests", gauge("sum", envoyMetric.active), { legend: "requests", color: colour.neutral }),
                promql("connections", gauge("sum", envoyMetric.connections), {
                  legend: "connections",
                  color: colour.third,
                }),
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "The services behind it",
      lines: [
        line(
          8,
          [
            8,
            chart({
              title: "Requests",
              description: "Requests that it makes of each service, per second; those that it tries again count again.",
              unit: "reqps",
              queries: [
                promql("A", rate(envoyMetric.upstreamRequests, byCluster), { legend: "{{envoy_cluster_name}}" }),
              ],
              valueLinks: [toCluster],
            }),
          ],
          [
            8,
            chart({
              title: "Answered with 5xx",
              description: "Share of these that each service failed. 0 is normal.",
              unit: "percentunit",
              queries: [
                promql(
                  "A",
                  shareOf(
                    rate(envoyMetric.upstreamAnswers, { ...byCluster, where: failed }),
                    rate(envoyMetric.upstreamRequests, byCluster),
                  ),
                  { legend: "{{envoy_cluster_name}}" },
                ),
              ],
              valueLinks: [toCluster],
            }),
          ],
          [
            8,
            chart({
              title: "Time to answer",
              description: "95 of 100 are answered by each service within this time.",
              unit: "ms",
              queries: [
                promql("A", quantile(0.95, envoyMetric.upstreamDuration, byCluster), {
                  legend: "{{envoy_cluster_name}}",
                }),
              ],
              valueLinks: [toCluster],
            }),
          ],
        ),
        line(
          8,
          [
            8,
            table({
              title: "Hosts",
              description: "How many hosts of each service are known, healthy, and left out for their failures.",
              unit: "none",
              queries: [
                promql("known", gauge("max", envoyMetric.members, byCluster)),
                promql("healthy", gauge("max", envoyMetric.healthy, byCluster)),
              ],
              columns: [
                { field: "envoy_cluster_name", name: "Service" },
                { field: "Value #known", name: "Known", width: 90 },
                { field: "Value #healthy", name: "Healthy", width: 90, thresholds: { bad: 1, badIs: "below" } },
              ],
            }),
          ],
          [
            8,
            chart({
              title: "What did not go well at first",
              description:
                "Requests per second that were sent again, that took too long, that found too many waiting, and connections that failed. Nothing is normal.",
              unit: "reqps",
              quiet: "all goes well at first",
              queries: [
                promql("retries", `${rate(envoyMetric.retries, byCluster)} > 0`, {
                  legend: "{{envoy_cluster_name}}: sent again",
                }),
                promql("timeouts", `${rate(envoyMetric.timeouts, byCluster)} > 0`, {
                  legend: "{{envoy_cluster_name}}: too slow",
                }),
                promql("overflows", `${rate(envoyMetric.overflows, byCluster)} > 0`, {
                  legend: "{{envoy_cluster_name}}: too many wait",
                }),
                promql("connect", `${rate(envoyMetric.connectFailures, byCluster)} > 0`, {
                  legend: "{{envoy_cluster_name}}: no connection",
                }),
              ],
              valueLinks: [toCluster],
            }),
          ],
          [
            8,
            chart({
              title: "Limited and left out",
              description:
                "Requests per second beyond the limit of an address, and hosts that are left out for their failures. Nothing is normal.",
              unit: "short",
              quiet: "nobody asks too much and no host fails",
              queries: [
                promql("limited", rate(envoyMetric.limited), { legend: "limited", color: colour.watch }),
                promql("ejected", `${gauge("sum", envoyMetric.ejected, byCluster)} > 0`, {
                  legend: "{{envoy_cluster_name}}: left out",
                }),
              ],
            }),
          ],
        ),
        line(
          9,
          [
            8,
            chart({
              title: "Memory",
              description: "What Envoy has taken of it.",
              unit: "bytes",
              queries: [promql("A", gauge("sum", envoyMetric.memory), { legend: "memory", color: colour.neutral })],
            }),
          ],
          [
            16,
            records({
              title: "Requests that failed",
              description: "The access log: requests that the shop failed, or refused as too many.",
              quiet: "no request fails",
              query: logql(
                "A",
                recordsOf({ event: event.proxyAccess, where: { "demo.log.severity": { like: "WARN|ERROR" } } }),
                { limit: 100 },
              ),
            }),
          ],
        ),
      ],
    },
  ],
};
