import { metric } from "../../../gen/telemetry/registry.ts";
import type { SaturationDefinition } from "./saturation.ts";

/** Several services share it under all load that there is: of its processor it may use what it likes. */
const sharedProcess = "orrery";
const instance = "service.instance.id";

/** What can run short in the shop. */
export const saturations: readonly SaturationDefinition[] = [
  {
    name: "consumer-lag",
    metric: metric.demoEventLag.name,
    reading: { kind: "value" },
    by: ["messaging.destination.name"],
    limit: { above: 100 },
    unit: "count",
    forSeconds: 60,
    severity: "ticket",
    summary: ({ service }) => `${service} falls behind`,
    description: ({ service, value, label }) =>
      `${value} messages of ${label("messaging.destination.name")} wait for ${service}.`,
  },
  {
    name: "outbox-waiting",
    metric: metric.demoOutboxAge.name,
    reading: { kind: "value" },
    by: ["demo.outbox.topic"],
    limit: { above: 60 },
    unit: "seconds",
    forSeconds: 30,
    severity: "page",
    summary: ({ service }) => `Events of ${service} are not published`,
    description: ({ service, value, label }) =>
      `An entry for ${label("demo.outbox.topic")} has waited for ${value} in the outbox of ${service}.`,
  },
  {
    name: "event-loop-delay",
    metric: metric.nodejsEventloopDelayP99.name,
    reading: { kind: "value" },
    by: [instance],
    limit: { above: 0.25 },
    unit: "seconds",
    forSeconds: 60,
    severity: "ticket",
    summary: () => "A process stalls",
    description: ({ value, label }) =>
      `The event loop of ${label(instance)} comes ${value} late (99th percentile): all that it answers is late by as much.`,
  },
  {
    name: "event-loop-busy",
    metric: metric.nodejsEventloopUtilization.name,
    reading: { kind: "value" },
    by: [instance],
    limit: { above: 0.9 },
    unit: "share",
    forSeconds: 120,
    severity: "ticket",
    summary: () => "A process is at its limit",
    description: ({ value, label }) => `The event loop of ${label(instance)} is busy ${value} of the time.`,
  },
  {
    name: "process-cpu",
    metric: metric.processCpuTime.name,
    except: sharedProcess,
    reading: { kind: "rate", windowSeconds: 60 },
    by: [instance],
    limit: { above: 0.9 },
    unit: "cores",
    forSeconds: 30,
    severity: "ticket",
    summary: ({ service }) => `${service} keeps a processor busy`,
    description: ({ service, value, label }) =>
      `${label(instance)} uses ${value} cores; ${service} answers on one, and should hardly ever fill it.`,
  },
  {
    name: "process-memory",
    metric: metric.demoProcessMemoryUtilization.name,
    reading: { kind: "value" },
    by: [instance],
    limit: { above: 0.8 },
    unit: "share",
    forSeconds: 10,
    severity: "page",
    summary: ({ service }) => `${service} runs out of memory`,
    description: ({ value, label }) =>
      `${label(instance)} holds ${value} of the memory that it may use. At all of it the process ends.`,
  },
  {
    name: "service-not-ready",
    metric: metric.demoServiceReady.name,
    reading: { kind: "value" },
    by: [],
    limit: { below: 1 },
    unit: "count",
    forSeconds: 10,
    severity: "page",
    summary: ({ service }) => `${service} is not ready`,
    description: ({ service }) =>
      `${service} says that it cannot serve: whoever routes by health sends it no more calls.`,
  },
  {
    name: "database-pool-waiting",
    metric: metric.dbClientConnectionPendingRequests.name,
    reading: { kind: "value" },
    by: ["db.client.connection.pool.name"],
    limit: { above: 2 },
    unit: "count",
    forSeconds: 30,
    severity: "ticket",
    summary: ({ service }) => `${service} has too few connections`,
    description: ({ service, value, label }) =>
      `${value} statements of ${service} wait for a connection to ${label("db.client.connection.pool.name")}.`,
  },
  {
    name: "requests-surge",
    metric: metric.httpServerRequestDuration.name,
    attributes: { "service.name": "frontend" },
    reading: { kind: "surge", windowSeconds: 60, beforeSeconds: 1_800, leastRate: 20 },
    by: [],
    limit: { above: 5 },
    unit: "times",
    forSeconds: 10,
    severity: "ticket",
    summary: ({ service }) => `${service} is flooded with requests`,
    description: ({ service, value }) =>
      `${service} gets ${value} as many requests as was usual in the half hour before.`,
  },
];
