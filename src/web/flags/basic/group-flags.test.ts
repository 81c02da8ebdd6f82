import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { FlagSchema } from "../../../../gen/orrery/flags/v1/flags_pb.ts";
import { groupFlags } from "./group-flags.ts";

const flags = [
  create(FlagSchema, { key: "mine" }),
  create(FlagSchema, { key: "paymentFailure", service: "payment", description: "Fail to charge cards" }),
  create(FlagSchema, { key: "adFailure", service: "ad", fault: { symptom: "Errors of ad", category: "error" } }),
  create(FlagSchema, { key: "adHighCpu", service: "ad" }),
];
const found = (find: string) =>
  groupFlags(flags, find).map(({ service, flags: of }) => [service, of.map(({ key }) => key)]);

it("groups flags by service, those of no service last", () => {
  expect(found("")).toEqual([
    ["ad", ["adFailure", "adHighCpu"]],
    ["payment", ["paymentFailure"]],
    ["", ["mine"]],
  ]);
});

it("finds all words wherever they are", () => {
  expect(found("ERRORS ad")).toEqual([["ad", ["adFailure"]]]);
  expect(found("charge")).toEqual([["payment", ["paymentFailure"]]]);
  expect(found("nothing")).toEqual([]);
});
