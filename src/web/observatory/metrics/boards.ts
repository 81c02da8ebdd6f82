import { Aggregation } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";

/** A chart of a board; it shows where its metric is known. */
export type BoardChart = {
  readonly title: string;
  readonly metric: string;
  readonly aggregations: readonly Aggregation[];
  readonly groupBy?: string;
};

const quantiles = [Aggregation.P50, Aggregation.P95, Aggregation.P99];
const rate = [Aggregation.RATE];
const last = [Aggregation.LAST];

/** Traffic, errors, durations and saturation of one service, whatever it speaks. */
export const goldenSignals: readonly BoardChart[] = [
  { title: "Calls answered", metric: "rpc.server.call.duration", aggregations: rate, groupBy: "rpc.method" },
  {
    title: "Answers by status",
    metric: "rpc.server.call.duration",
    aggregations: rate,
    groupBy: "rpc.response.status_code",
  },
  { title: "Duration of answers", metric: "rpc.server.call.duration", aggregations: quantiles },
  { title: "Requests answered", metric: "http.server.request.duration", aggregations: rate, groupBy: "http.route" },
  {
    title: "Requests by status",
    metric: "http.server.request.duration",
    aggregations: rate,
    groupBy: "http.response.status_code",
  },
  { title: "Duration of requests", metric: "http.server.request.duration", aggregations: quantiles },
  { title: "Messages handled", metric: "messaging.process.duration", aggregations: rate },
  { title: "Duration of handling", metric: "messaging.process.duration", aggregations: quantiles },
  { title: "Messages waiting", metric: "demo.event.lag", aggregations: last, groupBy: "messaging.consumer.group.name" },
  { title: "Calls made", metric: "rpc.client.call.duration", aggregations: rate, groupBy: "server.address" },
  {
    title: "p95 of calls made",
    metric: "rpc.client.call.duration",
    aggregations: [Aggregation.P95],
    groupBy: "server.address",
  },
  {
    title: "p95 of statements",
    metric: "db.client.operation.duration",
    aggregations: [Aggregation.P95],
    groupBy: "db.query.summary",
  },
];

/** What the shop earns and where customers are lost. */
export const business: readonly BoardChart[] = [
  { title: "Orders", metric: "demo.order.placed", aggregations: rate, groupBy: "demo.order.currency" },
  { title: "Revenue per second", metric: "demo.order.revenue", aggregations: rate, groupBy: "demo.order.currency" },
  { title: "From view to order", metric: "demo.shop.steps", aggregations: rate, groupBy: "demo.shop.step" },
  { title: "Time to place an order", metric: "demo.order.duration", aggregations: quantiles },
  {
    title: "Orders that failed",
    metric: "demo.order.failed",
    aggregations: rate,
    groupBy: "demo.order.failure.reason",
  },
  {
    title: "Cards declined",
    metric: "demo.payment.declines",
    aggregations: rate,
    groupBy: "demo.payment.decline.reason",
  },
  { title: "Refunds", metric: "demo.payment.refunds", aggregations: rate, groupBy: "demo.payment.currency" },
  { title: "Fraud verdicts", metric: "demo.fraud.verdicts", aggregations: rate, groupBy: "demo.fraud.verdict" },
  {
    title: "Orders waiting for consumers",
    metric: "demo.event.lag",
    aggregations: last,
    groupBy: "messaging.consumer.group.name",
  },
  { title: "Outbox", metric: "demo.outbox.entries", aggregations: last },
];

/** What the processes themselves use. */
export const runtime: readonly BoardChart[] = [
  { title: "CPU", metric: "process.cpu.time", aggregations: rate, groupBy: "cpu.mode" },
  { title: "Resident memory", metric: "process.memory.usage", aggregations: last, groupBy: "service.name" },
  { title: "Heap in use", metric: "v8js.memory.heap.used", aggregations: last, groupBy: "service.name" },
  {
    title: "Open file descriptors",
    metric: "process.unix.file_descriptor.count",
    aggregations: last,
    groupBy: "service.name",
  },
  {
    title: "Event loop, mean delay",
    metric: "nodejs.eventloop.delay.mean",
    aggregations: last,
    groupBy: "service.name",
  },
  { title: "Event loop, p99 delay", metric: "nodejs.eventloop.delay.p99", aggregations: last, groupBy: "service.name" },
  {
    title: "Event loop, share busy",
    metric: "nodejs.eventloop.utilization",
    aggregations: last,
    groupBy: "service.name",
  },
];
