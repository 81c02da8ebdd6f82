import { create, toBinary } from "@bufbuild/protobuf";
import { ViolationsSchema } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { credentials, type Metadata, makeGenericClientConstructor, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { CurrencyConversionRequestSchema, CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import { type Money, MoneySchema } from "../../../gen/oteldemo/money_pb.ts";
import { errorInfo, rpcError } from "./errors.ts";
import { localTransport } from "./local-services.ts";
import { route } from "./service-routes.ts";
import { everyTransport, grpcJsMethod, serveForTest, type TestServices } from "./testing.ts";

const unsupported = { reason: "CURRENCY_UNSUPPORTED", code: Code.InvalidArgument, meaning: "" };
const seen: Money[] = [];
let served: TestServices;

beforeAll(async () => {
  served = await serveForTest([
    route(CurrencyService, {
      getSupportedCurrencies: () => {
        throw new Error("secret: the connection string is postgres://shop:hunter2@db");
      },
      convert({ from, toCode }) {
        if (toCode === "XXX") {
          throw rpcError(unsupported, "“XXX” is not a currency.", {
            metadata: { currency: "XXX" },
            cause: new Error("secret"),
          });
        }
        if (toCode === "") throw new ConnectError("no\nnewline\u0000 – 100 %", Code.FailedPrecondition);
        if (from !== undefined) seen.push(from);
        return { currencyCode: toCode, units: (from?.units ?? 0n) * 2n, nanos: from?.nanos ?? 0 };
      },
      convertBatch: ({ from }) => ({ converted: from }),
    }),
  ]);
});
afterAll(() => served.port.drain(0));

const names = [...everyTransport("http://unused").keys(), "in the same process"];
const transportOf = (name: string) => everyTransport(served.origin).get(name) ?? localTransport(served.services);

describe.each(names)("over %s", (name) => {
  const client = () => createClient(CurrencyService, transportOf(name));
  const failure = (call: Promise<unknown>): Promise<ConnectError> =>
    call.then(
      () => expect.unreachable("the call succeeded"),
      (error) => (error instanceof ConnectError ? error : expect.unreachable(String(error))),
    );

  test("a call is answered, 64-bit integers and Unicode whole", async () => {
    const from = { currencyCode: "€ ☄", units: 4_611_686_018_427_387_903n, nanos: 999_999_999 };
    const answer = await client().convert({ from, toCode: "日本円" });
    expect(answer).toMatchObject({ currencyCode: "日本円", units: 9_223_372_036_854_775_806n, nanos: 999_999_999 });
    expect(seen.at(-1)).toMatchObject(from);
  });

  test("a declared error keeps its code, message, reason and metadata, and hides its cause", async () => {
    const error = await failure(client().convert({ from: { units: 1n }, toCode: "XXX" }));
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: "“XXX” is not a currency." });
    expect(errorInfo(error)).toMatchObject({ reason: "CURRENCY_UNSUPPORTED", metadata: { currency: "XXX" } });
    expect(String(error.cause ?? "")).not.toContain("secret");
  });

  test("an error text with line breaks and other odd characters arrives as it is", async () => {
    const error = await failure(client().convert({ from: {}, toCode: "" }));
    expect(error).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "no\nnewline\u0000 – 100 %" });
  });

  test("a broken rule tells the field and the rule", async () => {
    const error = await failure(client().convert({ from: { units: 1n, nanos: -1 }, toCode: "X".repeat(17) }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toContain("to_code: ");
    expect(errorInfo(error)?.reason).toBe("INVALID_REQUEST");
    const [violations] = error.findDetails(ViolationsSchema);
    expect(violations?.violations.map(({ ruleId }) => ruleId).sort()).toEqual(["money.sign", "string.max_len"]);
  });

  test("an unexpected failure tells nothing of its inside", async () => {
    const error = await failure(client().getSupportedCurrencies({}));
    expect(error).toMatchObject({ code: Code.Internal, rawMessage: "Something went wrong on our side." });
    expect(errorInfo(error)?.reason).toBe("INTERNAL");
    expect(`${error.stack} ${error.cause}`).not.toContain("hunter2");
  });

  test("a service that is not served is UNIMPLEMENTED", async () => {
    const error = await failure(createClient(CartService, transportOf(name)).getCart({ userId: "u" }));
    expect(error.code).toBe(Code.Unimplemented);
  });

  test.skipIf(name === "in the same process")("a message beyond the limit is RESOURCE_EXHAUSTED", async () => {
    const error = await failure(client().convert({ from: {}, toCode: "X".repeat(5 * 1024 * 1024) }));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.rawMessage).toContain("4194304");
  });
});

test("the same process takes the same copies that a network would make", async () => {
  const from = create(MoneySchema, { currencyCode: "USD", units: 7n });
  await createClient(CurrencyService, localTransport(served.services)).convert({ from, toCode: "EUR" });
  expect(seen.at(-1)).toEqual(from);
  expect(seen.at(-1)).not.toBe(from);
  const items = [from];
  const batch = await createClient(CurrencyService, localTransport(served.services)).convertBatch({ from: items });
  expect(batch.converted[0]).toEqual(from);
  expect(batch.converted[0]).not.toBe(from);
});

describe("a plain gRPC client that knows nothing of us", () => {
  const method = (name: string) => grpcJsMethod(`/oteldemo.CurrencyService/${name}`);
  const Client = makeGenericClientConstructor(
    { convert: method("Convert"), noSuchMethod: method("NoSuchMethod") },
    "CurrencyService",
  );
  type Call = (request: Buffer, done: (error: ServiceError | null, answer?: Buffer) => void) => void;
  let client: InstanceType<typeof Client>;
  beforeAll(() => {
    client = new Client(`127.0.0.1:${served.port.port}`, credentials.createInsecure());
  });
  afterAll(() => client.close());
  const call = (method: "convert" | "noSuchMethod", bytes: Buffer) =>
    new Promise<{ error: ServiceError | null; answer?: Buffer }>((resolve) => {
      (client[method] as Call).call(client, bytes, (error, answer) =>
        resolve(answer === undefined ? { error } : { error, answer }),
      );
    });

  test("gets the answer, fields that we do not know being ignored", async () => {
    const request = toBinary(
      CurrencyConversionRequestSchema,
      create(CurrencyConversionRequestSchema, { from: { units: 21n }, toCode: "EUR" }),
    );
    const unknownField = Buffer.from([0xfa, 0x3f, 0x03, 0x61, 0x62, 0x63]);
    const { error, answer } = await call("convert", Buffer.concat([request, unknownField]));
    expect(error).toBeNull();
    const expected = create(MoneySchema, { currencyCode: "EUR", units: 42n });
    expect(answer).toEqual(Buffer.from(toBinary(MoneySchema, expected)));
  });

  test("gets the status and its details", async () => {
    const request = toBinary(
      CurrencyConversionRequestSchema,
      create(CurrencyConversionRequestSchema, { from: {}, toCode: "XXX" }),
    );
    const { error } = await call("convert", Buffer.from(request));
    expect(error).toMatchObject({ code: 3, details: "“XXX” is not a currency." });
    const details = (error?.metadata as Metadata | undefined)?.get("grpc-status-details-bin")?.[0];
    expect(details?.toString()).toContain("CURRENCY_UNSUPPORTED");
  });

  test("hears that its Protobuf is not right", async () => {
    const { error } = await call("convert", Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff]));
    // As other gRPC servers say it.
    expect(error?.code).toBe(13);
    expect(decodeURIComponent(error?.details ?? "")).toBe("parse binary: premature EOF");
  });

  test("hears that there is no such method", async () => {
    expect((await call("noSuchMethod", Buffer.alloc(0))).error?.code).toBe(12);
  });
});
