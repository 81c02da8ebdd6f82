import { metric } from "../../../../gen/telemetry/registry.ts";
import { labelName } from "../../prometheus-names.ts";
import { type Dashboard, dashboardUrl, labelVariable, line, panelLink } from "../dashboard.ts";
import { recordLabel, recordRate, recordsOf } from "../logql.ts";
import { chart, colour, heatmap, records, stat, table, traces } from "../panel.ts";
import {
  entryQuantile,
  entryRate,
  entrySeries,
  failedEntryRate,
  failedShare,
  quantile,
  rate,
  series,
  shareOf,
} from "../promql.ts";
import { logql, promql, tracesOf } from "../query.ts";
import { runbookUrl } from "./runbooks.ts";

const here = { "service.name": "$service" } as const;
const where = { where: here };

/** The name of what is asked, whichever of the three kinds it is. */
function operation(expression: string): string {
  const from = (key: string, into: string) => `label_replace(${into}, "operation", "$1", "${labelName(key)}", "(.+)")`;
  return from("messaging.destination.name", from("http.route", from("rpc.method", expression)));
}
const entryKeys = ["rpc.method", "http.route", "http.request.method", "messaging.destination.name"] as const;

/**
 * Several services may share a process, which tells of itself as a service of its own: an instance's id begins with the
 * process's.
 */
function ofProcess(expression: string): string {
  const withProcess = (of: string) => `label_replace(${of}, "process", "$1", "service_instance_id", "(.+)/.+")`;
  const mine = `max by (process) (${withProcess(`target_info{service_name="$service"}`)})`;
  return `${withProcess(expression)} * on (process) group_left () ${mine}`;
}

export const service: Dashboard = {
  uid: "orrery-service",
  title: "Service",
  description: "One service: what it is asked, what it asks of others, its process, its traces and its log.",
  variables: [
    labelVariable("service", {
      label: "Service",
      description: "Which service is shown",
      series: entrySeries(),
      key: "service.name",
      first: "checkout",
    }),
  ],
  sections: [
    {
      lines: [
        line(
          4,
          [
            5,
            stat({
              title: "Asked",
              description: "Calls, requests and messages that come to the service, per second.",
              unit: "reqps",
              queries: [promql("A", entryRate(where))],
            }),
          ],
          [
            5,
            stat({
              title: "Failing",
              description: "Share of them that fails by the service's own fault. 0 is normal.",
              unit: "percentunit",
              decimals: 2,
              thresholds: { watch: 0.001, bad: 0.01 },
              queries: [promql("A", failedShare(where))],
            }),
          ],
          [
            5,
            stat({
              title: "Time to answer",
              description: "95 of 100 take no longer than this.",
              unit: "s",
              thresholds: { watch: 0.5, bad: 1 },
              queries: [promql("A", entryQuantile(0.95, where))],
            }),
          ],
          [
            5,
            stat({
              title: "Instances",
              description: "How many of it send telemetry now. None is bad.",
              unit: "none",
              graph: false,
              thresholds: { bad: 1, badIs: "below" },
              queries: [
                promql("A", 'count(count by (instance) (target_info{service_name="$service"}))', { instant: true }),
              ],
            }),
          ],
          [
            4,
            stat({
              title: "Alerts",
              description: "Alerts about it that are raised now. 0 is normal.",
              unit: "none",
              graph: false,
              thresholds: { bad: 1 },
              queries: [
                promql("A", 'count(ALERTS{alertstate="firing",service="$service"}) or vector(0)', { instant: true }),
              ],
              links: [panelLink("Objectives and alerts", dashboardUrl("orrery-objectives"))],
            }),
          ],
        ),
      ],
    },
    {
      title: "What it is asked",
      lines: [
        line(
          8,
          [
            8,
            chart({
              title: "Rate",
              description: "Calls, requests and messages per second, by operation.",
              unit: "reqps",
              queries: [promql("A", operation(entryRate({ ...where, by: entryKeys })), { legend: "{{operation}}" })],
            }),
          ],
          [
            8,
            chart({
              title: "Failures",
              description: "Failed ones per second, by error. Nothing is normal.",
              unit: "reqps",
              quiet: "nothing fails",
              queries: [
                promql("A", failedEntryRate({ ...where, by: ["error.type"] }), {
                  legend: "{{error_type}}",
                  color: colour.bad,
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Duration",
              description:
                "Half of them, 95 and 99 of 100 take no longer than this. Points are single ones; click for the trace.",
              unit: "s",
              queries: [
                promql("p50", entryQuantile(0.5, where), { legend: "50 %", color: colour.third }),
                promql("p95", entryQuantile(0.95, where), { legend: "95 %", color: colour.neutral, exemplars: true }),
                promql("p99", entryQuantile(0.99, where), { legend: "99 %", color: colour.second }),
              ],
            }),
          ],
        ),
        line(
          9,
          [
            10,
            heatmap({
              title: "Spread of durations",
              description:
                "How many took how long. Two bands are two kinds of answers: a cache that is hit and one that is not.",
              unit: "s",
              query: promql("A", `sum by (le) (increase(${entrySeries(here, "_bucket")}[$__rate_interval]))`, {
                legend: "{{le}}",
              }),
            }),
          ],
          [
            14,
            table({
              title: "Operations",
              description: "Each operation over the last five minutes.",
              unit: "short",
              sortBy: "Rate",
              queries: [
                promql("rate", operation(entryRate({ ...where, by: entryKeys, window: "5m" }))),
                promql("failing", operation(failedShare({ ...where, by: entryKeys, window: "5m" }))),
                promql("p95", operation(entryQuantile(0.95, { ...where, by: entryKeys, window: "5m" }))),
              ],
              columns: [
                { field: "http_request_method", name: "Method", width: 90 },
                { field: "operation", name: "Operation" },
                { field: "Value #rate", name: "Rate", unit: "reqps", decimals: 2, width: 110 },
                {
                  field: "Value #failing",
                  name: "Failing",
                  unit: "percentunit",
                  decimals: 1,
                  width: 90,
                  thresholds: { watch: 0.001, bad: 0.01 },
                },
                { field: "Value #p95", name: "95th pct", unit: "s", decimals: 1, width: 100 },
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "What it asks of others",
      lines: [
        line(
          8,
          [
            8,
            chart({
              title: "Calls",
              description: "Calls that it makes, per second, by callee. A retry counts again.",
              unit: "reqps",
              quiet: "the service calls no other",
              queries: [
                promql("A", rate(metric.rpcClientCallDuration, { ...where, by: ["server.address"] }), {
                  legend: "{{server_address}}",
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Failures of calls",
              description: "Share of its calls that fail by the callee's fault, by callee. 0 is normal.",
              unit: "percentunit",
              quiet: "the service calls no other",
              queries: [
                promql(
                  "A",
                  shareOf(
                    rate(metric.rpcClientCallDuration, {
                      where: { ...here, "error.type": { not: "" } },
                      by: ["server.address"],
                    }),
                    rate(metric.rpcClientCallDuration, { ...where, by: ["server.address"] }),
                  ),
                  { legend: "{{server_address}}" },
                ),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Time of calls",
              description: "95 of 100 calls are answered within this time, by callee: who is waited for.",
              unit: "s",
              quiet: "the service calls no other",
              queries: [
                promql("A", quantile(0.95, metric.rpcClientCallDuration, { ...where, by: ["server.address"] }), {
                  legend: "{{server_address}}",
                  exemplars: true,
                }),
              ],
            }),
          ],
        ),
        line(
          8,
          [
            12,
            chart({
              title: "Statements",
              description: "SQL statements per second, those of background work too.",
              unit: "reqps",
              legend: "table",
              quiet: "the service has no database",
              queries: [
                promql("A", rate(metric.dbClientOperationDuration, { ...where, by: ["db.query.summary"] }), {
                  legend: "{{db_query_summary}}",
                }),
              ],
            }),
          ],
          [
            12,
            chart({
              title: "Time of statements",
              description: "95 of 100 take no longer than this, with the wait for a connection.",
              unit: "s",
              legend: "table",
              quiet: "the service has no database",
              queries: [
                promql("A", quantile(0.95, metric.dbClientOperationDuration, { ...where, by: ["db.query.summary"] }), {
                  legend: "{{db_query_summary}}",
                  exemplars: true,
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
            6,
            chart({
              title: "CPU",
              description: "Share of one core that the process takes. JavaScript runs on one: 100 % is the limit.",
              unit: "percentunit",
              queries: [
                promql("A", ofProcess(rate(metric.processCpuTime, { by: ["service.instance.id", "cpu.mode"] })), {
                  legend: "{{cpu_mode}}",
                }),
              ],
              stacked: true,
            }),
          ],
          [
            6,
            chart({
              title: "Memory",
              description: "Resident memory and JavaScript's heap. A heap that only grows is a leak.",
              unit: "bytes",
              queries: [
                promql("resident", ofProcess(series(metric.processMemoryUsage)), {
                  legend: "resident",
                  color: colour.neutral,
                }),
                promql("heap", ofProcess(series(metric.v8jsMemoryHeapUsed)), { legend: "heap", color: colour.second }),
              ],
            }),
          ],
          [
            6,
            chart({
              title: "Delay of the event loop",
              description:
                "How late the process comes to what it has to do: 99th percentile. Above 0.25 s an alert is raised.",
              unit: "s",
              thresholds: { watch: 0.1, bad: 0.25 },
              queries: [
                promql("p99", ofProcess(series(metric.nodejsEventloopDelayP99)), {
                  legend: "99 %",
                  color: colour.neutral,
                }),
                promql("mean", ofProcess(series(metric.nodejsEventloopDelayMean)), {
                  legend: "mean",
                  color: colour.third,
                }),
              ],
              links: [panelLink("Runbook", runbookUrl("event-loop-delay"))],
            }),
          ],
          [
            6,
            chart({
              title: "Busy",
              description: "Share of time that the event loop is busy. Above 90 % an alert is raised.",
              links: [panelLink("Runbook", runbookUrl("event-loop-busy"))],
              unit: "percentunit",
              max: 1,
              thresholds: { watch: 0.7, bad: 0.9 },
              queries: [
                promql("A", ofProcess(series(metric.nodejsEventloopUtilization)), {
                  legend: "busy",
                  color: colour.neutral,
                }),
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "Its traces and its log",
      lines: [
        line(
          8,
          [
            14,
            traces({
              title: "Traces",
              description: "The latest traces that it has a part in. A click opens one.",
              query: tracesOf("$service"),
            }),
          ],
          [
            10,
            chart({
              title: "Records by severity",
              description: "Log records per minute. Warnings and errors are rare.",
              unit: "cpm",
              stacked: true,
              queries: [
                logql("A", `60 * ${recordRate({ service: "$service" }, [recordLabel.severity])}`, {
                  legend: `{{${recordLabel.severity}}}`,
                }),
              ],
            }),
          ],
        ),
        line(10, [
          24,
          records({
            title: "Log",
            description: "What it tells, the latest first. A record that was made in a trace leads to it.",
            query: logql("A", recordsOf({ service: "$service" }), { limit: 200 }),
          }),
        ]),
      ],
    },
  ],
};
