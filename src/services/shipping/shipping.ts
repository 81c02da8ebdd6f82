import { createHash, randomUUID } from "node:crypto";

/** The namespace of tracking ids that are made from a key, an arbitrary constant UUID (RFC 9562, section 5.5). */
const trackingNamespace = Buffer.from("6f72726572792e7368697070696e6730", "hex");

/**
 * A tracking id: always the same for the same key (UUID version 5), so that shipping twice is shipping once; a random
 * one without a key.
 */
export function trackingId(key: string | undefined): string {
  if (key === undefined) return randomUUID();
  const bytes = createHash("sha1").update(trackingNamespace).update(key).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export type ItemCount =
  | { readonly kind: "counted"; readonly count: number }
  | { readonly kind: "negative"; readonly productId: string; readonly quantity: number };

/** How many pieces there are to ship. */
export function countItems(items: readonly { readonly productId: string; readonly quantity: number }[]): ItemCount {
  let count = 0;
  for (const { productId, quantity } of items) {
    if (quantity < 0) return { kind: "negative", productId, quantity };
    count += quantity;
  }
  return { kind: "counted", count };
}
