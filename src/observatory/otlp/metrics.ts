import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Attributes, bounded, readKeyValue } from "./attributes.ts";
import { type FromResource, hex, readRequest } from "./resource.ts";

// Field numbers: opentelemetry/proto/metrics/v1/metrics.proto of the OTLP specification 1.x.

export type MetricType = "counter" | "up_down_counter" | "gauge" | "histogram";

export interface DecodedMetric {
  name: string;
  description: string;
  unit: string;
  type: MetricType;
  /** Whether points tell what was added since the one before, rather than since the start. */
  isDelta: boolean;
  points: DecodedPoint[];
}

export interface DecodedPoint {
  startNanos: bigint;
  timeNanos: bigint;
  /** The value, or the sum of a histogram. */
  value: number;
  /** Of histograms: how many were measured. */
  count: number;
  /** Of histograms: how many lie in each bucket, one more than there are bounds; empty without buckets. */
  buckets: number[];
  /** Upper bounds of the buckets but the last, which has none. */
  bounds: number[];
  attributes: Attributes;
  exemplars: DecodedExemplar[];
}

export interface DecodedExemplar {
  timeNanos: bigint;
  value: number;
  traceId: string;
  spanId: string;
}

const temporalityDelta = 1;
const maxNameLength = 256;
const maxDescriptionLength = 1_024;
const maxBuckets = 512;
const maxExemplars = 32;

/** Reads an ExportMetricsServiceRequest; throws when it is not one. */
export function decodeMetrics(request: Uint8Array): FromResource<DecodedMetric>[] {
  return readRequest(new BinaryReader(request), { field: 2, read: readMetric });
}

function readMetric(reader: BinaryReader): DecodedMetric {
  const end = reader.uint32() + reader.pos;
  const metric: DecodedMetric = {
    name: "",
    description: "",
    unit: "",
    type: "gauge",
    isDelta: false,
    points: [],
  };
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (wire !== WireType.LengthDelimited) reader.skip(wire, field);
    else if (field === 1) metric.name = bounded(reader.string(), maxNameLength);
    else if (field === 2) metric.description = bounded(reader.string(), maxDescriptionLength);
    else if (field === 3) metric.unit = bounded(reader.string(), maxNameLength);
    else if (field === 5) readPoints(reader, metric, readNumber);
    else if (field === 7) {
      metric.type = "up_down_counter";
      readPoints(reader, metric, readNumber);
    } else if (field === 9) {
      metric.type = "histogram";
      readPoints(reader, metric, readHistogram);
    } else if (field === 10) {
      metric.type = "histogram";
      readPoints(reader, metric, readExponential);
    } else if (field === 11) {
      metric.type = "histogram";
      readPoints(reader, metric, readSummary);
    } else reader.skip(wire, field);
  }
  return metric;
}

/** Gauge, Sum, Histogram and the others have their points as 1, temporality as 2, and Sum whether it only rises as 3. */
function readPoints(reader: BinaryReader, metric: DecodedMetric, read: (reader: BinaryReader) => DecodedPoint): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) metric.points.push(read(reader));
    else if (field === 2 && wire === WireType.Varint) metric.isDelta = reader.int32() === temporalityDelta;
    else if (field === 3 && wire === WireType.Varint) {
      if (reader.bool() && metric.type === "up_down_counter") metric.type = "counter";
    } else reader.skip(wire, field);
  }
}

function emptyPoint(): DecodedPoint {
  return {
    startNanos: 0n,
    timeNanos: 0n,
    value: 0,
    count: 0,
    buckets: [],
    bounds: [],
    attributes: new Map(),
    exemplars: [],
  };
}

function readNumber(reader: BinaryReader): DecodedPoint {
  const end = reader.uint32() + reader.pos;
  const point = emptyPoint();
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 2 && wire === WireType.Bit64) point.startNanos = BigInt(reader.fixed64());
    else if (field === 3 && wire === WireType.Bit64) point.timeNanos = BigInt(reader.fixed64());
    else if (field === 4 && wire === WireType.Bit64) point.value = reader.double();
    else if (field === 5 && wire === WireType.LengthDelimited) readExemplar(reader, point);
    else if (field === 6 && wire === WireType.Bit64) point.value = Number(reader.sfixed64());
    else if (field === 7 && wire === WireType.LengthDelimited) readKeyValue(reader, point.attributes);
    else reader.skip(wire, field);
  }
  return point;
}

function readHistogram(reader: BinaryReader): DecodedPoint {
  const end = reader.uint32() + reader.pos;
  const point = emptyPoint();
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 2 && wire === WireType.Bit64) point.startNanos = BigInt(reader.fixed64());
    else if (field === 3 && wire === WireType.Bit64) point.timeNanos = BigInt(reader.fixed64());
    else if (field === 4 && wire === WireType.Bit64) point.count = Number(reader.fixed64());
    else if (field === 5 && wire === WireType.Bit64) point.value = reader.double();
    else if (field === 6) readRepeated(reader, [wire, field], point.buckets, () => Number(reader.fixed64()));
    else if (field === 7) readRepeated(reader, [wire, field], point.bounds, () => reader.double());
    else if (field === 8 && wire === WireType.LengthDelimited) readExemplar(reader, point);
    else if (field === 9 && wire === WireType.LengthDelimited) readKeyValue(reader, point.attributes);
    else reader.skip(wire, field);
  }
  return point;
}

/** Packed, as proto3 writes them, or one by one, which readers must accept. */
function readRepeated(
  reader: BinaryReader,
  [wire, field]: readonly [WireType, number],
  into: number[],
  read: () => number,
): void {
  if (wire !== WireType.LengthDelimited) {
    if (wire === WireType.Bit64 || wire === WireType.Varint) keep(into, read());
    else reader.skip(wire, field);
    return;
  }
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) keep(into, read());
}

function keep(into: number[], value: number): void {
  if (into.length < maxBuckets) into.push(value);
}

/**
 * Bounds that all exponential histograms are brought to, so that they can be added up whatever their scale: two for
 * each doubling.
 */
const exponentialBounds = Array.from({ length: 121 }, (_, index) => 2 ** ((index - 40) / 2));

function readExponential(reader: BinaryReader): DecodedPoint {
  const end = reader.uint32() + reader.pos;
  const point = emptyPoint();
  let scale = 0;
  let zeros = 0;
  let positive: ExponentialBuckets = { offset: 0, counts: [] };
  let negatives = 0;
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) readKeyValue(reader, point.attributes);
    else if (field === 2 && wire === WireType.Bit64) point.startNanos = BigInt(reader.fixed64());
    else if (field === 3 && wire === WireType.Bit64) point.timeNanos = BigInt(reader.fixed64());
    else if (field === 4 && wire === WireType.Bit64) point.count = Number(reader.fixed64());
    else if (field === 5 && wire === WireType.Bit64) point.value = reader.double();
    else if (field === 6 && wire === WireType.Varint) scale = reader.sint32();
    else if (field === 7 && wire === WireType.Bit64) zeros = Number(reader.fixed64());
    else if (field === 8 && wire === WireType.LengthDelimited) positive = readExponentialBuckets(reader);
    else if (field === 9 && wire === WireType.LengthDelimited) {
      negatives = readExponentialBuckets(reader).counts.reduce((sum, count) => sum + count, 0);
    } else if (field === 11 && wire === WireType.LengthDelimited) readExemplar(reader, point);
    else reader.skip(wire, field);
  }
  point.bounds = exponentialBounds;
  point.buckets = new Array<number>(exponentialBounds.length + 1).fill(0);
  point.buckets[0] = zeros + negatives;
  for (const [index, count] of positive.counts.entries()) {
    // Bucket i holds (base^i, base^(i+1)] with base = 2^(2^-scale); its middle decides.
    const middle = (positive.offset + index + 0.5) * 2 ** -scale;
    const at = Math.max(0, Math.min(exponentialBounds.length, Math.ceil(middle * 2) + 40));
    point.buckets[at] = (point.buckets[at] ?? 0) + count;
  }
  return point;
}

interface ExponentialBuckets {
  offset: number;
  counts: number[];
}

function readExponentialBuckets(reader: BinaryReader): ExponentialBuckets {
  const end = reader.uint32() + reader.pos;
  const buckets: ExponentialBuckets = { offset: 0, counts: [] };
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.Varint) buckets.offset = reader.sint32();
    else if (field === 2) readRepeated(reader, [wire, field], buckets.counts, () => Number(reader.uint64()));
    else reader.skip(wire, field);
  }
  return buckets;
}

/** A summary's quantiles cannot be added up: its count and sum are what is kept. */
function readSummary(reader: BinaryReader): DecodedPoint {
  const end = reader.uint32() + reader.pos;
  const point = emptyPoint();
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 2 && wire === WireType.Bit64) point.startNanos = BigInt(reader.fixed64());
    else if (field === 3 && wire === WireType.Bit64) point.timeNanos = BigInt(reader.fixed64());
    else if (field === 4 && wire === WireType.Bit64) point.count = Number(reader.fixed64());
    else if (field === 5 && wire === WireType.Bit64) point.value = reader.double();
    else if (field === 7 && wire === WireType.LengthDelimited) readKeyValue(reader, point.attributes);
    else reader.skip(wire, field);
  }
  return point;
}

function readExemplar(reader: BinaryReader, point: DecodedPoint): void {
  const end = reader.uint32() + reader.pos;
  const exemplar: DecodedExemplar = { timeNanos: 0n, value: 0, traceId: "", spanId: "" };
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 2 && wire === WireType.Bit64) exemplar.timeNanos = BigInt(reader.fixed64());
    else if (field === 3 && wire === WireType.Bit64) exemplar.value = reader.double();
    else if (field === 4 && wire === WireType.LengthDelimited) exemplar.spanId = hex(reader.bytes());
    else if (field === 5 && wire === WireType.LengthDelimited) exemplar.traceId = hex(reader.bytes());
    else if (field === 6 && wire === WireType.Bit64) exemplar.value = Number(reader.sfixed64());
    else reader.skip(wire, field);
  }
  if (point.exemplars.length < maxExemplars) point.exemplars.push(exemplar);
}
