import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { SpanSchema } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { alignTraces } from "./align.ts";
import { buildSpanTree } from "./span-tree.ts";

type Step = readonly [spanId: string, parentSpanId: string, name: string, start: number, end: number];

function tree(...steps: readonly Step[]) {
  const spans = steps.map(([spanId, parentSpanId, name, start, end]) =>
    create(SpanSchema, {
      spanId,
      parentSpanId,
      name,
      service: "checkout",
      startOffsetNanos: BigInt(start),
      durationNanos: BigInt(end - start),
    }),
  );
  return buildSpanTree({ spans, logs: [] });
}

const named = (rows: ReturnType<typeof alignTraces>) =>
  rows.map(({ a, b, depth }) => `${depth} ${a?.span.spanId ?? "-"} ${b?.span.spanId ?? "-"}`);

describe("two traces side by side", () => {
  it("match by operation, whatever the durations", () => {
    const a = tree(["1", "", "order", 0, 100], ["2", "1", "charge", 10, 20], ["3", "1", "ship", 20, 30]);
    const b = tree(["4", "", "order", 0, 900], ["5", "4", "charge", 10, 800], ["6", "4", "ship", 800, 830]);
    expect(named(alignTraces(a, b))).toEqual(["0 1 4", "1 2 5", "1 3 6"]);
  });

  it("leave a step alone that the other does not have", () => {
    const a = tree(["1", "", "order", 0, 100], ["2", "1", "charge", 10, 20]);
    const b = tree(["4", "", "order", 0, 100], ["5", "4", "retry", 5, 8], ["6", "4", "charge", 10, 20]);
    expect(named(alignTraces(a, b))).toEqual(["0 1 4", "1 - 5", "1 2 6"]);
  });

  it("match repeated steps in their order", () => {
    const a = tree(["1", "", "list", 0, 9], ["2", "1", "get", 1, 2], ["3", "1", "get", 3, 4]);
    const b = tree(["4", "", "list", 0, 9], ["5", "4", "get", 1, 2]);
    expect(named(alignTraces(a, b))).toEqual(["0 1 4", "1 2 5", "1 3 -"]);
  });
});
