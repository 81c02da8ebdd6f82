import { totalmem } from "node:os";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { metric } from "../../../gen/telemetry/registry.ts";
import { descriptorLimit, openDescriptors } from "./descriptors.ts";
import { memoryUtilization, observeLiveHeap } from "./memory-use.ts";
import type { Telemetry } from "./telemetry.ts";

const nanosPerSecond = 1e9;

/** Measures whether a service is ready; nothing is told while nobody knows. */
export function observeReadiness({ meter }: Telemetry, isReady: () => boolean | undefined): void {
  const { demoServiceReady: ready } = metric;
  meter.createObservableGauge(ready.name, ready).addCallback((result) => {
    const now = isReady();
    if (now !== undefined) result.observe(now ? 1 : 0);
  });
}

/** Measures the process as a whole, which several services may share: event loop, memory and CPU. */
export function observeRuntime({ meter }: Telemetry): void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let utilization = performance.eventLoopUtilization();

  const { processCpuTime: cpu, processMemoryUsage: memory, v8jsMemoryHeapUsed: heap } = metric;
  meter.createObservableCounter(cpu.name, cpu).addCallback((result) => {
    const { user, system } = process.cpuUsage();
    result.observe(user / 1e6, { "cpu.mode": "user" });
    result.observe(system / 1e6, { "cpu.mode": "system" });
  });
  meter.createObservableUpDownCounter(memory.name, memory).addCallback((result) => {
    result.observe(process.memoryUsage.rss());
  });
  meter.createObservableUpDownCounter(heap.name, heap).addCallback((result) => {
    result.observe(process.memoryUsage().heapUsed);
  });
  observeDescriptors({ meter });
  const { demoProcessMemoryUtilization: utilized } = metric;
  const liveHeap = observeLiveHeap();
  meter.createObservableGauge(utilized.name, utilized).addCallback((result) => {
    result.observe(
      memoryUtilization({
        heapLive: liveHeap(),
        heapLimit: getHeapStatistics().heap_size_limit,
        resident: process.memoryUsage.rss(),
        available: process.availableMemory(),
        constrained: process.constrainedMemory(),
        machine: totalmem(),
      }),
    );
  });

  const mean = meter.createObservableGauge(metric.nodejsEventloopDelayMean.name, metric.nodejsEventloopDelayMean);
  const p99 = meter.createObservableGauge(metric.nodejsEventloopDelayP99.name, metric.nodejsEventloopDelayP99);
  const busy = meter.createObservableGauge(metric.nodejsEventloopUtilization.name, metric.nodejsEventloopUtilization);
  meter.addBatchObservableCallback(
    (result) => {
      const before = utilization;
      utilization = performance.eventLoopUtilization();
      result.observe(busy, performance.eventLoopUtilization(utilization, before).utilization);
      // Before the first sample the mean is not a number.
      if (delay.count > 0) {
        result.observe(mean, delay.mean / nanosPerSecond);
        result.observe(p99, delay.percentile(99) / nanosPerSecond);
      }
      delay.reset();
    },
    [mean, p99, busy],
  );
}

/** What the system does not tell is not measured. */
function observeDescriptors({ meter }: Pick<Telemetry, "meter">): void {
  const { processUnixFileDescriptorCount: count, demoProcessUnixFileDescriptorLimit: limit } = metric;
  meter.createObservableUpDownCounter(count.name, count).addCallback(async (result) => {
    const open = await openDescriptors();
    if (open !== undefined) result.observe(open);
  });
  const atMost = descriptorLimit();
  if (atMost === undefined) return;
  meter.createObservableUpDownCounter(limit.name, limit).addCallback((result) => result.observe(atMost));
}
