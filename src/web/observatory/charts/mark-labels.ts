import type { Mark } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";

/** Under a pointer there is room for a few. */
const maxTexts = 4;

/** What a mark is called: what happened, and to whom. */
export function markLabel(mark: Mark): string {
  return `${mark.kind} ${mark.service}`.trim();
}

/** `deployment frontend`, or `start of 16, deployment frontend` when several fall together. */
export function groupLabel(marks: readonly Mark[]): string {
  return [...Map.groupBy(marks, ({ kind }) => kind).values()]
    .map((alike) => (alike.length > 1 ? `${alike[0]?.kind} of ${alike.length}` : alike.map(markLabel).join()))
    .join(", ");
}

/** The label, and what the marks tell; services that start and stop together tell nothing that it does not. */
export function groupText(marks: readonly Mark[]): string {
  const telling = marks.length === 1 ? marks : marks.filter(({ kind }) => kind !== "start" && kind !== "stop");
  const texts = [...new Set(telling.map(({ text }) => text).filter(Boolean))];
  const more = texts.length > maxTexts ? [`and ${texts.length - maxTexts} more`] : [];
  return [groupLabel(marks), [...texts.slice(0, maxTexts), ...more].join("; ")].filter(Boolean).join(": ");
}
