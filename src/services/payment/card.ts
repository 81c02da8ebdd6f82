/** A credit card as it was typed. */
export interface Card {
  readonly number: string;
  /** Zero when not given. */
  readonly expirationYear: number;
  /** 1 to 12; zero when not given. */
  readonly expirationMonth: number;
}

export type Verdict =
  | { readonly kind: "accepted"; readonly brand: AcceptedBrand; readonly digits: string }
  | { readonly kind: "invalid"; readonly what: "number" | "expiry" }
  | { readonly kind: "brand-not-accepted"; readonly brand: string }
  | { readonly kind: "expired"; readonly lastFour: string; readonly month: number; readonly year: number };

export type AcceptedBrand = "visa" | "mastercard";

/**
 * Issuer ranges (ISO/IEC 7812 prefixes) with the lengths they use, the first match counting. They are those of the
 * card validator that the OpenTelemetry Demo uses, plus MasterCard's 2-series.
 */
const brands: readonly {
  readonly brand: string;
  readonly prefix: RegExp;
  readonly lengths: readonly [number, number];
}[] = [
  { brand: "amex", prefix: /^3[47]/, lengths: [15, 15] },
  { brand: "diners_club_carte_blanche", prefix: /^30[0-5]/, lengths: [14, 14] },
  { brand: "diners_club_international", prefix: /^3([689]|09)/, lengths: [14, 14] },
  { brand: "jcb", prefix: /^35(2[89]|[3-8]\d)/, lengths: [16, 16] },
  { brand: "laser", prefix: /^(6304|670[69]|6771)/, lengths: [16, 19] },
  { brand: "visa_electron", prefix: /^(4026|417500|4508|4844|491[37])/, lengths: [16, 16] },
  { brand: "visa", prefix: /^4/, lengths: [16, 16] },
  { brand: "mastercard", prefix: /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16, 16] },
  { brand: "maestro", prefix: /^(5018|5020|5038|6304|6759|676[1-3])/, lengths: [12, 19] },
  { brand: "rupay", prefix: /^(508[5-9]|60[78]|652[12])/, lengths: [16, 16] },
  { brand: "discover", prefix: /^(6011|622(12[6-9]|1[3-9]|[2-8]|9[01]|92[0-5])|64[4-9]|65)/, lengths: [16, 16] },
];

/** Judges a card: its number (Luhn, ISO/IEC 7812-1 annex B), its brand, and that it is good through its month. */
export function judgeCard(card: Card, now: Date): Verdict {
  const digits = card.number.replace(/[\s-]/g, "");
  const brand = brands.find(({ prefix }) => prefix.test(digits));
  if (brand === undefined || !/^\d+$/.test(digits) || !hasLuhnCheck(digits)) return { kind: "invalid", what: "number" };
  const [shortest, longest] = brand.lengths;
  if (digits.length < shortest || digits.length > longest) return { kind: "invalid", what: "number" };
  if (brand.brand !== "visa" && brand.brand !== "mastercard") return { kind: "brand-not-accepted", brand: brand.brand };
  const { expirationYear: year, expirationMonth: month } = card;
  if (year < 1 || month < 1 || month > 12) return { kind: "invalid", what: "expiry" };
  if (now.getFullYear() * 12 + now.getMonth() + 1 > year * 12 + month) {
    return { kind: "expired", lastFour: digits.slice(-4), month, year };
  }
  return { kind: "accepted", brand: brand.brand, digits };
}

function hasLuhnCheck(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** ISO 3166-1: numeric to alpha-2, for the countries that test cards exist for. */
const countries: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "036": "AU",
    "040": "AT",
    "056": "BE",
    "076": "BR",
    "124": "CA",
    "156": "CN",
    "203": "CZ",
    "208": "DK",
    "246": "FI",
    "250": "FR",
    "276": "DE",
    "344": "HK",
    "356": "IN",
    "372": "IE",
    "380": "IT",
    "392": "JP",
    "458": "MY",
    "484": "MX",
    "528": "NL",
    "554": "NZ",
    "578": "NO",
    "616": "PL",
    "620": "PT",
    "702": "SG",
    "724": "ES",
    "752": "SE",
    "756": "CH",
    "784": "AE",
    "826": "GB",
    "840": "US",
  }),
);

/**
 * The country of a card's issuer where it can be told. Real issuer tables are sold; the widely used test cards
 * 4000 00NN N… carry the numeric code of their country (https://docs.stripe.com/testing#international-cards).
 */
export function cardCountry(digits: string): string | undefined {
  return digits.startsWith("400000") ? countries.get(digits.slice(6, 9)) : undefined;
}
