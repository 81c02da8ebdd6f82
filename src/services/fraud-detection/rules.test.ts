import { describe, expect, it } from "vitest";
import { type Facts, scoreOrder } from "./rules.ts";

const harmless: Facts = {
  ordersOfUser: 1,
  ordersWithCard: 1,
  usersOfCard: 1,
  amount: 100,
  history: undefined,
  cardCountry: undefined,
  addressCountry: "US",
};

describe("scoring an order", () => {
  it("accepts an ordinary one without a word", () => {
    expect(scoreOrder(harmless)).toEqual({ points: 0, verdict: "accept", reasons: [] });
  });

  it("accepts one of which nothing is known but its amount", () => {
    const unknown = {
      ordersOfUser: undefined,
      ordersWithCard: undefined,
      usersOfCard: undefined,
      addressCountry: undefined,
    };
    expect(scoreOrder({ ...harmless, ...unknown }).verdict).toBe("accept");
  });

  it.each<[string, Partial<Facts>, string]>([
    ["user-velocity", { ordersOfUser: 5 }, "5 orders of this user within 10 minutes"],
    ["card-velocity", { ordersWithCard: 7 }, "7 orders with this card within 10 minutes"],
    ["shared-card", { usersOfCard: 3 }, "3 users have ordered with this card"],
    ["unusual-amount", { amount: 500, history: { count: 5, mean: 100, deviation: 20 } }, "5.0 times the mean"],
    ["country-mismatch", { cardCountry: "BR" }, "The card is from BR, the address in US"],
  ])("explains %s", (rule, facts, explanation) => {
    const { reasons } = scoreOrder({ ...harmless, ...facts });
    expect(reasons.map((reason) => reason.rule)).toEqual([rule]);
    expect(reasons[0]?.explanation).toContain(explanation);
  });

  it.each<[string, Partial<Facts>]>([
    ["four orders", { ordersOfUser: 4, ordersWithCard: 4, usersOfCard: 2 }],
    ["a large amount without enough history", { amount: 9_999, history: { count: 4, mean: 1, deviation: 0 } }],
    ["twice the usual amount of a steady customer", { amount: 200, history: { count: 9, mean: 100, deviation: 1 } }],
    ["a card from the country of the address", { cardCountry: "US" }],
  ])("lets %s pass", (_, facts) => {
    expect(scoreOrder({ ...harmless, ...facts }).verdict).toBe("accept");
  });

  it("adds up to review and reject, never above 100", () => {
    expect(scoreOrder({ ...harmless, ordersOfUser: 5 }).verdict).toBe("review");
    expect(scoreOrder({ ...harmless, ordersOfUser: 5, cardCountry: "BR" }).verdict).toBe("reject");
    const all = { ordersOfUser: 9, ordersWithCard: 9, usersOfCard: 9, cardCountry: "BR" };
    expect(scoreOrder({ ...harmless, ...all }).points).toBe(100);
  });
});
