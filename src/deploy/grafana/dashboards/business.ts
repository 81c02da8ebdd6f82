import { metric } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, dashboardUrl, line } from "../dashboard.ts";
import { bars, chart, colour, stat } from "../panel.ts";
import { increase, rate } from "../promql.ts";
import { promql } from "../query.ts";

const perMinute = (expression: string) => `60 * ${expression}`;
const byCurrency = { by: ["demo.order.currency"] } as const;

export const business: Dashboard = {
  uid: "orrery-business",
  title: "Business",
  description: "What the shop sells: orders, revenue, what an order is worth, who buys, and what is declined.",
  from: "now-3h",
  sections: [
    {
      lines: [
        line(
          5,
          [
            5,
            stat({
              title: "Orders",
              description: "Orders placed in the time that is shown.",
              unit: "locale",
              decimals: 0,
              graph: false,
              queries: [promql("A", increase(metric.demoOrderPlaced), { instant: true })],
              valueLinks: [{ title: "The orders", url: dashboardUrl("orrery-orders") }],
            }),
          ],
          [
            5,
            stat({
              title: "Visitors who buy",
              description:
                "Orders for each product that is looked at, in the time that is shown. What is normal is what it was last week.",
              unit: "percentunit",
              decimals: 1,
              graph: false,
              queries: [
                promql(
                  "A",
                  `${increase(metric.demoShopSteps, { where: { "demo.shop.step": "order" } })} / ${increase(metric.demoShopSteps, { where: { "demo.shop.step": "view" } })}`,
                  { instant: true },
                ),
              ],
            }),
          ],
          [
            5,
            stat({
              title: "Carts that are left",
              description: "Share of checkouts that were begun and led to no order, in the time that is shown.",
              unit: "percentunit",
              decimals: 1,
              graph: false,
              queries: [
                promql(
                  "A",
                  `1 - clamp_max(${increase(metric.demoShopSteps, { where: { "demo.shop.step": "order" } })} / ${increase(metric.demoShopSteps, { where: { "demo.shop.step": "checkout" } })}, 1)`,
                  { instant: true },
                ),
              ],
            }),
          ],
          [
            9,
            stat({
              title: "Revenue",
              description: "Totals of the orders in the time that is shown, each in its own currency.",
              unit: "locale",
              decimals: 2,
              graph: false,
              queries: [
                promql("A", increase(metric.demoOrderRevenue, byCurrency), {
                  legend: "{{demo_order_currency}}",
                  instant: true,
                }),
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "Sales",
      lines: [
        line(
          8,
          [
            8,
            chart({
              title: "Orders",
              description: "Orders per minute, by currency.",
              unit: "cpm",
              stacked: true,
              queries: [
                promql("A", perMinute(rate(metric.demoOrderPlaced, byCurrency)), { legend: "{{demo_order_currency}}" }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Revenue",
              description: "What is sold in an hour at this pace, in units of each currency: lines do not add up.",
              unit: "locale",
              queries: [
                promql("A", `3600 * ${rate(metric.demoOrderRevenue, byCurrency)}`, {
                  legend: "{{demo_order_currency}}",
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Worth of an order",
              description: "Mean total of an order, by currency.",
              unit: "locale",
              queries: [
                promql(
                  "A",
                  `${rate(metric.demoOrderRevenue, byCurrency)} / ${rate(metric.demoOrderPlaced, byCurrency)}`,
                  {
                    legend: "{{demo_order_currency}}",
                  },
                ),
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "Payment",
      lines: [
        line(
          8,
          [
            8,
            chart({
              title: "Charges",
              description: "Charges per minute, by currency.",
              unit: "cpm",
              stacked: true,
              queries: [
                promql("A", perMinute(rate(metric.demoPaymentTransactions, { by: ["demo.payment.currency"] })), {
                  legend: "{{demo_payment_currency}}",
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Declined cards",
              description:
                "Declined charges per minute, by reason. Some are normal; many of one reason, or many at once, are not.",
              unit: "cpm",
              stacked: true,
              quiet: "no card is declined",
              queries: [
                promql("A", perMinute(rate(metric.demoPaymentDeclines, { by: ["demo.payment.decline.reason"] })), {
                  legend: "{{demo_payment_decline_reason}}",
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Money given back",
              description: "Refunds per minute: orders that failed after they were paid. Nothing is normal.",
              unit: "cpm",
              quiet: "no charge is given back",
              queries: [
                promql("A", perMinute(rate(metric.demoPaymentRefunds, { by: ["demo.payment.currency"] })), {
                  legend: "{{demo_payment_currency}}",
                  color: colour.bad,
                }),
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "Around it",
      lines: [
        line(
          8,
          [
            6,
            chart({
              title: "Ads",
              description: "Requests for ads per minute: those that fit the page, and random ones.",
              unit: "cpm",
              queries: [
                promql("A", perMinute(rate(metric.demoAdRequests, { by: ["demo.ad.response_type"] })), {
                  legend: "{{demo_ad_response_type}}",
                }),
              ],
            }),
          ],
          [
            6,
            chart({
              title: "Recommendations",
              description: "Products recommended per minute.",
              unit: "cpm",
              queries: [
                promql("A", perMinute(rate(metric.demoRecommendationRequests)), {
                  legend: "products",
                  color: colour.neutral,
                }),
              ],
            }),
          ],
          [
            6,
            bars({
              title: "Currencies asked for",
              description: "Amounts converted in the time that is shown, by the currency that they were converted to.",
              unit: "locale",
              decimals: 0,
              queries: [
                promql("A", `topk(10, ${increase(metric.demoExchangeConversions, { by: ["demo.exchange.to"] })})`, {
                  legend: "{{demo_exchange_to}}",
                  instant: true,
                }),
              ],
            }),
          ],
          [
            6,
            chart({
              title: "Shipping",
              description: "Costs quoted and pieces shipped, per minute.",
              unit: "cpm",
              queries: [
                promql("quotes", perMinute(rate(metric.demoShippingQuotes)), {
                  legend: "costs quoted",
                  color: colour.third,
                }),
                promql("pieces", perMinute(rate(metric.demoShippingItemsShipped)), {
                  legend: "pieces shipped",
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
