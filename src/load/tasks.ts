import type { SeededRandom } from "../domain/seeded-random.ts";
import { type Person, people } from "./people.ts";

/** What a visitor does next, with all that was chosen for it: nothing of it depends on answers. */
export type Task =
  | { readonly name: "startSession" | "index" | "viewCart" | "floodHome" }
  | { readonly name: "browseProduct" | "getRecommendations"; readonly productId: string }
  /** Of all categories without one. */
  | { readonly name: "getAds"; readonly category?: string }
  | { readonly name: "addToCart"; readonly userId: string; readonly line: Line }
  | {
      readonly name: "checkout" | "checkoutMulti";
      readonly userId: string;
      readonly lines: readonly Line[];
      readonly person: Person;
    };

export type TaskName = Task["name"];

/** A line of a cart. */
export interface Line {
  readonly productId: string;
  readonly quantity: number;
}

/** The names of the tasks' spans, those of the OpenTelemetry Demo. */
export const spanNames: Readonly<Record<TaskName, string>> = {
  startSession: "user_session_start",
  index: "user_index",
  browseProduct: "user_browse_product",
  getRecommendations: "user_get_recommendations",
  getAds: "user_get_ads",
  viewCart: "user_view_cart",
  addToCart: "user_add_to_cart",
  checkout: "user_checkout_single",
  checkoutMulti: "user_checkout_multi",
  floodHome: "user_flood_home",
};

/** Its weights, too. There a flood that is switched off is an idle turn; here it is not among the choices. */
const weights: readonly (readonly [TaskName, number])[] = [
  ["index", 1],
  ["browseProduct", 10],
  ["getRecommendations", 3],
  ["getAds", 3],
  ["viewCart", 3],
  ["addToCart", 2],
  ["checkout", 1],
  ["checkoutMulti", 1],
  ["floodHome", 5],
];

export const productIds = [
  "0PUK6V6EV0",
  "1YMWWN1N4O",
  "2ZYFJ3GM2N",
  "66VCHSJNUP",
  "6E92ZMYYFZ",
  "9SIQT8TOJO",
  "HQTGWGPNH4",
  "L9ECAV7KIM",
  "LS4PSXUNUM",
  "OLJCESPC7Z",
] as const;

const categories = ["binoculars", "telescopes", "accessories", "assembly", "travel", "books", undefined] as const;
const quantities = [1, 2, 3, 4, 5, 10] as const;
const lineCounts = [2, 3, 4] as const;

/**
 * The next task of a visitor.
 *
 * @param options.floods whether floods of the home page are among the tasks
 */
export function drawTask(random: SeededRandom, { floods }: { readonly floods: boolean }): Task {
  const name = drawName(random, floods);
  switch (name) {
    case "browseProduct":
    case "getRecommendations":
      return { name, productId: random.pick(productIds) };
    case "getAds": {
      const category = random.pick(categories);
      return category === undefined ? { name } : { name, category };
    }
    case "addToCart":
      return { name, userId: random.uuid(), line: drawLine(random) };
    case "checkout":
    case "checkoutMulti": {
      const count = name === "checkout" ? 1 : random.pick(lineCounts);
      const userId = random.uuid();
      const lines = Array.from({ length: count }, () => drawLine(random));
      return { name, userId, lines, person: random.pick(people) };
    }
    default:
      return { name };
  }
}

function drawName(random: SeededRandom, floods: boolean): TaskName {
  const choices = floods ? weights : weights.filter(([name]) => name !== "floodHome");
  let left = random.fraction() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of choices) {
    left -= weight;
    if (left < 0) return name;
  }
  return "index";
}

function drawLine(random: SeededRandom): Line {
  return { productId: random.pick(productIds), quantity: random.pick(quantities) };
}
