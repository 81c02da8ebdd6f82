import type { OrderResult } from "../../../gen/oteldemo/order_pb.ts";
import { formatMoney } from "../../domain/format-money.ts";
import { fromMessage, type Money, multiply, sum } from "../../domain/money.ts";
import { html } from "../../platform/http/html.ts";

/** A mail as it is sent. */
export interface Mail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

interface Line {
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: Money;
  readonly price: Money;
}

/**
 * The confirmation of an order.
 *
 * @param productNames names by product id; products that are missing are called by their id
 */
export function confirmationMail(order: OrderResult, productNames: ReadonlyMap<string, string>): Mail {
  const noMoney = { currencyCode: "USD", units: 0n, nanos: 0 };
  const lines = order.items.map(({ item, cost }): Line => {
    const unitPrice = fromMessage(cost ?? noMoney);
    const quantity = item?.quantity ?? 0;
    const productId = item?.productId ?? "";
    return {
      name: productNames.get(productId) ?? productId,
      quantity,
      unitPrice,
      price: multiply(unitPrice, quantity),
    };
  });
  const shipping = fromMessage(order.shippingCost ?? noMoney);
  const total = sum(
    shipping.currency,
    [shipping, ...lines.map(({ price }) => price)].filter(({ currency }) => currency === shipping.currency),
  );
  const address = addressLines(order);
  return {
    subject: `Your order ${order.orderId} is on its way`,
    text: asText(order, lines, shipping, total, address),
    html: asHtml(order, lines, shipping, total, address),
  };
}

function addressLines({ shippingAddress: address }: OrderResult): readonly string[] {
  if (address === undefined) return [];
  const town = [address.city, [address.state, address.zipCode].filter((part) => part !== "").join(" ")]
    .filter((part) => part !== "")
    .join(", ");
  return [address.streetAddress, town, address.country].filter((part) => part !== "");
}

function asText(
  order: OrderResult,
  lines: readonly Line[],
  shipping: Money,
  total: Money,
  address: readonly string[],
): string {
  return [
    "Thank you for your order.",
    "",
    `Order:    ${order.orderId}`,
    `Tracking: ${order.shippingTrackingId}`,
    "",
    ...lines.map(
      ({ name, quantity, unitPrice, price }) =>
        `${quantity} x ${name}, ${formatMoney(unitPrice)} each: ${formatMoney(price)}`,
    ),
    `Shipping: ${formatMoney(shipping)}`,
    `Total: ${formatMoney(total)}`,
    ...(address.length === 0 ? [] : ["", "It goes to", ...address]),
    "",
    "Clear skies,",
    "Orrery",
    "",
  ].join("\n");
}

const cell = "padding:8px 0;border-bottom:1px solid #e3e5ef";
const amount = `${cell};text-align:right;white-space:nowrap`;

function asHtml(
  order: OrderResult,
  lines: readonly Line[],
  shipping: Money,
  total: Money,
  address: readonly string[],
): string {
  const rows = lines.map(
    ({ name, quantity, unitPrice, price }) => html`
      <tr>
        <td style="${cell}">${name}<br><span style="color:#5c6078">${quantity} × ${formatMoney(unitPrice)}</span></td>
        <td style="${amount}">${formatMoney(price)}</td>
      </tr>`,
  );
  const destination =
    address.length === 0
      ? html``
      : html`<h2 style="font-size:16px;margin:24px 0 8px">It goes to</h2>
      <p style="margin:0">${address.map((line) => html`${line}<br>`)}</p>`;
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Your order</title></head>
<body style="margin:0;background:#f3f4fa;color:#1b1e33;font:16px/1.5 system-ui,sans-serif">
  <div style="max-width:560px;margin:0 auto;padding:24px">
    <div style="background:#232750;color:#fff;padding:20px 24px;border-radius:12px 12px 0 0;font-size:20px">Orrery</div>
    <div style="background:#fff;padding:24px;border-radius:0 0 12px 12px">
      <h1 style="font-size:22px;margin:0 0 8px">Thank you for your order</h1>
      <p style="margin:0 0 16px;color:#5c6078">Order ${order.orderId}<br>Tracking ${order.shippingTrackingId}</p>
      <table role="presentation" style="width:100%;border-collapse:collapse">${rows}
      <tr><td style="${cell}">Shipping</td><td style="${amount}">${formatMoney(shipping)}</td></tr>
      <tr><td style="padding:12px 0;font-weight:600">Total</td>
        <td style="padding:12px 0;font-weight:600;text-align:right">${formatMoney(total)}</td></tr>
      </table>
      ${destination}
      <p style="margin:24px 0 0;color:#5c6078">Clear skies,<br>Orrery</p>
    </div>
  </div>
</body>
</html>
`.html;
}
