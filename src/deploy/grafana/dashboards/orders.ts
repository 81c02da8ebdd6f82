import { event, metric } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, line, panelLink } from "../dashboard.ts";
import { recordsOf } from "../logql.ts";
import { bars, chart, colour, heatmap, records, stat } from "../panel.ts";
import { buckets, gauge, increase, mean, quantile, rate, shareOf } from "../promql.ts";
import { logql, promql } from "../query.ts";
import { runbookUrl } from "./runbooks.ts";

const perMinute = (expression: string) => `60 * ${expression}`;
const steps = [
  ["view", "1 looked at a product"],
  ["add", "2 put one into the cart"],
  ["checkout", "3 checked out"],
  ["order", "4 ordered"],
] as const;
const ofCheckout = { "service.name": "checkout" } as const;

export const orders: Dashboard = {
  uid: "orrery-orders",
  title: "Orders",
  description: "An order's way: from a look at a product to the books, with what waits, what fails, and for how long.",
  sections: [
    {
      title: "To the order",
      lines: [
        line(
          9,
          [
            8,
            bars({
              title: "Steps to an order",
              description:
                "How often shoppers took each step in the time that is shown. A step that is much shorter than usual is where they leave.",
              unit: "locale",
              decimals: 0,
              queries: steps.map(([step, legend]) =>
                promql(step, increase(metric.demoShopSteps, { where: { "demo.shop.step": step } }), {
                  legend,
                  instant: true,
                }),
              ),
            }),
          ],
          [
            8,
            chart({
              title: "Orders",
              description:
                "Orders per minute: placed, and those that came to nothing, by reason. A declined card is the customer's affair, an unavailable service ours.",
              unit: "cpm",
              queries: [
                promql("placed", perMinute(rate(metric.demoOrderPlaced)), { legend: "placed", color: colour.good }),
                promql("failed", perMinute(rate(metric.demoOrderFailed, { by: ["demo.order.failure.reason"] })), {
                  legend: "{{demo_order_failure_reason}}",
                }),
              ],
              links: [panelLink("Runbook", runbookUrl("checkout-availability"))],
            }),
          ],
          [
            8,
            chart({
              title: "Time to order",
              description:
                "From asking for an order to its being placed. A second is promised for 99 of 100. Points are single orders; click for the trace.",
              unit: "s",
              thresholds: { bad: 1 },
              queries: [
                promql("p50", quantile(0.5, metric.demoOrderDuration), { legend: "50 %", color: colour.third }),
                promql("p95", quantile(0.95, metric.demoOrderDuration), {
                  legend: "95 %",
                  color: colour.neutral,
                  exemplars: true,
                }),
                promql("p99", quantile(0.99, metric.demoOrderDuration), { legend: "99 %", color: colour.second }),
              ],
              links: [panelLink("Runbook", runbookUrl("checkout-latency"))],
            }),
          ],
        ),
        line(
          9,
          [
            12,
            chart({
              title: "What an order waits for",
              description:
                "95 of 100 calls that checkout makes are answered within this time, by call: an order's time is made of these.",
              unit: "s",
              legend: "table",
              queries: [
                promql("A", quantile(0.95, metric.rpcClientCallDuration, { where: ofCheckout, by: ["rpc.method"] }), {
                  legend: "{{rpc_method}}",
                  exemplars: true,
                }),
              ],
            }),
          ],
          [
            12,
            heatmap({
              title: "Spread of times to order",
              description: "How many orders took how long.",
              unit: "s",
              query: promql("A", buckets(metric.demoOrderDuration), { legend: "{{le}}" }),
            }),
          ],
        ),
      ],
    },
    {
      title: "From the order to the books",
      lines: [
        line(
          5,
          [
            6,
            stat({
              title: "Placed and not booked",
              description:
                "Orders placed in the time that is shown less those booked in it. A few are on their way; more are lost or wait.",
              unit: "locale",
              decimals: 0,
              thresholds: { watch: 10, bad: 100 },
              graph: false,
              queries: [
                promql(
                  "A",
                  `clamp_min(${increase(metric.demoOrderPlaced)} - ${increase(metric.demoAccountingOrders)}, 0)`,
                  {
                    instant: true,
                  },
                ),
              ],
              links: [panelLink("Runbook", runbookUrl("order-delay"))],
            }),
          ],
          [
            6,
            stat({
              title: "Wait in the outbox",
              description:
                "Placed orders whose event is not published yet. More than a few seconds' worth means that the broker is away.",
              unit: "locale",
              thresholds: { watch: 10, bad: 100 },
              queries: [promql("A", gauge("sum", metric.demoOutboxEntries))],
              links: [panelLink("Runbook", runbookUrl("outbox-waiting"))],
            }),
          ],
          [
            6,
            stat({
              title: "Wait for a consumer",
              description: "Messages that a consumer has not handled yet, of the one that is furthest behind.",
              unit: "locale",
              thresholds: { watch: 20, bad: 100 },
              queries: [promql("A", gauge("max", metric.demoEventLag))],
              links: [panelLink("Runbook", runbookUrl("consumer-lag"))],
            }),
          ],
          [
            6,
            stat({
              title: "Refunds to charges",
              description: "Share of charges that are given back. One in twenty raises an alert; none is normal.",
              unit: "percentunit",
              decimals: 1,
              thresholds: { watch: 0.01, bad: 0.05 },
              queries: [promql("A", shareOf(rate(metric.demoPaymentRefunds), rate(metric.demoPaymentTransactions)))],
              links: [panelLink("Runbook", runbookUrl("order-refunds"))],
            }),
          ],
        ),
        line(
          8,
          [
            8,
            chart({
              title: "Published and handled",
              description:
                "Messages per minute: published by checkout, and handled by each consumer. All lines are one when all is well.",
              unit: "cpm",
              queries: [
                promql("published", perMinute(rate(metric.messagingClientSentMessages)), {
                  legend: "published",
                  color: colour.good,
                }),
                promql(
                  "handled",
                  perMinute(rate(metric.messagingProcessDuration, { by: ["messaging.consumer.group.name"] })),
                  { legend: "{{messaging_consumer_group_name}}" },
                ),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "From publication to consumer",
              description:
                "95 of 100 messages reach their consumer within this time. Five seconds are promised for 99 of 100.",
              unit: "s",
              thresholds: { bad: 5 },
              queries: [
                promql("A", quantile(0.95, metric.demoEventDelay, { by: ["service.name"] }), {
                  legend: "{{service_name}}",
                  exemplars: true,
                }),
              ],
              links: [panelLink("Runbook", runbookUrl("order-delay"))],
            }),
          ],
          [
            8,
            chart({
              title: "Handling a message",
              description: "Mean time that a consumer takes over a message.",
              unit: "s",
              queries: [
                promql("A", mean(metric.messagingProcessDuration, { by: ["service.name"] }), {
                  legend: "{{service_name}}",
                }),
              ],
            }),
          ],
        ),
        line(
          8,
          [
            6,
            chart({
              title: "Lag",
              description:
                "Messages that each consumer has not handled yet. A line that only climbs is a consumer that cannot follow.",
              unit: "locale",
              queries: [
                promql("A", gauge("sum", metric.demoEventLag, { by: ["messaging.consumer.group.name"] }), {
                  legend: "{{messaging_consumer_group_name}}",
                }),
              ],
            }),
          ],
          [
            6,
            chart({
              title: "Age in the outbox",
              description: "Age of the oldest entry that waits. Above a minute an alert is raised.",
              unit: "s",
              thresholds: { bad: 60 },
              queries: [
                promql("A", gauge("max", metric.demoOutboxAge, { by: ["demo.outbox.topic"] }), {
                  legend: "{{demo_outbox_topic}}",
                }),
              ],
              links: [panelLink("Runbook", runbookUrl("outbox-waiting"))],
            }),
          ],
          [
            6,
            chart({
              title: "Verdicts on fraud",
              description: "Orders scored per minute, by verdict. What is refused is normally rare.",
              unit: "cpm",
              stacked: true,
              queries: [
                promql("A", perMinute(rate(metric.demoFraudVerdicts, { by: ["demo.fraud.verdict"] })), {
                  legend: "{{demo_fraud_verdict}}",
                }),
              ],
            }),
          ],
          [
            6,
            chart({
              title: "Booked and confirmed",
              description: "Orders booked and confirmations written, per minute.",
              unit: "cpm",
              queries: [
                promql("booked", perMinute(rate(metric.demoAccountingOrders)), {
                  legend: "booked",
                  color: colour.neutral,
                }),
                promql("confirmed", perMinute(rate(metric.demoNotificationConfirmations)), {
                  legend: "confirmed",
                  color: colour.second,
                }),
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "What went another way",
      lines: [
        line(
          8,
          [
            8,
            chart({
              title: "Orders that recovery moved on",
              description:
                "Orders that were left half done by a crash and finished, or undone, by recovery; per minute.",
              unit: "cpm",
              quiet: "nothing is left half done",
              queries: [
                promql(
                  "A",
                  perMinute(rate(metric.demoOrderRecovered, { by: ["demo.order.state", "demo.order.outcome"] })),
                  {
                    legend: "{{demo_order_state}}: {{demo_order_outcome}}",
                  },
                ),
              ],
            }),
          ],
          [
            16,
            records({
              title: "Declined, given back, recovered",
              description: "What is told of orders that were not simply placed.",
              quiet: "all orders are simply placed",
              query: logql(
                "A",
                recordsOf({ event: [event.orderDeclined, event.orderRefunding, event.orderRecovered] }),
                { limit: 100 },
              ),
            }),
          ],
        ),
      ],
    },
  ],
};
