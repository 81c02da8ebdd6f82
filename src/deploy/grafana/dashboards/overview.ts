import { attribute, event, metric } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, dashboardUrl, line, toService } from "../dashboard.ts";
import { envoyMetric, spanMetric } from "../engine-metrics.ts";
import { recordsOf } from "../logql.ts";
import { chart, records, serviceMap, stat, table } from "../panel.ts";
import { cell } from "../placeholder.ts";
import { entryQuantile, entryRate, failedEntryRate, failedShare, orZero, quantile, rate, shareOf } from "../promql.ts";
import { logql, promql } from "../query.ts";

const byService = { by: ["service.name"] } as const;
const window = "1m";

/** The front door: Envoy, or the proxy that the shop brings along. */
const frontDoor = `${rate(envoyMetric.requests)} or ${rate(metric.httpServerRequestDuration, {
  where: { "service.name": "frontend-proxy" },
})}`;

function edge(expression: string): string {
  const named = `label_join(${expression}, "id", " > ", "client", "server")`;
  return `label_replace(label_replace(${named}, "source", "$1", "client", "(.+)"), "target", "$1", "server", "(.+)")`;
}
const edges = { where: { client: { not: "" }, server: { not: "" } }, by: ["client", "server"], window } as const;

export const overview: Dashboard = {
  uid: "orrery-overview",
  title: "Overview",
  description: "The whole shop at a glance: what is sold, who calls whom, what is slow, and what fails.",
  sections: [
    {
      lines: [
        line(
          4,
          [
            4,
            stat({
              title: "Orders",
              description: "Orders placed, per minute. It follows the visitors; a fall without one of them is a fault.",
              unit: "cpm",
              decimals: 1,
              queries: [promql("A", `60 * ${rate(metric.demoOrderPlaced)}`)],
              valueLinks: [{ title: "The orders", url: dashboardUrl("orrery-orders") }],
            }),
          ],
          [
            4,
            stat({
              title: "Orders that fail",
              description:
                "Share of orders that came to nothing by the shop's own fault, not by a card's or a customer's. More than 0.5 % breaks what is promised.",
              unit: "percentunit",
              decimals: 2,
              thresholds: { watch: 0.001, bad: 0.005 },
              queries: [
                promql(
                  "A",
                  shareOf(
                    rate(metric.rpcServerCallDuration, {
                      where: { ...placeOrder(), "error.type": { not: "" } },
                    }),
                    rate(metric.rpcServerCallDuration, { where: placeOrder() }),
                  ),
                ),
              ],
              valueLinks: [{ title: "Objectives", url: dashboardUrl("orrery-objectives") }],
            }),
          ],
          [
            4,
            stat({
              title: "Time to order",
              description: "95 of 100 orders are placed within this time. A second is promised for 99 of 100.",
              unit: "s",
              thresholds: { watch: 0.5, bad: 1 },
              queries: [promql("A", quantile(0.95, metric.demoOrderDuration))],
            }),
          ],
          [
            4,
            stat({
              title: "Requests",
              description: "Requests at the front door, per second.",
              unit: "reqps",
              queries: [promql("A", frontDoor)],
              valueLinks: [{ title: "Envoy", url: dashboardUrl("orrery-envoy") }],
            }),
          ],
          [
            4,
            stat({
              title: "Calls that fail",
              description: "Share of all calls, requests and messages within the shop that failed. 0 is normal.",
              unit: "percentunit",
              decimals: 2,
              thresholds: { watch: 0.001, bad: 0.01 },
              queries: [promql("A", failedShare())],
            }),
          ],
          [
            4,
            stat({
              title: "Alerts",
              description: "Alerts that are raised now. 0 is normal.",
              unit: "none",
              graph: false,
              thresholds: { bad: 1 },
              queries: [promql("A", orZero('count(ALERTS{alertstate="firing"})'), { instant: true })],
              valueLinks: [{ title: "Alerts", url: dashboardUrl("orrery-objectives") }],
            }),
          ],
        ),
      ],
    },
    {
      title: "Services",
      lines: [
        line(
          15,
          [
            14,
            serviceMap({
              title: "Who calls whom",
              description:
                "Services, stores and topics, and how many calls go from one to the other in a second, as traces tell; below it how many of them fail. Under heavy load traces are a sample and these rates are too low: the charts below count everything.",
              queries: [
                promql("calls", edge(rate(spanMetric.serviceCalls, edges))),
                promql(
                  "failures",
                  edge(`${rate(spanMetric.serviceFailures, edges)} or ${rate(spanMetric.serviceCalls, edges)} * 0`),
                ),
              ],
            }),
          ],
          [
            10,
            table({
              title: "How each service fares",
              description:
                "What each service is asked over the last minute, the share that fails, and the time within which 95 of 100 are answered. A name leads to the service.",
              unit: "short",
              sortBy: "Failing",
              queries: [
                promql("rate", entryRate({ ...byService, window })),
                promql("failing", failedShare({ ...byService, window })),
                promql("p95", entryQuantile(0.95, { ...byService, window })),
              ],
              columns: [
                { field: "service_name", name: "Service", links: [toService(cell)] },
                { field: "Value #rate", name: "Rate", unit: "reqps", decimals: 1, width: 100 },
                {
                  field: "Value #failing",
                  name: "Failing",
                  unit: "percentunit",
                  decimals: 1,
                  width: 90,
                  thresholds: { watch: 0.001, bad: 0.01 },
                },
                {
                  field: "Value #p95",
                  name: "95th pct",
                  unit: "s",
                  decimals: 1,
                  width: 100,
                  thresholds: { watch: 0.5, bad: 1 },
                },
              ],
            }),
          ],
        ),
        line(
          8,
          [
            8,
            chart({
              title: "Asked of each service",
              description: "Calls, requests and messages that come to each service, per second.",
              unit: "reqps",
              legend: "none",
              queries: [promql("A", entryRate(byService), { legend: "{{service_name}}" })],
              valueLinks: [toService()],
            }),
          ],
          [
            8,
            chart({
              title: "Failing",
              description:
                "Share of each service's calls, requests and messages that fail by its own fault. A declined card is none. 0 is normal.",
              unit: "percentunit",
              legend: "none",
              queries: [promql("A", failedShare(byService), { legend: "{{service_name}}" })],
              valueLinks: [toService()],
            }),
          ],
          [
            8,
            chart({
              title: "Time to answer",
              description: "95 of 100 calls, requests and messages take no longer than this, by service.",
              unit: "s",
              legend: "none",
              queries: [promql("A", entryQuantile(0.95, byService), { legend: "{{service_name}}" })],
              valueLinks: [toService()],
            }),
          ],
        ),
      ],
    },
    {
      title: "What happens",
      lines: [
        line(
          8,
          [
            12,
            chart({
              title: "Failures",
              description: "Failed calls, requests and messages per second, by service and error. Nothing is normal.",
              unit: "reqps",
              legend: "table",
              stacked: true,
              quiet: "nothing fails",
              queries: [
                promql("A", `${failedEntryRate({ by: ["service.name", "error.type"] })} > 0`, {
                  legend: "{{service_name}}: {{error_type}}",
                }),
              ],
              valueLinks: [toService()],
            }),
          ],
          [
            12,
            records({
              title: "Starts, stops, deployments, changes",
              description: "What may have changed how the shop behaves. The same is marked on the charts.",
              query: logql(
                "A",
                recordsOf({
                  event: [
                    event.processStart,
                    event.processStop,
                    event.serviceDeployment,
                    event.configurationChange,
                    event.serviceNotReady,
                  ],
                }),
                { limit: 100 },
              ),
            }),
          ],
        ),
      ],
    },
  ],
};

function placeOrder() {
  return { "service.name": "checkout", [attribute.rpcMethod]: "oteldemo.CheckoutService/PlaceOrder" } as const;
}
