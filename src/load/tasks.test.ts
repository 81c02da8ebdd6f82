import { describe, expect, it } from "vitest";
import { SeededRandom } from "../domain/seeded-random.ts";
import { people } from "./people.ts";
import { drawTask, type Task } from "./tasks.ts";

/** What the users of a run do first, with their pauses. */
function sequence(seed: number, options: { readonly floods: boolean } = { floods: false }) {
  return Array.from({ length: 5 }, (_, user) => {
    const random = new SeededRandom(seed, user);
    const session = random.uuid();
    const steps = Array.from({ length: 200 }, () => ({
      task: drawTask(random, options),
      pause: random.between(1_000, 10_000),
    }));
    return { session, steps };
  });
}

describe("a seed", () => {
  it("makes the same choices each time, and another one makes others", () => {
    expect(sequence(7)).toEqual(sequence(7));
    expect(sequence(8)).not.toEqual(sequence(7));
  });

  it("gives each user choices of their own", () => {
    const [first, second] = sequence(7);
    expect(first).not.toEqual(second);
    const sessions = Array.from({ length: 10_000 }, (_, user) => new SeededRandom(1, user).uuid());
    expect(new Set(sessions).size).toBe(10_000);
    for (const session of sessions)
      expect(session).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("tasks", () => {
  const drawn = (floods: boolean) => {
    const random = new SeededRandom(3, 0);
    return Array.from({ length: 29_000 }, () => drawTask(random, { floods }));
  };
  const shares = (tasks: readonly Task[]) => {
    const counts: Record<string, number> = {};
    for (const { name } of tasks) counts[name] = (counts[name] ?? 0) + 1;
    return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, (count / tasks.length) * 29]));
  };

  it("come with the weights of the OpenTelemetry Demo", () => {
    const expected = {
      index: 1,
      browseProduct: 10,
      getRecommendations: 3,
      getAds: 3,
      viewCart: 3,
      addToCart: 2,
      checkout: 1,
      checkoutMulti: 1,
      floodHome: 5,
    };
    const found = shares(drawn(true));
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, weight] of Object.entries(expected)) {
      expect(Math.abs((found[name] ?? 0) - weight) / weight, name).toBeLessThan(0.15);
    }
  });

  it("have no idle turns while floods are off", () => {
    expect(shares(drawn(false))).not.toHaveProperty("floodHome");
  });

  it("order one or two to four lines, each order as somebody new", () => {
    const orders = drawn(false).flatMap((task) => ("lines" in task ? [task] : []));
    for (const { name, lines } of orders) {
      if (name === "checkout") expect(lines).toHaveLength(1);
      else expect([2, 3, 4]).toContain(lines.length);
      for (const { quantity } of lines) expect([1, 2, 3, 4, 5, 10]).toContain(quantity);
    }
    expect(new Set(orders.map(({ userId }) => userId)).size).toBe(orders.length);
    expect(new Set(orders.map(({ person }) => person.email)).size).toBe(people.length);
  });

  it("ask for ads of a category, or of all; never of one that there is not", () => {
    const asked = new Set(drawn(false).flatMap((task) => (task.name === "getAds" ? [task.category] : [])));
    expect([...asked].map(String).sort()).toEqual(
      ["accessories", "assembly", "binoculars", "books", "telescopes", "travel", "undefined"].sort(),
    );
  });
});

describe("people", () => {
  it("are eight from the United States and one from Canada, with cards that payment takes", () => {
    expect(people.map(({ address, userCurrency }) => `${address.country} ${userCurrency}`).sort()).toEqual([
      "Canada CAD",
      ...Array.from({ length: 8 }, () => "United States USD"),
    ]);
    for (const { email, creditCard } of people) {
      expect(email).toMatch(/@example\.com$/);
      expect(creditCard.creditCardNumber).toMatch(/^4\d{3}(-\d{4}){3}$/);
      expect(luhn(creditCard.creditCardNumber.replaceAll("-", "")), email).toBe(0);
    }
    expect(people.map(({ creditCard }) => creditCard.creditCardExpirationMonth).sort()).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });
});

/** ISO/IEC 7812-1, annex B: 0 for a valid number. */
function luhn(number: string): number {
  const digits = [...number].reverse().map((digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return value > 9 ? value - 9 : value;
  });
  return digits.reduce((sum, value) => sum + value, 0) % 10;
}
