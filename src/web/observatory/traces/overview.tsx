import { useEffect, useRef, useState } from "react";
import styles from "./overview.module.css";
import type { SpanTree } from "./span-tree.ts";
import type { Window } from "./waterfall.tsx";

const height = 40;

/** The whole trace in a strip; dragging over a part of it shows that part below. */
export function Overview(props: {
  readonly tree: SpanTree;
  readonly shown: Window;
  readonly onZoom: (window: Window | undefined) => void;
}) {
  const { tree, shown, onZoom } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<{ readonly start: number; readonly end: number }>();

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const draw = () => {
      const scale = window.devicePixelRatio;
      const width = element.clientWidth;
      element.width = width * scale;
      element.height = height * scale;
      const context = element.getContext("2d");
      if (!context) return;
      context.scale(scale, scale);
      const style = getComputedStyle(element);
      const quiet = style.getPropertyValue("--flow");
      const failed = style.getPropertyValue("--danger");
      const lane = Math.max(0.4, (height - 4) / tree.all.length);
      tree.all.forEach((node, index) => {
        const x = (node.startNanos / tree.endNanos) * width;
        const length = Math.max(1, ((node.endNanos - node.startNanos) / tree.endNanos) * width);
        context.globalAlpha = node.span.isError ? 1 : 0.65;
        context.fillStyle = node.span.isError ? failed : quiet;
        context.fillRect(x, 2 + index * lane, length, Math.max(0.6, lane * 0.75));
      });
    };
    draw();
    // Colours are those of the scheme, which the root element names.
    const schemes = new MutationObserver(draw);
    schemes.observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
    const sizes = new ResizeObserver(draw);
    sizes.observe(element);
    return () => {
      schemes.disconnect();
      sizes.disconnect();
    };
  }, [tree]);

  const share = (event: React.PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const marked = drag
    ? { from: Math.min(drag.start, drag.end), to: Math.max(drag.start, drag.end) }
    : { from: shown.from / tree.endNanos, to: shown.to / tree.endNanos };

  return (
    <div
      className={styles.overview}
      style={{ height }}
      aria-hidden
      title="Drag to look closer"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ start: share(event), end: share(event) });
      }}
      onPointerMove={(event) => {
        if (drag) setDrag({ start: drag.start, end: share(event) });
      }}
      onPointerUp={() => {
        const isWide = marked.to - marked.from > 0.002;
        onZoom(drag && isWide ? { from: marked.from * tree.endNanos, to: marked.to * tree.endNanos } : undefined);
        setDrag(undefined);
      }}
    >
      <canvas ref={canvas} className={styles.canvas} />
      <div className={styles.shade} style={{ left: 0, width: `${marked.from * 100}%` }} />
      <div className={styles.shade} style={{ right: 0, width: `${(1 - marked.to) * 100}%` }} />
    </div>
  );
}
