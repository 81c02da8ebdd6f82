import { metric } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, line } from "../dashboard.ts";
import { chart, colour, stat, table } from "../panel.ts";
import { aggregated, gauge, orZero, quantile, rate, series, shownTime } from "../promql.ts";
import { promql } from "../query.ts";

const requests = metric.httpClientRequestDuration;
const generator = { "service.name": "load-generator" } as const;

export const load: Dashboard = {
  uid: "orrery-load",
  title: "Load",
  description:
    "What the load generator asks of the shop, how long that takes as customers see it, and what it finds wrong.",
  sections: [
    {
      lines: [
        line(
          4,
          [
            6,
            stat({
              title: "Users",
              description: "Users that the load generator plays.",
              unit: "none",
              queries: [promql("A", gauge("sum", metric.demoLoadUsers))],
            }),
          ],
          [
            6,
            stat({
              title: "Requests",
              description: "Requests per second, of all users.",
              unit: "reqps",
              queries: [promql("A", rate(requests, { where: generator }))],
            }),
          ],
          [
            6,
            stat({
              title: "Slowest in twenty",
              description: "95th percentile of the time until an answer was there in full, as customers see it.",
              unit: "s",
              queries: [promql("A", quantile(0.95, requests, { where: generator }))],
            }),
          ],
          [
            6,
            stat({
              title: "Checks failed",
              description: "Answers per second that were missing or not as they should be. 0 is normal.",
              unit: "reqps",
              thresholds: { bad: 0.01 },
              queries: [promql("A", orZero(rate(metric.demoLoadChecksFailed)))],
            }),
          ],
        ),
        line(
          8,
          [
            8,
            chart({
              title: "Users by kind",
              description: "Users that send requests, and users that open pages in a browser.",
              unit: "none",
              stacked: true,
              queries: [
                promql("A", gauge("sum", metric.demoLoadUsers, { by: ["demo.load.user.kind"] }), {
                  legend: "{{demo_load_user_kind}}",
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Tasks",
              description: "Tasks per second that users did, by their names.",
              unit: "reqps",
              stacked: true,
              queries: [
                promql("A", rate(metric.demoLoadTasks, { by: ["demo.load.task"] }), { legend: "{{demo_load_task}}" }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Time to answer",
              description: "Half of all answers were there sooner than this, nineteen in twenty, and 99 in 100.",
              unit: "s",
              queries: [
                promql("p50", quantile(0.5, requests, { where: generator }), {
                  legend: "median",
                  color: colour.neutral,
                }),
                promql("p95", quantile(0.95, requests, { where: generator }), { legend: "95 %", color: colour.second }),
                promql("p99", quantile(0.99, requests, { where: generator }), { legend: "99 %", color: colour.watch }),
              ],
            }),
          ],
        ),
        line(
          9,
          [
            12,
            chart({
              title: "Requests by what is asked for",
              description: "Requests per second, by the template of their address.",
              unit: "reqps",
              legend: "table",
              queries: [
                promql("A", rate(requests, { where: generator, by: ["http.request.method", "url.template"] }), {
                  legend: "{{http_request_method}} {{url_template}}",
                }),
              ],
            }),
          ],
          [
            12,
            table({
              title: "What went wrong",
              description:
                "Answers that were missing or not as they should be since the load generator began, by request and kind.",
              unit: "locale",
              quiet: "all answers are as they should be",
              queries: [
                promql(
                  "A",
                  // A counter comes into being with its first failure, which is no increase.
                  aggregated("sum", `max_over_time(${series(metric.demoLoadChecksFailed)}[${shownTime}])`, [
                    "http.request.method",
                    "url.template",
                    "error.type",
                  ]),
                  { instant: true, format: "table" },
                ),
              ],
              columns: [
                { field: "http_request_method", name: "Method", width: 90 },
                { field: "url_template", name: "Address" },
                { field: "error_type", name: "Kind" },
                { field: "Value", name: "Times", width: 90 },
              ],
            }),
          ],
        ),
        line(8, [
          24,
          chart({
            title: "Arrivals given up",
            description:
              "Tasks per second of an arrival rate for which no user was free in time: the shop was too slow for it.",
            unit: "reqps",
            quiet: "there is somebody for every arrival",
            queries: [promql("A", rate(metric.demoLoadArrivalsDropped), { legend: "given up", color: colour.watch })],
          }),
        ]),
      ],
    },
  ],
};
