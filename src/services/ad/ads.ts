/** An advertisement for a product. */
export interface Ad {
  readonly productId: string;
  readonly text: string;
}

/**
 * Ads by product category. There are none for books and flashlights, so that asking for these alone falls back to a
 * random choice.
 */
const adsByCategory: ReadonlyMap<string, readonly Ad[]> = new Map([
  ["binoculars", [{ productId: "2ZYFJ3GM2N", text: "Roof Binoculars for sale. 50% off." }]],
  ["telescopes", [{ productId: "66VCHSJNUP", text: "Starsense Explorer Refractor Telescope for sale. 20% off." }]],
  [
    "accessories",
    [
      { productId: "0PUK6V6EV0", text: "Solar System Color Imager for sale. 30% off." },
      { productId: "6E92ZMYYFZ", text: "Solar Filter for sale. Buy two, get the third for free." },
      { productId: "L9ECAV7KIM", text: "Lens Cleaning Kit for sale. Buy one, get the second for free." },
    ],
  ],
  ["assembly", [{ productId: "9SIQT8TOJO", text: "Optical Tube Assembly for sale. 10% off." }]],
  [
    "travel",
    [
      {
        productId: "1YMWWN1N4O",
        text: "Eclipsmart Travel Refractor Telescope for sale. Buy one, get a second kit for free.",
      },
    ],
  ],
]);

/** All ads, for random choices. */
export const allAds: readonly Ad[] = [...adsByCategory.values()].flat();

/** The categories that there are ads for. */
export const adCategories: readonly string[] = [...adsByCategory.keys()];

/** How many ads there are for a category. */
export function adsOf(category: string): number {
  return adsByCategory.get(category)?.length ?? 0;
}

export type Selection =
  | { readonly kind: "targeted"; readonly ads: readonly Ad[] }
  | { readonly kind: "random"; readonly ads: readonly Ad[] };

/**
 * The ads of all categories asked for, each ad once; two different random ones when none was asked for or none fits.
 *
 * @param random uniform in [0, 1)
 */
export function selectAds(categories: readonly string[], random: () => number = Math.random): Selection {
  const targeted = new Set(categories.flatMap((category) => adsByCategory.get(category) ?? []));
  if (targeted.size > 0) return { kind: "targeted", ads: [...targeted] };
  const first = Math.floor(random() * allAds.length);
  const second = (first + 1 + Math.floor(random() * (allAds.length - 1))) % allAds.length;
  return { kind: "random", ads: allAds.filter((_, index) => index === first || index === second) };
}
