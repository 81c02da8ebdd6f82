import { expect, it } from "vitest";
import { countryCode } from "./country.ts";

it.each([
  ["United States", "US"],
  [" usa ", "US"],
  ["US", "US"],
  ["Canada", "CA"],
  ["UK", "GB"],
  ["United Kingdom", "GB"],
  ["germany", "DE"],
  ["", undefined],
  ["Atlantis", undefined],
])("%j is %s", (written, code) => {
  expect(countryCode(written)).toBe(code);
});
