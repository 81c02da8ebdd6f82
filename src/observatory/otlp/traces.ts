import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Attributes, bounded, readKeyValue } from "./attributes.ts";
import { type FromResource, hex, readRequest } from "./resource.ts";

// Field numbers: opentelemetry/proto/trace/v1/trace.proto of the OTLP specification 1.x.

/** OpenTelemetry's numbers. */
export const spanKind = { unspecified: 0, internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

export interface DecodedSpan {
  /** 32 lower-case hexadecimal digits when well formed; see `isTraceId`. */
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentSpanId: string;
  name: string;
  kind: number;
  /** Unix time. */
  startNanos: bigint;
  endNanos: bigint;
  isError: boolean;
  statusMessage: string;
  /** How many spans it stands for, itself included: more than one where its trace was sampled among others. */
  standsFor: number;
  attributes: Attributes;
  links: DecodedLink[];
  events: DecodedEvent[];
}

export interface DecodedLink {
  traceId: string;
  spanId: string;
}

export interface DecodedEvent {
  name: string;
  timeNanos: bigint;
  attributes: Attributes;
}

const maxNameLength = 256;
const maxMessageLength = 1_024;
const maxLinks = 64;
const maxEvents = 64;
const statusCodeError = 2;
/** A threshold that lets next to nothing pass is a mistake, or meant ill. */
const maxStandsFor = 100_000;

/** Reads an ExportTraceServiceRequest; throws when it is not one. */
export function decodeTraces(request: Uint8Array): FromResource<DecodedSpan>[] {
  return readRequest(new BinaryReader(request), { field: 2, read: readSpan });
}

function readSpan(reader: BinaryReader): DecodedSpan {
  const end = reader.uint32() + reader.pos;
  const span: DecodedSpan = {
    traceId: "",
    spanId: "",
    parentSpanId: "",
    name: "",
    kind: 0,
    startNanos: 0n,
    endNanos: 0n,
    isError: false,
    statusMessage: "",
    standsFor: 1,
    attributes: new Map(),
    links: [],
    events: [],
  };
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (wire === WireType.LengthDelimited) {
      if (field === 1) span.traceId = hex(reader.bytes());
      else if (field === 2) span.spanId = hex(reader.bytes());
      else if (field === 3) span.standsFor = standsFor(reader.string());
      else if (field === 4) span.parentSpanId = hex(reader.bytes());
      else if (field === 5) span.name = bounded(reader.string(), maxNameLength);
      else if (field === 9) readKeyValue(reader, span.attributes);
      else if (field === 11 && span.events.length < maxEvents) span.events.push(readEvent(reader));
      else if (field === 13 && span.links.length < maxLinks) span.links.push(readLink(reader));
      else if (field === 15) readStatus(reader, span);
      else reader.skip(wire, field);
    } else if (field === 6 && wire === WireType.Varint) span.kind = reader.int32();
    else if (field === 7 && wire === WireType.Bit64) span.startNanos = BigInt(reader.fixed64());
    else if (field === 8 && wire === WireType.Bit64) span.endNanos = BigInt(reader.fixed64());
    else reader.skip(wire, field);
  }
  return span;
}

/**
 * What a span counts for by the sampling threshold in its trace state.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
function standsFor(traceState: string): number {
  const digits =
    traceState === "" ? undefined : /(?:^|,)\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:[;,\s]|$)/.exec(traceState)?.[1];
  if (digits === undefined) return 1;
  const rejected = Number.parseInt(digits.padEnd(14, "0"), 16) / 2 ** 56;
  return Math.min(maxStandsFor, Math.round(1 / (1 - rejected)));
}

function readStatus(reader: BinaryReader, span: DecodedSpan): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 2 && wire === WireType.LengthDelimited) {
      span.statusMessage = bounded(reader.string(), maxMessageLength);
    } else if (field === 3 && wire === WireType.Varint) span.isError = reader.int32() === statusCodeError;
    else reader.skip(wire, field);
  }
}

function readEvent(reader: BinaryReader): DecodedEvent {
  const end = reader.uint32() + reader.pos;
  const event: DecodedEvent = { name: "", timeNanos: 0n, attributes: new Map() };
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.Bit64) event.timeNanos = BigInt(reader.fixed64());
    else if (field === 2 && wire === WireType.LengthDelimited) event.name = bounded(reader.string(), maxNameLength);
    else if (field === 3 && wire === WireType.LengthDelimited) readKeyValue(reader, event.attributes);
    else reader.skip(wire, field);
  }
  return event;
}

function readLink(reader: BinaryReader): DecodedLink {
  const end = reader.uint32() + reader.pos;
  const link: DecodedLink = { traceId: "", spanId: "" };
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) link.traceId = hex(reader.bytes());
    else if (field === 2 && wire === WireType.LengthDelimited) link.spanId = hex(reader.bytes());
    else reader.skip(wire, field);
  }
  return link;
}
