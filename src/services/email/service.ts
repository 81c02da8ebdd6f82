import { EmailService } from "../../../gen/oteldemo/email_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";
import { emailFlags } from "./flags.ts";
import { emailHttpJson } from "./http-json.ts";

export const email = declareService({
  name: "email",
  summary: "Writes order confirmations, keeps them where a developer can read them, and sends them when told how.",
  criticality: "medium",
  port: { variable: "EMAIL_PORT", fallback: 6060 },
  address: "EMAIL_ADDR",
  rpc: [EmailService],
  internal: [EmailService.method.sendOrderConfirmation],
  httpJson: emailHttpJson,
  calls: ["product-catalog"],
  schema: "email",
  settings: [
    {
      name: "SMTP_URL",
      meaning: "Where mails are sent, smtp://user:password@host:port; without it they are only kept.",
      isSecret: true,
    },
    { name: "EMAIL_FROM", meaning: "The sender.", fallback: "Orrery <noreply@example.com>" },
  ],
  memoryMb: 84,
  flags: emailFlags,
  load: () => import("./server.ts"),
});
