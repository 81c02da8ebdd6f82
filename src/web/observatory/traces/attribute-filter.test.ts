import { describe, expect, it } from "vitest";
import { attributeTerm, parseAttributeFilter } from "./attribute-filter.ts";

describe("a filter of attributes", () => {
  it("reads keys, values and values in quotes", () => {
    expect(parseAttributeFilter('http.route=/api/cart?x=1  note="two words" empty=')).toEqual({
      attributes: { "http.route": "/api/cart?x=1", note: "two words", empty: "" },
      unread: [],
    });
  });

  it("gives back what it does not understand", () => {
    expect(parseAttributeFilter("checkout a=b =c")).toEqual({ attributes: { a: "b" }, unread: ["checkout", "=c"] });
  });

  it.each(["plain", "two words", "a=b", ""])("writes what it reads: %j", (value) => {
    expect(parseAttributeFilter(attributeTerm("key", value)).attributes).toEqual({ key: value });
  });
});
