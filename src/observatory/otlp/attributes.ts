import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** What an attribute may hold, as JSON; bytes are base64. */
export type AttributeValue = string | number | boolean | null | AttributeValue[] | { [key: string]: AttributeValue };

/** A map, so that no key (`__proto__`) is special. */
export type Attributes = Map<string, AttributeValue>;

/** Of one span, record, point or resource; more are left out, as OpenTelemetry's own limits would. */
const maxAttributes = 128;
const maxKeyLength = 256;
const maxTextLength = 8_192;
const maxDepth = 8;

/** Reads one KeyValue into `into`. */
export function readKeyValue(reader: BinaryReader, into: Attributes, depth = 0): void {
  const end = reader.uint32() + reader.pos;
  let key = "";
  let value: AttributeValue = null;
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) key = bounded(reader.string(), maxKeyLength);
    else if (field === 2 && wire === WireType.LengthDelimited) value = readAnyValue(reader, depth);
    else reader.skip(wire, field);
  }
  if (into.size < maxAttributes) into.set(key, value);
}

/** Reads an AnyValue; what is nested too deeply becomes null. */
export function readAnyValue(reader: BinaryReader, depth = 0): AttributeValue {
  const end = reader.uint32() + reader.pos;
  let value: AttributeValue = null;
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) value = bounded(reader.string(), maxTextLength);
    else if (field === 2 && wire === WireType.Varint) value = reader.bool();
    else if (field === 3 && wire === WireType.Varint) value = wholeNumber(reader.int64());
    else if (field === 4 && wire === WireType.Bit64) value = finite(reader.double());
    else if (field === 5 && wire === WireType.LengthDelimited && depth < maxDepth) value = readArray(reader, depth + 1);
    else if (field === 6 && wire === WireType.LengthDelimited && depth < maxDepth) value = readMap(reader, depth + 1);
    else if (field === 7 && wire === WireType.LengthDelimited) {
      value = bounded(Buffer.from(reader.bytes()).toString("base64"), maxTextLength);
    } else reader.skip(wire, field);
  }
  return value;
}

function readArray(reader: BinaryReader, depth: number): AttributeValue[] {
  const end = reader.uint32() + reader.pos;
  const values: AttributeValue[] = [];
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited && values.length < maxAttributes) {
      values.push(readAnyValue(reader, depth));
    } else reader.skip(wire, field);
  }
  return values;
}

function readMap(reader: BinaryReader, depth: number): AttributeValue {
  const end = reader.uint32() + reader.pos;
  const entries: Attributes = new Map();
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) readKeyValue(reader, entries, depth);
    else reader.skip(wire, field);
  }
  return Object.fromEntries(entries);
}

/** Cuts text that is longer than anybody reads. */
export function bounded(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}

/** A number as long as it is exact, else its digits. */
function wholeNumber(value: bigint | string): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** JSON has no infinities. */
function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/**
 * One spelling for the same attributes, `{"key":"value","other":1}` without spaces, so that the store can search the
 * text for `"key":"value"`.
 */
export function attributesJson(attributes: Attributes): string {
  let json = "{";
  for (const [key, value] of attributes) {
    if (json.length > 1) json += ",";
    json += `${quoted(key)}:${typeof value === "string" ? quoted(value) : JSON.stringify(value)}`;
  }
  return `${json}}`;
}

/** As JSON.stringify, which is slower for the many texts that need no escape. */
function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

const plain = /^[ !#-[\]-~]*$/;

/** An attribute that is text, or undefined. */
export function textAttribute(attributes: Attributes, key: string): string | undefined {
  const value = attributes.get(key);
  return typeof value === "string" ? value : undefined;
}
