import { createHmac, randomUUID } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { type ChargeRequest, ChargeRequestSchema, type PaymentService } from "../../../gen/oteldemo/payment_pb.ts";
import { fromMessage, type Money, toMessage } from "../../domain/money.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { idempotencyKeyHeader } from "../../platform/rpc/client.ts";
import { type ErrorKind, rpcError } from "../../platform/rpc/errors.ts";
import { cardCountry, judgeCard } from "./card.ts";
import { paymentErrors } from "./errors.ts";
import type { PaymentFaults } from "./faults.ts";
import type { ChargeOutcome, Ledger } from "./ledger.ts";
import { paymentObserver } from "./observer.ts";

export function paymentHandlers(
  options: Pick<ServiceContext, "secret" | "log" | "telemetry"> & {
    readonly ledger: Ledger;
    readonly faults: PaymentFaults;
  },
): ServiceImpl<typeof PaymentService> {
  const { ledger, faults, secret } = options;
  const observe = paymentObserver(options);
  const keyedHash = (purpose: string, data: string | Uint8Array) =>
    createHmac("sha256", secret).update(`${purpose}\0`).update(data).digest();

  function judge(request: ChargeRequest, now: Date): ChargeOutcome {
    const {
      creditCardNumber = "",
      creditCardExpirationYear = 0,
      creditCardExpirationMonth = 0,
    } = request.creditCard ?? {};
    const verdict = judgeCard(
      {
        number: creditCardNumber,
        expirationYear: creditCardExpirationYear,
        expirationMonth: creditCardExpirationMonth,
      },
      now,
    );
    switch (verdict.kind) {
      case "accepted":
        return {
          kind: "charged",
          transactionId: randomUUID(),
          cardBrand: verdict.brand,
          cardFingerprint: keyedHash("card", verdict.digits).toString("hex").slice(0, 32),
          cardCountry: cardCountry(verdict.digits) ?? "",
        };
      case "invalid":
        return declined(
          paymentErrors.CARD_INVALID,
          verdict.what === "number"
            ? "The card number is not valid; check its digits."
            : "The card's expiry date is missing or not a date.",
        );
      case "brand-not-accepted":
        return declined(
          paymentErrors.CARD_BRAND_NOT_ACCEPTED,
          `We take VISA and MasterCard, not ${brandNames[verdict.brand] ?? verdict.brand}.`,
        );
      case "expired":
        return declined(
          paymentErrors.CARD_EXPIRED,
          `The card ending in ${verdict.lastFour} expired at the end of ${verdict.month}/${verdict.year}.`,
        );
    }
  }

  return {
    async charge(request, context) {
      await faults.beforeCharge();
      const amount = chargeable(request);
      const outcome = judge(request, await faults.now());
      const recorded = await ledger.charge({
        key: idempotencyKey(context),
        requestHash: keyedHash("charge", toBinary(ChargeRequestSchema, request)),
        amount,
        outcome,
      });
      switch (recorded.kind) {
        case "recorded":
          observe.charge(recorded.outcome, amount, recorded.outcome === outcome);
          await faults.afterCharge(context);
          return chargeResponse(recorded.outcome);
        case "voided":
          throw rpcError(paymentErrors.CHARGE_VOIDED, "The charge was called off before it was made.");
        case "other-request":
          throw rpcError(paymentErrors.IDEMPOTENCY_KEY_REUSED, "The idempotency key belongs to another charge.");
      }
    },
    async refund({ chargeKey, reason }) {
      const refund = await ledger.refund(chargeKey, reason);
      if (refund.kind === "nothing-charged") return {};
      observe.refund(refund.amount);
      return { refundId: refund.refundId, amount: toMessage(refund.amount) };
    },
  };
}

function idempotencyKey(context: HandlerContext): string | undefined {
  const key = context.requestHeader.get(idempotencyKeyHeader);
  if (key === null || key === "") return undefined;
  if (/^[\x20-\x7e]{1,256}$/.test(key)) return key;
  throw rpcError(
    paymentErrors.IDEMPOTENCY_KEY_INVALID,
    `${idempotencyKeyHeader} must be 1 to 256 printable ASCII characters.`,
  );
}

function chargeable(request: ChargeRequest): Money {
  const amount = fromMessage(request.amount ?? { currencyCode: "", units: 0n, nanos: 0 });
  if (amount.nanos >= 0n && /^[A-Z]{3}$/.test(amount.currency)) return amount;
  const shown = `${request.amount?.units}.${request.amount?.nanos} ${JSON.stringify(amount.currency)}`;
  throw rpcError(
    paymentErrors.AMOUNT_NOT_CHARGEABLE,
    `${shown} cannot be charged: it takes a currency of three capital letters, and zero or more.`,
  );
}

const brandNames: Readonly<Record<string, string>> = {
  amex: "American Express",
  diners_club_carte_blanche: "Diners Club",
  diners_club_international: "Diners Club",
  jcb: "JCB",
  laser: "Laser",
  visa_electron: "Visa Electron",
  maestro: "Maestro",
  rupay: "RuPay",
  discover: "Discover",
};

function declined(kind: ErrorKind, message: string): ChargeOutcome {
  return { kind: "declined", reason: kind.reason, message };
}

function chargeResponse(outcome: ChargeOutcome) {
  if (outcome.kind === "charged") {
    const { transactionId, cardFingerprint, cardCountry: country } = outcome;
    return { transactionId, cardFingerprint, cardCountry: country };
  }
  const kind = Object.values(paymentErrors).find(({ reason }) => reason === outcome.reason);
  throw rpcError(kind ?? paymentErrors.CARD_INVALID, outcome.message);
}
