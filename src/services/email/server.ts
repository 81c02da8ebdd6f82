import { EmailService } from "../../../gen/oteldemo/email_pb.ts";
import { ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import { ConfigError, type Environment, text } from "../../platform/config/environment.ts";
import { periodic } from "../../platform/lifecycle/periodic.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { emailFaults } from "./faults.ts";
import { emailHandlers } from "./handlers.ts";
import { mailboxPages } from "./mailbox-pages.ts";
import { mailMigrations, mailStore, type StoredMail } from "./store.ts";

/** For each step of a delivery: a mail server that says nothing must hold up neither the next mail nor a stop. */
const smtpTimeoutMs = 4_000;

export async function start(context: ServiceContext): Promise<RunningService> {
  const { log, environment, telemetry } = context;
  const store = mailStore(await context.database({ migrations: mailMigrations, poolSize: 4 }));
  const catalog = context.client(ProductCatalogService, { timeoutMs: 1_000, attempts: 1 });
  const send = await mailSender(environment);
  const faults = emailFaults(context);
  const stopping = new AbortController();
  const worker =
    send && periodic({ name: "send mails", everyMs: 2_000, work: () => store.sendDue(send, stopping.signal), log });
  return {
    routes: [
      route(EmailService, emailHandlers({ store, catalog, faults, onAdded: () => worker?.wake(), log, telemetry })),
    ],
    http: mailboxPages(store),
    workers:
      worker === undefined
        ? []
        : [
            {
              start: () => worker.start(),
              stop() {
                stopping.abort();
                return worker.stop();
              },
            },
          ],
    isReady: () => store.isReachable(),
    stop: async () => faults.stop(),
  };
}

async function mailSender(environment: Environment): Promise<((mail: StoredMail) => Promise<void>) | undefined> {
  const url = text(environment, "SMTP_URL");
  if (url === undefined) return undefined;
  if (!/^smtps?:\/\/[^/]+/.test(url) || !URL.canParse(url)) {
    throw new ConfigError("SMTP_URL is not valid: it takes smtp://user:password@host:port, or smtps://… for TLS.");
  }
  const from = text(environment, "EMAIL_FROM") ?? "Orrery <noreply@example.com>";
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    url,
    connectionTimeout: smtpTimeoutMs,
    greetingTimeout: smtpTimeoutMs,
    socketTimeout: smtpTimeoutMs,
    dnsTimeout: smtpTimeoutMs,
  });
  return async ({ recipient, subject, html, text: plain, orderId }) => {
    // As text it would be read as a list, and the shop would write to whoever is in it.
    const to = { name: "", address: recipient };
    await transport.sendMail({ from, to, subject, html, text: plain, messageId: `<${orderId}@orrery>` });
  };
}
