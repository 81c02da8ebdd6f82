/** Most products in an answer. */
export const maxRecommendations = 5;

/**
 * Product ids as meant, in either encoding: one id an element; or, from clients that hand a string to a repeated
 * field, comma-separated ids taken apart into one character an element.
 */
export function decodeProductIds(elements: readonly string[]): readonly string[] {
  const isTakenApart = elements.length > 1 && elements.every((element) => element.length === 1);
  if (!isTakenApart) return elements.flatMap((element) => element.split(","));
  return elements.join("").split(",");
}

/**
 * Up to {@link maxRecommendations} products drawn evenly from those not excluded, in random order.
 *
 * @param random uniform in [0, 1)
 */
export function recommend(
  all: readonly string[],
  excluded: readonly string[],
  random: () => number = Math.random,
): readonly string[] {
  const without = new Set(excluded);
  const pool = all.filter((id) => !without.has(id));
  const count = Math.min(maxRecommendations, pool.length);
  // Fisher and Yates, as far as needed.
  for (let index = 0; index < count; index++) {
    const other = index + Math.floor(random() * (pool.length - index));
    [pool[index], pool[other]] = [pool[other] ?? "", pool[index] ?? ""];
  }
  return pool.slice(0, count);
}
