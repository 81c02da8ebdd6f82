import { useReducedMotion } from "@mantine/hooks";
import { useReactFlow } from "@xyflow/react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { entrance, type Layout, type Place } from "./layout.ts";

export type FrameSize = {
  readonly width: number;
  readonly height: number;
  /** The height that a sheet from below would cover. */
  readonly sheet: number;
};
type Viewport = { readonly x: number; readonly y: number; readonly zoom: number };

const margin = 16;
/** Between what is chosen and the edges of what is left free. */
const clearance = 24;
/** Smaller than this, names cannot be read: then the map starts at its entrance, and the rest is a swipe away. */
const leastZoom = 0.52;
const readableZoom = 0.66;
const greatestZoom = 1.5;

/** What the details cover: the right of a wide map, the lower part of a narrow one; as in their style sheet. */
const narrow = 1000;
const panelWidth = 410;
const sheetShare = 0.54;

/** The size of the map's frame, once it is known. */
export function useFrameSize(frame: RefObject<HTMLElement | null>): FrameSize | undefined {
  const [size, setSize] = useState<FrameSize>();
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      setSize({ width, height, sheet: (element.parentElement?.clientHeight ?? height) * sheetShare });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);
  return size;
}

/**
 * Shows the whole map, or as much as can be read. What is chosen, and as much as possible of what touches it, is kept
 * clear of the details; when they close the map goes back, unless the reader has moved it.
 */
export function useFraming(
  size: FrameSize | undefined,
  layout: Layout | undefined,
  chosen: string | undefined,
  near: ReadonlySet<string> | undefined,
) {
  const { getViewport, setViewport } = useReactFlow();
  const isStill = useReducedMotion(false, { getInitialValueInEffect: false });
  const before = useRef<{ readonly was: Viewport; readonly is: Viewport }>(undefined);

  const place = chosen === undefined ? undefined : layout?.nodes.get(chosen);
  const around = place && layout ? union([...(near ?? [])].flatMap((name) => layout.nodes.get(name) ?? [])) : undefined;
  const clear = (size: FrameSize, viewport: Viewport) => {
    const is = place ? clearOf(size, viewport, place, around ?? place) : viewport;
    before.current = place && { was: before.current?.was ?? viewport, is };
    return is;
  };

  useEffect(() => {
    before.current = undefined;
    if (size && layout) void setViewport(clear(size, whole(size, layout)));
  }, [size, layout, setViewport]);

  useEffect(() => {
    if (!size) return;
    const now = getViewport();
    const left = before.current;
    const isAsLeft = left && Math.hypot(now.x - left.is.x, now.y - left.is.y) < 1 && now.zoom === left.is.zoom;
    if (!isAsLeft) before.current = undefined;
    const wanted = place ? clear(size, now) : isAsLeft ? left.was : now;
    if (!place) before.current = undefined;
    if (wanted !== now) void setViewport(wanted, { duration: isStill ? 0 : 200 });
  }, [chosen]);
}

function whole(size: FrameSize, layout: Layout): Viewport {
  const across = (size.width - 2 * margin) / layout.width;
  const down = (size.height - 2 * margin) / layout.height;
  const fitting = Math.min(across, down, greatestZoom);
  const isReadable = fitting >= leastZoom;
  const zoom = isReadable ? fitting : Math.min(readableZoom, Math.max(leastZoom, across, down));
  const first = layout.nodes.get(entrance(layout) ?? "");
  return {
    x: start(size.width, layout.width * zoom, first && (first.x + first.width / 2) * zoom),
    y: start(size.height, layout.height * zoom, first && (first.y + first.height / 2) * zoom),
    zoom,
  };
}

/** Where a stretch of `length` begins: in the middle if it fits, else so that `entry` in it comes as near to that as it can. */
function start(room: number, length: number, entry: number | undefined): number {
  if (length <= room - 2 * margin || entry === undefined) return (room - length) / 2;
  return Math.min(margin, Math.max(room - margin - length, room / 2 - entry));
}

/** The viewport, moved and shrunk as little as brings the place and its surroundings into what the details leave free. */
function clearOf(size: FrameSize, viewport: Viewport, place: Place, around: Place): Viewport {
  const isNarrow = size.width <= narrow;
  const right = size.width - (isNarrow ? 0 : panelWidth);
  const bottom = size.height - (isNarrow ? size.sheet : 0);
  const fitting = Math.min((right - 2 * clearance) / around.width, (bottom - 2 * clearance) / around.height);
  const zoom = isNarrow ? viewport.zoom : Math.min(viewport.zoom, Math.max(leastZoom, fitting));
  // Shrunk about the middle of what the viewport shows.
  const at = (position: number, length: number) => length / 2 - ((length / 2 - position) / viewport.zoom) * zoom;
  const origin = { x: at(viewport.x, size.width), y: at(viewport.y, size.height) };
  const shown = zoom <= fitting ? around : place;
  const shiftX = shift(shown.x * zoom + origin.x, shown.width * zoom, right);
  const shiftY = shift(shown.y * zoom + origin.y, shown.height * zoom, bottom);
  return { x: origin.x + shiftX, y: origin.y + shiftY, zoom };
}

/** How far to move a stretch of `length` at `start` so that it lies clear of both edges, `0` and `end`. */
function shift(start: number, length: number, end: number): number {
  if (start < clearance) return clearance - start;
  return Math.min(0, end - clearance - (start + length));
}

function union(places: readonly Place[]): Place | undefined {
  if (places.length === 0) return undefined;
  const x = Math.min(...places.map((place) => place.x));
  const y = Math.min(...places.map((place) => place.y));
  return {
    x,
    y,
    width: Math.max(...places.map((place) => place.x + place.width)) - x,
    height: Math.max(...places.map((place) => place.y + place.height)) - y,
  };
}
