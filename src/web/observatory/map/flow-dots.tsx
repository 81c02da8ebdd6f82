import { useReducedMotion } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import styles from "./flow-dots.module.css";
import type { Point } from "./layout.ts";

/** Pixels from one dot to the next. */
const spacing = 130;

/**
 * Dots that move along a route, faster with more calls. They are moved by transforms alone, which the compositor does
 * without the page: a line whose dashes move is painted anew in every frame, and with it all that shares its layer.
 */
export function FlowDots(props: {
  readonly points: readonly Point[];
  readonly callsPerSecond: number;
  readonly isTroubled: boolean;
}) {
  const { points, isTroubled } = props;
  const isStill = useReducedMotion(false, { getInitialValueInEffect: false });
  const group = useRef<HTMLDivElement>(null);
  // In steps: an animation that gets a new duration jumps.
  const pixelsPerSecond = 45 * 2 ** Math.round(Math.min(2, Math.log2(1 + props.callsPerSecond) / 2));
  const { length, keyframes } = journey(points);
  const key = points.map(({ x, y }) => `${x},${y}`).join(" ");
  const count = isStill ? 0 : Math.max(1, Math.round(length / spacing));

  useEffect(() => {
    const dots = [...(group.current?.children ?? [])];
    const running = dots.map((dot, index) =>
      dot.animate(keyframes, {
        duration: (length / pixelsPerSecond) * 1000,
        iterations: Number.POSITIVE_INFINITY,
        iterationStart: index / dots.length,
      }),
    );
    return () => {
      for (const each of running) each.cancel();
    };
  }, [key, pixelsPerSecond, count]);

  return (
    <div ref={group} className={styles.dots} data-troubled={isTroubled} aria-hidden>
      {Array.from({ length: count }, (_, index) => (
        <span key={index} className={styles.dot} />
      ))}
    </div>
  );
}

/** The way along the points at an even speed. */
function journey(points: readonly Point[]): { readonly length: number; readonly keyframes: Keyframe[] } {
  const travelled: number[] = [];
  let length = 0;
  points.forEach((point, index) => {
    const before = points[index - 1] ?? point;
    length += Math.hypot(point.x - before.x, point.y - before.y);
    travelled.push(length);
  });
  const keyframes = points.map(({ x, y }, index) => ({
    transform: `translate(${x}px, ${y}px)`,
    offset: length === 0 ? 0 : (travelled[index] ?? 0) / length,
  }));
  return { length, keyframes };
}
