import { saturations } from "../observatory/objectives/saturations.ts";
import { shopObjectives } from "../observatory/objectives/shop-objectives.ts";
import { flags } from "../services/flags.ts";
import { services } from "../services/index.ts";
import { knownSystem } from "./known-system.ts";

export const testSystem = knownSystem({
  services,
  objectives: shopObjectives,
  saturations,
  flags: new Map(
    flags
      .filter(({ fault }) => fault !== undefined)
      .map(({ key, variants }) => [key, Object.keys(variants)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ),
});
