import { within } from "../lifecycle/within.ts";

/** A client is given so long to say goodbye to its broker, in milliseconds: a stop waits for it. */
const closeMs = 1_500;

/** Waits for the end of a client, not for ever: one whose broker is away has nobody to say goodbye to. */
export async function endClient(closing: Promise<unknown> | undefined): Promise<void> {
  await within(closeMs, closing ?? Promise.resolve(), "The client does not close").catch(() => {});
}
