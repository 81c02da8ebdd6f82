import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Attributes, attributesJson, bounded, readKeyValue, textAttribute } from "./attributes.ts";

/** Who sent something. */
export interface Resource {
  /** `service.name`; `unknown_service` when there is none, as the specification has it. */
  readonly service: string;
  /** All attributes as JSON. */
  readonly json: string;
}

export const unknownResource: Resource = { service: "unknown_service", json: "{}" };

const maxServiceLength = 128;

export function readResource(reader: BinaryReader): Resource {
  const end = reader.uint32() + reader.pos;
  const attributes: Attributes = new Map();
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) readKeyValue(reader, attributes);
    else reader.skip(wire, field);
  }
  const service = textAttribute(attributes, "service.name") || unknownResource.service;
  return { service: bounded(service, maxServiceLength), json: attributesJson(attributes) };
}

/** What the three signals share: resources, in them scopes, in them items. */
export interface ItemReader<T> {
  /** Field number of the items in their scope. */
  readonly field: number;
  read(reader: BinaryReader): T;
}

export interface FromResource<T> {
  readonly resource: Resource;
  readonly items: readonly T[];
}

/**
 * Reads an export request. Every field number used here is the same in the three signals: resources 1 in the request,
 * resource 1 and scopes 2 in them.
 *
 * @throws RangeError or Error when the bytes are no such message
 */
export function readRequest<T>(reader: BinaryReader, item: ItemReader<T>): FromResource<T>[] {
  const found: FromResource<T>[] = [];
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) found.push(readFromResource(reader, item));
    else reader.skip(wire, field);
  }
  return found;
}

function readFromResource<T>(reader: BinaryReader, item: ItemReader<T>): FromResource<T> {
  const end = reader.uint32() + reader.pos;
  let resource = unknownResource;
  const items: T[] = [];
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) resource = readResource(reader);
    else if (field === 2 && wire === WireType.LengthDelimited) {
      const scopeEnd = reader.uint32() + reader.pos;
      while (reader.pos < scopeEnd) {
        const [inner, innerWire] = reader.tag();
        if (inner === item.field && innerWire === WireType.LengthDelimited) items.push(item.read(reader));
        else reader.skip(innerWire, inner);
      }
    } else reader.skip(wire, field);
  }
  return { resource, items };
}

/** Lower-case hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Trace ids have 16 bytes, and not all are zero. */
export function isTraceId(id: string): boolean {
  return id.length === 32 && id !== "00000000000000000000000000000000";
}

/** Span ids have 8 bytes, and not all are zero. */
export function isSpanId(id: string): boolean {
  return id.length === 16 && id !== "0000000000000000";
}
