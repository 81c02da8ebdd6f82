import { PaymentService } from "../../../gen/oteldemo/payment_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";
import { paymentFlags } from "./flags.ts";

export const payment = declareService({
  name: "payment",
  summary: "Charges and refunds credit cards, and keeps the ledger of both.",
  criticality: "critical",
  port: { variable: "PAYMENT_PORT", fallback: 50051 },
  address: "PAYMENT_ADDR",
  rpc: [PaymentService],
  internal: [PaymentService.method.refund],
  calls: [],
  schema: "payment",
  flags: paymentFlags,
  load: () => import("./server.ts"),
});
