// From an empty cart to an order:
//   node place-order.ts [address] [connect | grpc | grpc-web | web-connect | web-grpc-web]
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.ts";
import { CartService } from "./gen/oteldemo/cart_pb.ts";
import { CheckoutService } from "./gen/oteldemo/checkout_pb.ts";
import { ProductCatalogService } from "./gen/oteldemo/product_catalog_pb.ts";
import { transports } from "./transports.ts";

const [address = "http://localhost:8080", protocol = "connect"] = process.argv.slice(2);
const makeTransport = transports[protocol];
if (makeTransport === undefined) throw new Error(`Choose one of ${Object.keys(transports).join(", ")}.`);

const transport = makeTransport(address);
const catalog = createClient(ProductCatalogService, transport);
const cart = createClient(CartService, transport);
const checkout = createClient(CheckoutService, transport);

const userId = crypto.randomUUID();
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
const options = { headers: { "idempotency-key": crypto.randomUUID() }, timeoutMs: 10_000 };
const { order } = await checkout.placeOrder(request, options);
console.log(`order ${order?.orderId}, tracking id ${order?.shippingTrackingId}`);

const again = await checkout.placeOrder(request, options);
if (again.order?.orderId !== order?.orderId) throw new Error("The repeated call placed another order.");
console.log("repeated with the same key: the same order");

// The cart is empty now. Programs tell errors apart by their reason.
const refused = await checkout.placeOrder(request).then(
  () => Promise.reject(new Error("An empty cart was ordered.")),
  (error) => ConnectError.from(error),
);
const [info] = refused.findDetails(ErrorInfoSchema);
console.log(`without a key: ${Code[refused.code]}, ${info?.reason}`);
