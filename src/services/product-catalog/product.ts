import type { Money } from "../../domain/money.ts";

/** Something that the shop sells. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** File name of its picture. */
  readonly picture: string;
  readonly price: Money;
  readonly categories: readonly string[];
}

/** The categories of the comma-separated column, without blanks. */
export function parseCategories(column: string | null): readonly string[] {
  return (column ?? "")
    .split(",")
    .map((category) => category.trim())
    .filter((category) => category !== "");
}
