import type { Database } from "../../platform/sql/database.ts";
import type { Mail } from "./confirmation.ts";

/** Migrations of the schema that {@link mailStore} needs. */
export const mailMigrations = new URL("./migrations/", import.meta.url);

/** A mail that was written. */
export interface StoredMail extends Mail {
  readonly orderId: string;
  readonly recipient: string;
  readonly writtenAt: Date;
  readonly sentAt: Date | undefined;
  readonly lastError: string | undefined;
}

export interface MailStore {
  /** Keeps the mail of an order; a second one for the same order is ignored. */
  add(orderId: string, recipient: string, mail: Mail): Promise<void>;
  find(orderId: string): Promise<StoredMail | undefined>;
  /** Newest first. */
  list(limit: number): Promise<readonly StoredMail[]>;
  /**
   * Hands the mails that are due to `send`, one after the other until the signal is aborted, and records how it went.
   * Each is held by one process at a time.
   */
  sendDue(send: (mail: StoredMail) => Promise<void>, signal: AbortSignal): Promise<void>;
  isReachable(): Promise<boolean>;
}

const maxAttempts = 20;
const longestWaitSeconds = 3_600;

export function mailStore({ sql, isReachable }: Database): MailStore {
  return {
    async add(orderId, recipient, mail) {
      await sql`
        insert into mails (order_id, recipient, subject, html, text)
        values (${orderId}, ${recipient}, ${mail.subject}, ${mail.html}, ${mail.text})
        on conflict (order_id) do nothing`;
    },
    async find(orderId) {
      const [row] = await sql<Row[]>`select * from mails where order_id = ${orderId}`;
      return row && mailOf(row);
    },
    async list(limit) {
      return (await sql<Row[]>`select * from mails order by written_at desc limit ${limit}`).map(mailOf);
    },
    async sendDue(send, signal) {
      while (!signal.aborted) {
        const isMore = await sql.begin(async (tx) => {
          const [row] = await tx<Row[]>`
            select * from mails
            where sent_at is null and attempts < ${maxAttempts}
              -- A clock that is put back keeps no mail waiting.
              and (attempts = 0 or next_attempt_at <= now()
                or next_attempt_at > now() + ${longestWaitSeconds} * interval '1 second')
            order by next_attempt_at limit 1 for update skip locked`;
          if (row === undefined) return false;
          try {
            await send(mailOf(row));
            await tx`update mails set sent_at = clock_timestamp(), attempts = attempts + 1 where order_id = ${row.order_id}`;
          } catch (error) {
            // now() is when the transaction began, which a slow attempt leaves far behind.
            await tx`
              update mails set attempts = attempts + 1, last_error = ${String(error).slice(0, 500)},
                next_attempt_at = clock_timestamp() + least(power(2, attempts), ${longestWaitSeconds}) * interval '1 second'
              where order_id = ${row.order_id}`;
          }
          return true;
        });
        if (!isMore) return;
      }
    },
    isReachable,
  };
}

function mailOf(row: Row): StoredMail {
  return {
    orderId: row.order_id,
    recipient: row.recipient,
    subject: row.subject,
    html: row.html,
    text: row.text,
    writtenAt: row.written_at,
    sentAt: row.sent_at ?? undefined,
    lastError: row.last_error ?? undefined,
  };
}

interface Row {
  readonly order_id: string;
  readonly recipient: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly written_at: Date;
  readonly sent_at: Date | null;
  readonly last_error: string | null;
}
