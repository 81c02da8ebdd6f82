import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { storeDatabase } from "../../../tests/store-database.ts";
import { mailMigrations, mailStore } from "./store.ts";

const mail = { subject: "Your order", html: "<p>Thank you</p>", text: "Thank you" };

const untilDone = new AbortController().signal;

async function open() {
  const database = await storeDatabase({ schema: "email", migrations: mailMigrations });
  return { store: mailStore(database), sql: database.sql };
}

describe("the mail store", () => {
  it("keeps one mail an order, the first", async () => {
    const { store } = await open();
    await Promise.all(Array.from({ length: 10 }, () => store.add("order", "a@example.com", mail)));
    await store.add("order", "b@example.com", { ...mail, subject: "Another" });
    expect(await store.list(10)).toMatchObject([{ orderId: "order", recipient: "a@example.com", ...mail }]);
    expect(await store.find("order")).toMatchObject({ sentAt: undefined, lastError: undefined });
    expect(await store.find("none")).toBeUndefined();
  });

  it("lists the newest first, and no more than asked for", async () => {
    const { store } = await open();
    for (const orderId of ["1", "2", "3"]) await store.add(orderId, "a@example.com", mail);
    expect((await store.list(2)).map(({ orderId }) => orderId)).toEqual(["3", "2"]);
  });

  it("hands each mail to one sender once", async () => {
    const { store } = await open();
    for (const orderId of ["1", "2", "3", "4"]) await store.add(orderId, "a@example.com", mail);
    const sent: string[] = [];
    const send = async ({ orderId }: { orderId: string }) => {
      sent.push(orderId);
    };
    await Promise.all([store.sendDue(send, untilDone), store.sendDue(send, untilDone)]);
    expect(sent.sort()).toEqual(["1", "2", "3", "4"]);
    expect(await store.find("1")).toMatchObject({ sentAt: expect.any(Date), lastError: undefined });
    await store.sendDue(send, untilDone);
    expect(sent).toHaveLength(4);
  });

  it("hands out what a clock that was put back would keep waiting", async () => {
    const { store, sql } = await open();
    for (const orderId of ["new", "tried"]) await store.add(orderId, "a@example.com", mail);
    await sql`update mails set next_attempt_at = next_attempt_at + interval '2 hours',
      attempts = case when order_id = 'tried' then 3 else 0 end`;
    const sent: string[] = [];
    await store.sendDue(async ({ orderId }) => void sent.push(orderId), untilDone);
    expect(sent.sort()).toEqual(["new", "tried"]);
  });

  it("keeps what could not be sent, says why, and tries again later, not for ever", async () => {
    const { store, sql } = await open();
    await store.add("refused", "a@example.com", mail);
    await store.add("fine", "b@example.com", mail);
    let attempts = 0;
    const send = async ({ orderId }: { orderId: string }) => {
      if (orderId === "fine") return;
      attempts++;
      throw new Error("mailbox full");
    };
    await store.sendDue(send, untilDone);
    expect(await store.find("refused")).toMatchObject({ sentAt: undefined, lastError: "Error: mailbox full" });
    expect(await store.find("fine")).toMatchObject({ sentAt: expect.any(Date) });
    await store.sendDue(send, untilDone);
    expect(attempts, "not at once").toBe(1);
    for (let round = 0; round < 25; round++) {
      await sql`update mails set next_attempt_at = now()`;
      await store.sendDue(send, untilDone);
    }
    expect(attempts).toBe(20);
  });

  it("waits from the end of a failed attempt, however long that took", async () => {
    const { store } = await open();
    await store.add("1", "a@example.com", mail);
    let attempts = 0;
    await store.sendDue(async () => {
      attempts++;
      await sleep(1_200);
      throw new Error("no answer");
    }, untilDone);
    expect(attempts, "the second is due a second later").toBe(1);
  });

  it("begins none after it was told to stop", async () => {
    const { store } = await open();
    for (const orderId of ["1", "2", "3"]) await store.add(orderId, "a@example.com", mail);
    const stopping = new AbortController();
    const sent: string[] = [];
    await store.sendDue(async ({ orderId }) => {
      sent.push(orderId);
      stopping.abort();
    }, stopping.signal);
    expect(sent).toHaveLength(1);
  });
});
