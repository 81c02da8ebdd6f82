import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { fitsFilter } from "./log-filter.ts";

const record = create(LogRecordSchema, {
  service: "payment",
  severityNumber: 13,
  eventName: "payment.declined",
  body: "The card was declined",
  attributes: { "demo.payment.currency": "EUR" },
  traceId: "0af7651916cd43dd8448eb211c80319c",
});

describe("a record of the stream", () => {
  it.each([
    {},
    { service: "payment", severity: "warn" },
    { text: "CARD declined" },
    { text: "eur" },
    { event: "payment.declined" },
    { trace: "0AF7651916CD43DD8448EB211C80319C" },
  ])("is shown under %o", (filter) => {
    expect(fitsFilter(record, filter)).toBe(true);
  });

  it.each([
    { service: "cart" },
    { severity: "error" },
    { text: "card accepted" },
    { event: "payment" },
    { trace: "0a" },
  ])("is left out under %o", (filter) => {
    expect(fitsFilter(record, filter)).toBe(false);
  });
});
