import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { OrderResultSchema } from "../../../gen/oteldemo/order_pb.ts";
import { confirmationMail } from "./confirmation.ts";

const order = create(OrderResultSchema, {
  orderId: "5f6c9b4e",
  shippingTrackingId: "a1b2c3d4",
  shippingCost: { currencyCode: "EUR", units: 15n, nanos: 904_467_050 },
  shippingAddress: {
    streetAddress: "1 <b>Main</b> Street",
    city: "Bath",
    zipCode: "BA1 1AA",
    country: "United Kingdom",
  },
  items: [
    { item: { productId: "LS4PSXUNUM", quantity: 2 }, cost: { currencyCode: "EUR", units: 50n, nanos: 490_933_215 } },
    { item: { productId: "gone", quantity: 1 }, cost: { currencyCode: "EUR", units: 0n, nanos: 50_000_000 } },
  ],
});
const mail = confirmationMail(order, new Map([["LS4PSXUNUM", "Red Flashlight"]]));

describe.each(["html", "text"] as const)("a confirmation as %s", (form) => {
  it("names order, tracking id and products, and adds up exactly", () => {
    for (const text of [
      "5f6c9b4e",
      "a1b2c3d4",
      "Red Flashlight",
      "gone",
      "€50.49",
      "€100.98",
      "€0.05",
      "€15.90",
      "€116.94",
    ]) {
      expect(mail[form]).toContain(text);
    }
  });

  it("shows the address without gaps for what it does not hold", () => {
    expect(mail[form]).toContain("Bath, BA1 1AA");
    expect(mail[form]).not.toContain("undefined");
  });
});

it("lets no markup in", () => {
  expect(mail.html).not.toContain("<b>Main");
  expect(mail.html).toContain("&lt;b&gt;Main");
});
