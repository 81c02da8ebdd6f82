import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

// How gRPC puts messages into the body of HTTP/2, and what is wrong with those that are not put so. Codes and texts are
// those of connect-node, which answers the same calls when they come by another way.

/** What a message begins with: a byte that tells whether it is compressed, and four of its length. */
const prefixBytes = 5;

/** The bits of the first byte. */
const compressed = 1;

/** A message as it is sent, not compressed. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.byteLength);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** Takes a body apart into its messages, however it comes in pieces. It never holds more than one message. */
export class FrameReader {
  readonly #maxMessageBytes: number;
  readonly #take: (message: Uint8Array) => void;
  #chunks: Buffer[] = [];
  #size = 0;
  /** So much has to be there before anything can be done with it. */
  #wanted = prefixBytes;
  #isPrefixRead = false;

  /** @param take gets every message as soon as it is whole; what it throws, {@link push} throws */
  constructor(maxMessageBytes: number, take: (message: Uint8Array) => void) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#take = take;
  }

  /** @throws ConnectError when a message is too large, or compressed */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.byteLength;
    while (this.#size >= this.#wanted) {
      const [first] = this.#chunks;
      const bytes = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
      if (this.#isPrefixRead) {
        const end = this.#wanted;
        this.#keep(bytes.subarray(end));
        this.#take(messageIn(bytes, end));
      } else {
        this.#wanted += this.#lengthIn(bytes);
        this.#isPrefixRead = true;
        this.#chunks = [bytes];
      }
    }
  }

  /** @throws ConnectError when the body ends in the middle of a message */
  end(): void {
    if (this.#size > 0) throw new ConnectError("protocol error: incomplete envelope", Code.InvalidArgument);
  }

  #lengthIn(bytes: Buffer): number {
    const length = bytes.readUInt32BE(1);
    if (length > this.#maxMessageBytes) {
      throw new ConnectError(
        `message size ${length} is larger than configured readMaxBytes ${this.#maxMessageBytes}`,
        Code.ResourceExhausted,
      );
    }
    return length;
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.byteLength === 0 ? [] : [rest];
    this.#size = rest.byteLength;
    this.#wanted = prefixBytes;
    this.#isPrefixRead = false;
  }
}

function messageIn(frame: Buffer, end: number): Uint8Array {
  if ((frame.readUInt8(0) & compressed) !== 0) {
    throw new ConnectError("received compressed envelope, but do not know how to decompress", Code.Internal);
  }
  // A message's fields of bytes are parts of what it was read from: they shall be plain arrays, as from anywhere else.
  return new Uint8Array(frame.buffer, frame.byteOffset + prefixBytes, end - prefixBytes);
}

/** @throws ConnectError when it is no such message */
export function decode<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new ConnectError(`parse binary: ${textOf(error)}`, Code.Internal);
  }
}

/** @throws ConnectError when a field holds what Protobuf cannot */
export function encode<D extends DescMessage>(schema: D, message: MessageInitShape<D>): Uint8Array {
  const whole = create(schema, message);
  try {
    return toBinary(schema, whole);
  } catch (error) {
    throw new ConnectError(`serialize binary: ${textOf(error)}`, Code.Internal);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
