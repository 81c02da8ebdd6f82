import type { Client } from "@connectrpc/connect";
import { EmailService } from "../../../gen/oteldemo/email_pb.ts";
import { ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import { ConfigError, type Environment, text } from "../../platform/config/environment.ts";
import { periodic } from "../../platform/lifecycle/periodic.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import type { Logger } from "../../platform/logging/logger.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { confirmationMail } from "./confirmation.ts";
import { mailboxPages } from "./mailbox-pages.ts";
import { mailMigrations, mailStore, type StoredMail } from "./store.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const { log, environment } = context;
  const store = mailStore(await context.database({ migrations: mailMigrations, poolSize: 4 }));
  const catalog = context.client(ProductCatalogService, { timeoutMs: 1_000, attempts: 1 });
  const send = await mailSender(environment);
  const worker = send && periodic({ name: "send mails", everyMs: 2_000, work: () => store.sendDue(send), log });
  return {
    routes: [
      route(EmailService, {
        async sendOrderConfirmation({ email, order }) {
          if (order === undefined) return {};
          const ids = order.items.flatMap(({ item }) => item?.productId ?? []);
          await store.add(order.orderId, email, confirmationMail(order, await productNames(catalog, ids, log)));
          worker?.wake();
          return {};
        },
      }),
    ],
    http: mailboxPages(store),
    workers: worker === undefined ? [] : [worker],
    isReady: () => store.isReachable(),
  };
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

async function mailSender(environment: Environment): Promise<((mail: StoredMail) => Promise<void>) | undefined> {
  const url = text(environment, "SMTP_URL");
  if (url === undefined) return undefined;
  if (!/^smtps?:\/\/[^/]+/.test(url) || !URL.canParse(url)) {
    throw new ConfigError("SMTP_URL is not valid: it takes smtp://user:password@host:port, or smtps://… for TLS.");
  }
  const from = text(environment, "EMAIL_FROM") ?? "Orrery <noreply@example.com>";
  const { createTransport } = await import("nodemailer");
  const transport = createTransport(url);
  return async ({ recipient, subject, html, text: plain, orderId }) => {
    await transport.sendMail({ from, to: recipient, subject, html, text: plain, messageId: `<${orderId}@orrery>` });
  };
}
