import type { Address, OrderRequest } from "../model.ts";

/** What the checkout form holds: texts, as typed. The names are those of the inputs. */
export type CheckoutValues = {
  email: string;
  streetAddress: string;
  zipCode: string;
  city: string;
  state: string;
  country: string;
  creditCardNumber: string;
  creditCardExpirationMonth: string;
  creditCardExpirationYear: string;
  creditCardCvv: string;
};

/** The demonstration's shopper, so that an order is one click away; the card never expires. */
export function defaultValues(today: Date): CheckoutValues {
  return {
    email: "someone@example.com",
    streetAddress: "1600 Amphitheatre Parkway",
    zipCode: "94043",
    city: "Mountain View",
    state: "CA",
    country: "United States",
    creditCardNumber: "4432-8015-6152-0454",
    creditCardExpirationMonth: "1",
    creditCardExpirationYear: String(today.getFullYear() + 1),
    creditCardCvv: "672",
  };
}

export function expirationYears(today: Date): string[] {
  return Array.from({ length: 20 }, (_, index) => String(today.getFullYear() + index));
}

export function addressOf(values: CheckoutValues): Address {
  return {
    streetAddress: values.streetAddress.trim(),
    city: values.city.trim(),
    state: values.state.trim(),
    country: values.country.trim(),
    zipCode: values.zipCode.trim(),
  };
}

/** The card number in groups of four, as the shop's clients send it. */
export function groupCardNumber(typed: string): string {
  return typed
    .replaceAll(/\D/g, "")
    .slice(0, 19)
    .replaceAll(/(\d{4})(?=\d)/g, "$1-");
}

export function orderOf(values: CheckoutValues, shopper: { userId: string; currencyCode: string }): OrderRequest {
  return {
    userId: shopper.userId,
    email: values.email.trim(),
    userCurrency: shopper.currencyCode,
    address: addressOf(values),
    creditCard: {
      creditCardNumber: groupCardNumber(values.creditCardNumber),
      creditCardCvv: Number(values.creditCardCvv),
      creditCardExpirationYear: Number(values.creditCardExpirationYear),
      creditCardExpirationMonth: Number(values.creditCardExpirationMonth),
    },
  };
}

const needed = (what: string) => (value: string) => (value.trim() === "" ? `Please give ${what}.` : null);

/** One rule a field: what is wrong with a value in words, or null. */
export const rules = {
  email: (value: string) =>
    /^\S+@\S+\.\S+$/.test(value.trim()) ? null : "Please give an e-mail address, such as someone@example.com.",
  streetAddress: needed("a street and number"),
  zipCode: needed("a ZIP or postal code"),
  city: needed("a city"),
  country: needed("a country"),
  // Brand and check digit are for the shop to judge, which says more precisely what it does not take.
  creditCardNumber: (value: string) => {
    const digits = value.replaceAll(/\D/g, "").length;
    return digits >= 13 && digits <= 19 ? null : "Please give the whole card number, usually 16 digits.";
  },
  creditCardCvv: (value: string) => (/^\d{3,4}$/.test(value) ? null : "Please give the 3 digits from the card's back."),
};

/** The form field that a field name of the shop's API means, such as `creditCard.creditCardNumber`. */
export function fieldOf(apiField: string): keyof CheckoutValues | undefined {
  const last = apiField.split(/[./]/).at(-1) ?? "";
  const name = last.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.hasOwn(defaultValues(new Date(0)), name) ? (name as keyof CheckoutValues) : undefined;
}
