import { isSpanContextValid, ROOT_CONTEXT, SamplingDecision, SpanKind, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { RateLimitedSampler } from "./rate-limited-sampler.ts";
import { isUnsampled } from "./unsampled-span.ts";

function begin(sampler: RateLimitedSampler, path: string) {
  const { decision, traceState } = sampler.shouldSample(ROOT_CONTEXT, "", "GET", SpanKind.SERVER, { "url.path": path });
  const isKept = decision === SamplingDecision.RECORD_AND_SAMPLED;
  const [, threshold, drawn = ""] = /^th:([0-9a-f]{1,14});rv:([0-9a-f]{14})$/.exec(traceState?.get("ot") ?? "") ?? [];
  const stands = threshold === undefined ? 1 : 2 ** 56 / Number(2n ** 56n - BigInt(`0x${threshold.padEnd(14, "0")}`));
  // Another sampler that keeps as many would have kept it.
  if (threshold !== undefined) expect(drawn >= threshold.padEnd(14, "0")).toBe(true);
  return { isKept, threshold, stands };
}

/** So many roots a second for so long, evenly. */
function drive(
  sampler: RateLimitedSampler,
  clock: { ms: number },
  options: { path: string; rate: number; seconds: number },
) {
  const begun = Array.from({ length: options.rate * options.seconds }, () => {
    clock.ms += 1_000 / options.rate;
    return begin(sampler, options.path);
  });
  return begun.filter(({ isKept }) => isKept);
}

function samplerAt(perSecond: number) {
  const clock = { ms: 0 };
  return { clock, sampler: new RateLimitedSampler({ perSecond, now: () => clock.ms }) };
}

test("every trace is kept while there are no more than allowed, and tells that it stands for itself alone", () => {
  const { clock, sampler } = samplerAt(50);
  const kept = drive(sampler, clock, { path: "/api/cart", rate: 50, seconds: 60 });
  expect(kept).toHaveLength(3_000);
  expect(kept.every(({ threshold }) => threshold === undefined)).toBe(true);
});

test.each([
  { rate: 200, keptPerSecond: 25, seconds: 60 },
  { rate: 1_250, keptPerSecond: 10, seconds: 60 },
  { rate: 5_000, keptPerSecond: 5, seconds: 120 },
])("a flood of $rate a second is thinned out to $keptPerSecond, which stand for all of it", (flood) => {
  const { rate, keptPerSecond, seconds } = flood;
  const { clock, sampler } = samplerAt(50);
  drive(sampler, clock, { path: "/api/cart", rate, seconds: 10 });
  const kept = drive(sampler, clock, { path: "/api/cart", rate, seconds });
  // By chance one run in a hundred million is further off than either: six standard deviations of samples of this size.
  expect(kept.length / seconds).toBeGreaterThan(0.7 * keptPerSecond);
  expect(kept.length / seconds).toBeLessThan(1.3 * keptPerSecond);
  const stoodFor = kept.reduce((sum, { stands }) => sum + stands, 0);
  const all = rate * seconds;
  expect(Math.abs(stoodFor - all)).toBeLessThan(6 * Math.sqrt((all * rate) / keptPerSecond));
});

test.each(["/api/products/", "/product/", "/mail/", "/oteldemo.CartService/GetCart/"])(
  "ids below %s make no operations of their own",
  (path) => {
    const { clock, sampler } = samplerAt(50);
    const kept = Array.from({ length: 10_000 }, (_, index) => {
      clock.ms += 1;
      return begin(sampler, `${path}${index % 90}`);
    }).filter(({ isKept }) => isKept);
    expect(kept.length).toBeLessThan(1_500);
  },
);

test.each([
  ["/api/products/66VCHSJNUP", "/api/checkout"],
  ["/oteldemo.CartService/GetCart", "/oteldemo.CartService/AddItem"],
])("a flood of %s leaves %s whole", (flood, rare) => {
  const { clock, sampler } = samplerAt(50);
  drive(sampler, clock, { path: flood, rate: 5_000, seconds: 5 });
  expect(drive(sampler, clock, { path: rare, rate: 25, seconds: 10 })).toHaveLength(250);
});

test("operations that come once take no room for long", () => {
  const { clock, sampler } = samplerAt(50);
  for (let index = 0; index < 150; index++) begin(sampler, `/once-${index}`);
  clock.ms += 60_000;
  drive(sampler, clock, { path: "/flood", rate: 5_000, seconds: 5 });
  expect(drive(sampler, clock, { path: "/rare", rate: 25, seconds: 10 })).toHaveLength(250);
});

test("everything is kept again once a flood is over", () => {
  const { clock, sampler } = samplerAt(50);
  drive(sampler, clock, { path: "/api/cart", rate: 5_000, seconds: 5 });
  clock.ms += 20_000;
  expect(drive(sampler, clock, { path: "/api/cart", rate: 20, seconds: 10 })).toHaveLength(200);
});

test("a tracer around it begins what is kept, and nothing of what is not", () => {
  const { clock, sampler } = samplerAt(50);
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = sampler.leaving(provider.getTracer("test"));
  const spans = Array.from({ length: 10_000 }, () => {
    clock.ms += 1;
    const span = tracer.startSpan("GET", { attributes: { "url.path": "/api/cart" } });
    span.end();
    return span;
  });
  const kept = spans.filter((span) => !isUnsampled(trace.setSpan(ROOT_CONTEXT, span)));
  expect(kept.length).toBeGreaterThan(100);
  expect(kept.length).toBeLessThan(1_500);
  expect(exporter.getFinishedSpans().map((span) => span.spanContext().spanId)).toEqual(
    kept.map((span) => span.spanContext().spanId),
  );
  const ids = spans.map((span) => span.spanContext());
  expect(ids.every(isSpanContextValid)).toBe(true);
  expect(new Set(ids.map(({ traceId }) => traceId)).size).toBe(spans.length);
  expect(kept.at(-1)?.spanContext().traceState?.get("ot")).toMatch(/^th:.*;rv:/);
});
