// From an empty cart to an order:
//   node place-order.ts [host:port]
import { randomUUID } from "node:crypto";
import { credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { CartService } from "./gen/oteldemo/cart_pb.ts";
import { CheckoutService } from "./gen/oteldemo/checkout_pb.ts";
import { ProductCatalogService } from "./gen/oteldemo/product_catalog_pb.ts";
import { grpcClient } from "./grpc-client.ts";

const [address = "localhost:8080"] = process.argv.slice(2);
const plain = credentials.createInsecure();
const catalog = grpcClient(ProductCatalogService, address, plain);
const cart = grpcClient(CartService, address, plain);
const checkout = grpcClient(CheckoutService, address, plain);

const userId = randomUUID();
const request = {
  userId,
  userCurrency: "EUR",
  email: "jo@example.com",
  address: {
    streetAddress: "Observatory Street 1",
    city: "Heidelberg",
    country: "Germany",
    zipCode: "69117",
  },
  creditCard: {
    creditCardNumber: "4432-8015-6152-0454",
    creditCardCvv: 672,
    creditCardExpirationYear: new Date().getFullYear() + 3,
    creditCardExpirationMonth: 1,
  },
};

const { products } = await catalog.listProducts({});
const [product] = products;
if (product === undefined) throw new Error("The shop sells nothing.");
console.log(`${products.length} products; buying two of ${product.name}`);

await cart.addItem({ userId, item: { productId: product.id, quantity: 2 } });

// With a key of your own, a call whose answer got lost can be repeated: the order is placed and paid once.
const metadata = new Metadata();
metadata.set("idempotency-key", randomUUID());
const withinTenSeconds = () => ({ metadata, options: { deadline: Date.now() + 10_000 } });
const { order } = await checkout.placeOrder(request, withinTenSeconds());
console.log(`order ${order?.orderId}, tracking id ${order?.shippingTrackingId}`);

const again = await checkout.placeOrder(request, withinTenSeconds());
if (again.order?.orderId !== order?.orderId) throw new Error("The repeated call placed another order.");
console.log("repeated with the same key: the same order");

// The cart is empty now.
const refused: ServiceError = await checkout.placeOrder(request).then(
  () => Promise.reject(new Error("An empty cart was ordered.")),
  (error) => error,
);
console.log(`without a key: ${status[refused.code]}`);
