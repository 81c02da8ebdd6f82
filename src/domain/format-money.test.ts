import { expect, it } from "vitest";
import { formatMoney } from "./format-money.ts";

it.each([
  ["USD", 57_080_000_000n, "$57.08"],
  ["EUR", 50_490_933_215n, "€50.49"],
  ["JPY", 6_382_000_000_000n, "¥6,382"],
  ["ISK", 1_500_000_000n, "ISK 2"],
  ["USD", 5_000_000n, "$0.00"],
  ["USD", 15_000_000n, "$0.02"],
  ["GBP", -1_750_000_000n, "-£1.75"],
  ["USD", 123_456_789_012_345_678_990_000_000n, "$123,456,789,012,345,678.99"],
])("writes %s %s as %s", (currency, nanos, text) => {
  expect(formatMoney({ currency, nanos }).replaceAll("\u00a0", " ")).toBe(text);
});
