import { EmailService } from "../../../gen/oteldemo/email_pb.ts";
import type { HttpJsonMethod } from "../../platform/rpc/http-json.ts";

export const emailHttpJson: readonly HttpJsonMethod[] = [
  {
    method: EmailService.method.sendOrderConfirmation,
    path: "/send_order_confirmation",
    response: { toWire: () => undefined, fromWire: () => ({}) },
  },
];
