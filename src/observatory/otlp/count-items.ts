import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/**
 * Spans, records or metrics in an export request, without decoding them: the three signals have them at the same place.
 * A request that is malformed counts as one.
 */
export function countItems(request: Uint8Array): number {
  try {
    return countIn(new BinaryReader(request), request.byteLength, [1, 2, 2]);
  } catch {
    return 1;
  }
}

function countIn(reader: BinaryReader, end: number, path: readonly number[]): number {
  const [wanted, ...rest] = path;
  let count = 0;
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field !== wanted || wire !== WireType.LengthDelimited) reader.skip(wire, field);
    else if (rest.length === 0) {
      count++;
      reader.skip(wire, field);
    } else count += countIn(reader, reader.uint32() + reader.pos, rest);
  }
  return count;
}
