import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { FlagService, Writer } from "../../../gen/orrery/flags/v1/flags_pb.ts";

/** The flags behind the pages, at their own origin. Unary calls end after 15 s; Watch lasts as long as the tab. */
export const flagService = createClient(
  FlagService,
  createConnectTransport({ baseUrl: window.location.origin, useBinaryFormat: true }),
);

/** What the pages say of themselves in the activity log. */
export const writer = Writer.PAGE;

/** Why a call has failed, in words for people. */
export function reasonOf(error: unknown): string {
  return ConnectError.from(error).rawMessage;
}
