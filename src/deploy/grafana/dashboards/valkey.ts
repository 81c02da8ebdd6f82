import { metric } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, line, toService } from "../dashboard.ts";
import { valkeyMetric } from "../engine-metrics.ts";
import { chart, colour, stat } from "../panel.ts";
import { gauge, quantile, rate } from "../promql.ts";
import { promql } from "../query.ts";

/** As otel/valkey/valkey.conf limits it. */
const memoryLimit = 64 * 1024 * 1024;

export const valkey: Dashboard = {
  uid: "orrery-valkey",
  title: "Valkey",
  description: "The store of carts: how full it is, how busy, and how quickly carts are read and changed.",
  sections: [
    {
      lines: [
        line(
          4,
          [
            6,
            stat({
              title: "Full",
              description: "Share of the 64 MB that carts may take. When it is full, changes are refused.",
              unit: "percentunit",
              decimals: 1,
              thresholds: { watch: 0.7, bad: 0.9 },
              queries: [promql("A", `${gauge("max", valkeyMetric.memory)} / ${memoryLimit}`)],
            }),
          ],
          [
            6,
            stat({
              title: "Carts",
              description: "Keys that it holds: one a cart.",
              unit: "locale",
              queries: [promql("A", gauge("sum", valkeyMetric.keys))],
            }),
          ],
          [
            6,
            stat({
              title: "Commands",
              description: "Commands a second.",
              unit: "reqps",
              queries: [promql("A", rate(valkeyMetric.commands))],
            }),
          ],
          [
            6,
            stat({
              title: "Runs for",
              description: "Time since Valkey started.",
              unit: "dtdurations",
              graph: false,
              queries: [promql("A", gauge("max", valkeyMetric.uptime), { instant: true })],
            }),
          ],
        ),
        line(
          8,
          [
            8,
            chart({
              title: "Memory",
              description: "What carts take, the most that they took, and what the process takes. 64 MB is the limit.",
              unit: "bytes",
              queries: [
                promql("used", gauge("max", valkeyMetric.memory), { legend: "used", color: colour.neutral }),
                promql("peak", gauge("max", valkeyMetric.peak), { legend: "peak", color: colour.third }),
                promql("resident", gauge("max", valkeyMetric.resident), { legend: "resident", color: colour.second }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Found and not found",
              description:
                "Reads per second of carts that are there, and of those that are not. The first look into a cart finds none.",
              unit: "reqps",
              queries: [
                promql("hits", rate(valkeyMetric.hits), { legend: "found", color: colour.neutral }),
                promql("misses", rate(valkeyMetric.misses), { legend: "not found", color: colour.third }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Expired and thrown out",
              description:
                "Carts per second that were left too long, and that were thrown out for want of memory. None is ever thrown out.",
              unit: "reqps",
              queries: [
                promql("expired", rate(valkeyMetric.expired), { legend: "expired", color: colour.neutral }),
                promql("evicted", rate(valkeyMetric.evicted), { legend: "thrown out", color: colour.bad }),
              ],
            }),
          ],
        ),
        line(
          8,
          [
            8,
            chart({
              title: "Connections",
              description:
                "Clients that are connected, and those that were refused, per second. None is refused normally.",
              unit: "none",
              queries: [
                promql("clients", gauge("max", valkeyMetric.clients), { legend: "connected", color: colour.neutral }),
                promql("refused", rate(valkeyMetric.connectionsRefused), { legend: "refused", color: colour.bad }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Network",
              description: "Bytes per second in and out.",
              unit: "Bps",
              queries: [
                promql("in", rate(valkeyMetric.received), { legend: "in", color: colour.neutral }),
                promql("out", rate(valkeyMetric.sent), { legend: "out", color: colour.second }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "CPU",
              description: "Share of one core, which is all that commands can take.",
              unit: "percentunit",
              queries: [
                promql("A", rate(valkeyMetric.cpu, { where: { state: { like: "sys|user" } }, by: ["state"] }), {
                  legend: "{{state}}",
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
              title: "Reading and changing a cart",
              description: "95 of 100 carts are read and changed within this time, as the service cart sees it.",
              unit: "s",
              queries: [
                promql("read", quantile(0.95, metric.demoCartGetCartLatency), {
                  legend: "read",
                  color: colour.neutral,
                  exemplars: true,
                }),
                promql("change", quantile(0.95, metric.demoCartAddItemLatency), {
                  legend: "change",
                  color: colour.second,
                  exemplars: true,
                }),
              ],
              valueLinks: [toService("cart")],
            }),
          ],
          [
            12,
            chart({
              title: "Carts read and changed",
              description: "How many carts the service cart reads and changes, per second.",
              unit: "reqps",
              queries: [
                promql("read", rate(metric.demoCartGetCartLatency), { legend: "read", color: colour.neutral }),
                promql("change", rate(metric.demoCartAddItemLatency), { legend: "changed", color: colour.second }),
              ],
              valueLinks: [toService("cart")],
            }),
          ],
        ),
      ],
    },
  ],
};
