import type { Client, ConnectError, ServiceImpl } from "@connectrpc/connect";
import { trace } from "@opentelemetry/api";
import type { EmailService } from "../../../gen/oteldemo/email_pb.ts";
import type { OrderResult } from "../../../gen/oteldemo/order_pb.ts";
import type { ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import { attribute, event, metric } from "../../../gen/telemetry/registry.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import type { Logger } from "../../platform/logging/logger.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import { confirmationMail } from "./confirmation.ts";
import { emailErrors } from "./errors.ts";
import type { EmailFaults } from "./faults.ts";
import type { MailStore } from "./store.ts";

export function emailHandlers(
  options: Pick<ServiceContext, "log" | "telemetry"> & {
    readonly store: MailStore;
    readonly catalog: Client<typeof ProductCatalogService>;
    readonly faults: EmailFaults;
    /** Called when there is a mail to send. */
    readonly onAdded: () => void;
  },
): ServiceImpl<typeof EmailService> {
  const { store, catalog, faults, onAdded, log, telemetry } = options;
  const { demoNotificationConfirmations: written } = metric;
  const confirmations = telemetry.meter.createCounter(written.name, written);
  return {
    async sendOrderConfirmation({ email, order }) {
      if (order === undefined) return {};
      assertWritable(order);
      const ids = order.items.flatMap(({ item }) => item?.productId ?? []);
      const mail = confirmationMail(order, await productNames(catalog, ids, log));
      await store.add(order.orderId, email, mail);
      await faults.afterWriting(mail);
      confirmations.add(1);
      trace.getActiveSpan()?.setAttributes({
        [attribute.demoOrderId]: order.orderId,
        // Nobody's address: for collectors to show how they redact.
        [attribute.demoRedactionExample]: "user@example.com",
      });
      log.info(
        { event: event.emailConfirmationWritten, [attribute.demoOrderId]: order.orderId },
        "Confirmation written",
      );
      onAdded();
      return {};
    },
  };
}

/** The contract has no rules for an order, because it is made by a service; here it may come from anybody. */
function assertWritable(order: OrderResult): void {
  if (!/^[\w.~-]{1,64}$/.test(order.orderId)) {
    throw invalid("Its id", order.orderId, "1 to 64 letters, digits, dots, hyphens, tildes and underscores");
  }
  if (!/^[^\p{Cc}]{0,256}$/u.test(order.shippingTrackingId)) {
    throw invalid("Its tracking id", order.shippingTrackingId, "256 printable characters at most");
  }
  for (const money of [order.shippingCost, ...order.items.map(({ cost }) => cost)]) {
    if (money === undefined || /^[A-Z]{3}$/.test(money.currencyCode)) continue;
    throw invalid("A currency of it", money.currencyCode, "three capital letters");
  }
}

function invalid(what: string, value: string, allowed: string): ConnectError {
  const shown = JSON.stringify(value.slice(0, 100));
  return rpcError(
    emailErrors.ORDER_INVALID,
    `The order cannot be confirmed. ${what} is ${shown}; it takes ${allowed}.`,
  );
}

/** Names by product id; none when the catalogue does not answer, for a mail with ids is better than none. */
async function productNames(
  catalog: Client<typeof ProductCatalogService>,
  ids: string[],
  log: Logger,
): Promise<ReadonlyMap<string, string>> {
  try {
    const { products } = await catalog.listProducts({});
    return new Map(products.filter(({ id }) => ids.includes(id)).map(({ id, name }) => [id, name]));
  } catch (error) {
    log.warn({ error }, "The product catalogue does not answer: a confirmation calls products by their ids");
    return new Map();
  }
}
