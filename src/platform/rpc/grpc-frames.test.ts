import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameReader, frameOf } from "./grpc-frames.ts";

/** The messages of a body that comes in these pieces. */
function messagesIn(chunks: readonly Buffer[], maxMessageBytes = 100): Buffer[] {
  const messages: Buffer[] = [];
  const reader = new FrameReader(maxMessageBytes, (message) => messages.push(Buffer.from(message)));
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return messages;
}

const codeOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return ConnectError.from(error).code;
  }
  return undefined;
};

test("messages come out as they went in, wherever the body is cut", () => {
  const message = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(200)), (messages, cuts) => {
      const body = Buffer.concat(messages.map(frameOf));
      const places = [0, ...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length];
      const chunks = places.slice(1).map((end, index) => body.subarray(places[index], end));
      expect(messagesIn(chunks)).toEqual(messages);
    }),
  );
});

test("a message is a plain array of bytes, not a Buffer", () => {
  const reader = new FrameReader(10, (message) => {
    expect(Object.getPrototypeOf(message)).toBe(Uint8Array.prototype);
    expect([...message]).toEqual([1, 2]);
  });
  reader.push(frameOf(Uint8Array.of(1, 2)));
  expect.assertions(2);
});

test("a message of the largest size is taken, a larger one refused by its prefix alone", () => {
  expect(messagesIn([frameOf(Buffer.alloc(100))])).toEqual([Buffer.alloc(100)]);
  expect(codeOf(() => messagesIn([Buffer.from([0, 0, 0, 0, 101])]))).toBe(Code.ResourceExhausted);
});

test("a compressed message is refused, and a body that ends within a message", () => {
  expect(codeOf(() => messagesIn([Buffer.from([1, 0, 0, 0, 0])]))).toBe(Code.Internal);
  for (const rest of [[0], [0, 0, 0, 0], [0, 0, 0, 0, 1]]) {
    expect(codeOf(() => messagesIn([frameOf(Buffer.from("a")), Buffer.from(rest)]))).toBe(Code.InvalidArgument);
  }
});

test("what the reader of messages throws goes to who sends the pieces", () => {
  const reader = new FrameReader(10, () => {
    throw new ConnectError("no", Code.DataLoss);
  });
  expect(codeOf(() => reader.push(frameOf(Buffer.alloc(1))))).toBe(Code.DataLoss);
});
