/** One product in a cart. */
export interface CartLine {
  readonly productId: string;
  /** 1 to {@link maxQuantity}. */
  readonly quantity: number;
}

/** What a user wants to buy, in the order in which it was put in. */
export interface Cart {
  readonly lines: readonly CartLine[];
}

/** Most pieces of one product. */
export const maxQuantity = 1_000;
/** Most different products. */
export const maxLines = 200;
/** How long a cart is kept after its last change, in milliseconds. */
export const timeToLiveMs = 60 * 60_000;

export const emptyCart: Cart = { lines: [] };

export type Change =
  | { readonly kind: "changed"; readonly cart: Cart }
  | { readonly kind: "quantity-out-of-range"; readonly quantity: number }
  | { readonly kind: "full" };

/** Adds to a product's quantity, or takes from it when `line.quantity` is negative; a line at zero goes. */
export function addLine(cart: Cart, line: CartLine): Change {
  const before = cart.lines.find(({ productId }) => productId === line.productId);
  const quantity = (before?.quantity ?? 0) + line.quantity;
  if (quantity < 0 || quantity > maxQuantity) return { kind: "quantity-out-of-range", quantity };
  const after: CartLine = { productId: line.productId, quantity };
  if (before === undefined) {
    if (cart.lines.length >= maxLines) return { kind: "full" };
    return { kind: "changed", cart: { lines: [...cart.lines, after] } };
  }
  const lines = cart.lines.map((other) => (other === before ? after : other)).filter((other) => other.quantity > 0);
  return { kind: "changed", cart: { lines } };
}
