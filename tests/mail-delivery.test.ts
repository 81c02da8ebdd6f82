import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { api, Customer, flashlight, home } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { startShop, type TestShop } from "./shop.ts";

interface Delivery {
  readonly recipients: readonly string[];
  readonly data: string;
}

/** Enough of RFC 5321 to take mails; refuses recipients whose address holds `refused`. */
class MailServer {
  readonly deliveries: Delivery[] = [];
  readonly #server: Server;
  port = 0;

  constructor() {
    this.#server = createServer((socket) => {
      let recipients: string[] = [];
      let buffered = "";
      let isData = false;
      socket.on("error", () => {});
      socket.write("220 test ESMTP\r\n");
      socket.on("data", (chunk) => {
        buffered += chunk;
        for (;;) {
          const end = isData ? buffered.indexOf("\r\n.\r\n") : buffered.indexOf("\r\n");
          if (end < 0) return;
          const text = buffered.slice(0, end);
          buffered = buffered.slice(end + (isData ? 5 : 2));
          if (isData) {
            this.deliveries.push({ recipients, data: text });
            isData = false;
            socket.write("250 taken\r\n");
          } else if (/^MAIL/i.test(text)) {
            recipients = [];
            socket.write("250 ok\r\n");
          } else if (/^RCPT/i.test(text)) {
            const isRefused = text.includes("refused");
            if (!isRefused) recipients.push(/<(.*)>/.exec(text)?.[1] ?? "");
            socket.write(isRefused ? "550 nobody of that name\r\n" : "250 ok\r\n");
          } else if (/^DATA/i.test(text)) {
            isData = true;
            socket.write("354 go on\r\n");
          } else if (/^QUIT/i.test(text)) socket.end("221 bye\r\n");
          else socket.write("250 ok\r\n");
        }
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    this.port = typeof address === "object" && address !== null ? address.port : 0;
  }

  stop(): void {
    this.#server.close();
  }
}

const mailServer = new MailServer();
let shop: TestShop;
beforeAll(async () => {
  await mailServer.start();
  shop = await startShop({ environment: { SMTP_URL: `smtp://127.0.0.1:${mailServer.port}` } });
});
afterAll(async () => {
  await shop.stop();
  mailServer.stop();
});

async function orderFor(email: string): Promise<string> {
  const customer = new Customer(shop.url);
  await customer.puts(flashlight, 2);
  return (await customer.checksOut({ changes: { email } })).body.orderId;
}

const deliveriesOf = (orderId: string) =>
  mailServer.deliveries.filter(({ data }) => data.includes(`<${orderId}@orrery>`));

describe("with SMTP_URL", () => {
  it("a confirmation is delivered once, as HTML and as text", async () => {
    const orderId = await orderFor("someone@example.com");
    const [delivery] = await eventually(() => {
      const found = deliveriesOf(orderId);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(delivery?.recipients).toEqual(["someone@example.com"]);
    expect(delivery?.data).toMatch(/^From: .*Orrery/m);
    expect(delivery?.data).toContain("text/plain");
    expect(delivery?.data).toContain("text/html");
    expect(delivery?.data).toContain(home.city);
    await eventually(async () => expect((await api(shop.url, `/mail/${orderId}`)).body).toContain("sent 20"));
    expect(deliveriesOf(orderId)).toHaveLength(1);
  });

  it("a mail that is refused does not hold up others, and says why", async () => {
    const refused = await orderFor("refused@example.com");
    const fine = await orderFor("fine@example.com");
    await eventually(() => expect(deliveriesOf(fine)).toHaveLength(1));
    await eventually(async () =>
      expect((await api(shop.url, `/mail/${refused}`)).body).toContain("nobody of that name"),
    );
  });

  it("a mail server that says nothing is given up in time", { timeout: 60_000 }, async () => {
    const silent = createServer((socket) => void socket.on("error", () => {}).unref());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const other = await startShop({ environment: { SMTP_URL: `smtp://127.0.0.1:${port}` } });
    onTestFinished(() => void silent.close());
    const customer = new Customer(other.url);
    await customer.puts(flashlight);
    const { body } = await customer.checksOut();
    await eventually(
      async () => expect((await api(other.url, `/mail/${body.orderId}`)).body).toContain("not sent: "),
      20_000,
    );
    const begun = performance.now();
    await other.stop();
    expect(performance.now() - begun).toBeLessThan(8_000);
  });

  it.each([
    "a@example.com, b@example.com",
    "a@example.com\r\nBcc: b@example.com",
    "Friends: a@example.com, b@example.com;",
    '"<b@example.com>" <a@example.com>',
  ])("%j is one recipient or none: nobody writes to others through the shop", async (email) => {
    const orderId = await orderFor(email);
    await eventually(async () =>
      expect((await api(shop.url, `/mail/${orderId}`)).body).toMatch(/not sent: |, sent 20/),
    );
    for (const { recipients, data } of deliveriesOf(orderId)) {
      expect(recipients.length).toBeLessThanOrEqual(1);
      expect(data).not.toMatch(/^Bcc:/im);
    }
  });
});
