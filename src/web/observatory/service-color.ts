/** Hues of the shop's own services, chosen so that neighbours on the map and in an order's trace stay apart. */
const hues: Readonly<Record<string, number>> = {
  browser: 265,
  "frontend-web": 265,
  "frontend-proxy": 225,
  frontend: 285,
  checkout: 70,
  payment: 345,
  cart: 165,
  shipping: 205,
  quote: 135,
  currency: 105,
  "product-catalog": 245,
  recommendation: 315,
  ad: 120,
  email: 20,
  accounting: 185,
  "fraud-detection": 45,
  "image-provider": 150,
  observatory: 300,
};

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

/**
 * The colour of a service, the same wherever and whenever it is shown. Its lightness comes from the colour scheme;
 * every second one is a little lighter, so that two stay apart where hues look alike. Never the only mark of a service.
 */
export function serviceColor(name: string): string {
  const hue = hues[name] ?? hash(name) % 360;
  const lift = hash(name) % 2 === 0 ? 0 : 0.09;
  return `oklch(calc(var(--bar-lightness) + ${lift}) var(--bar-chroma) ${hue})`;
}
