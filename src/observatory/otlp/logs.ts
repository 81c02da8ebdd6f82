import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { attribute } from "../../../gen/telemetry/registry.ts";
import { type Attributes, bounded, readAnyValue, readKeyValue } from "./attributes.ts";
import { type FromResource, hex, readRequest } from "./resource.ts";

// Field numbers: opentelemetry/proto/logs/v1/logs.proto of the OTLP specification 1.x.

export interface DecodedRecord {
  /** Unix time; the time of observation when the record has none of its own. */
  timeNanos: bigint;
  /** 1 to 24; 0 when not given. */
  severityNumber: number;
  severity: string;
  eventName: string;
  body: string;
  attributes: Attributes;
  /** Empty outside a trace. */
  traceId: string;
  spanId: string;
}

const maxNameLength = 256;
const maxBodyLength = 16_384;

/** Reads an ExportLogsServiceRequest; throws when it is not one. */
export function decodeLogs(request: Uint8Array): FromResource<DecodedRecord>[] {
  return readRequest(new BinaryReader(request), { field: 2, read: readRecord });
}

function readRecord(reader: BinaryReader): DecodedRecord {
  const end = reader.uint32() + reader.pos;
  const record: DecodedRecord = {
    timeNanos: 0n,
    severityNumber: 0,
    severity: "",
    eventName: "",
    body: "",
    attributes: new Map(),
    traceId: "",
    spanId: "",
  };
  let observed = 0n;
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.Bit64) record.timeNanos = BigInt(reader.fixed64());
    else if (field === 2 && wire === WireType.Varint) record.severityNumber = reader.int32();
    else if (field === 11 && wire === WireType.Bit64) observed = BigInt(reader.fixed64());
    else if (wire === WireType.LengthDelimited) {
      if (field === 3) record.severity = bounded(reader.string(), maxNameLength);
      else if (field === 5) {
        const body = readAnyValue(reader);
        record.body = bounded(typeof body === "string" ? body : JSON.stringify(body), maxBodyLength);
      } else if (field === 6) readKeyValue(reader, record.attributes);
      else if (field === 9) record.traceId = hex(reader.bytes());
      else if (field === 10) record.spanId = hex(reader.bytes());
      else if (field === 12) record.eventName = bounded(reader.string(), maxNameLength);
      else reader.skip(wire, field);
    } else reader.skip(wire, field);
  }
  if (record.timeNanos === 0n) record.timeNanos = observed;
  if (!(record.severityNumber >= 0 && record.severityNumber <= 24)) record.severityNumber = 0;
  // Earlier versions of OpenTelemetry had the event's name in an attribute.
  if (record.eventName === "") {
    const named = record.attributes.get("event.name");
    if (typeof named === "string") record.eventName = bounded(named, maxNameLength);
  }
  if (record.severityNumber === 0 && record.severity === "") nameSeverity(record);
  return record;
}

/** The numbers of severities by their names: the first of each range. */
const severityNumbers: Readonly<Record<string, number>> = { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17 };

/** Senders that cannot give a record a severity, as Envoy's access log cannot, name it in an attribute. */
function nameSeverity(record: DecodedRecord): void {
  const named = record.attributes.get(attribute.demoLogSeverity);
  const number = typeof named === "string" ? severityNumbers[named] : undefined;
  if (typeof named !== "string" || number === undefined) return;
  record.severity = named;
  record.severityNumber = number;
}
