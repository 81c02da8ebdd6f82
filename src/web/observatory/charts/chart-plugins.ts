import { timestampMs } from "@bufbuild/protobuf/wkt";
import type uPlot from "uplot";
import type { Mark } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import type { ChartExemplar } from "./chart.tsx";
import { groupLabel, groupText } from "./mark-labels.ts";

/** Starts, stops, deployments and changes as dashed lines; named where there is room. */
export function marksPlugin(
  marks: () => readonly Mark[],
  look: { readonly line: string; readonly text: string; readonly font: string },
): uPlot.Plugin {
  return {
    hooks: {
      draw: (chart) => {
        const { ctx, bbox } = chart;
        const scale = window.devicePixelRatio;
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, 0, bbox.width, bbox.top + bbox.height);
        ctx.clip();
        ctx.font = look.font.replace(/^[\d.]+/, (size) => `${Number(size) * scale}`);
        ctx.textBaseline = "top";
        ctx.textAlign = "left";
        let freeFrom = Number.NEGATIVE_INFINITY;
        for (const group of byPixel(chart, marks())) {
          const { x } = group;
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.strokeStyle = look.line;
          ctx.lineWidth = scale;
          ctx.setLineDash([3 * scale, 3 * scale]);
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          const text = groupLabel(group.marks);
          const width = ctx.measureText(text).width + 8 * scale;
          const left = Math.min(x, bbox.left + bbox.width - width);
          if (left > freeFrom) {
            ctx.fillStyle = look.text;
            ctx.fillText(text, left + 4 * scale, bbox.top - 15 * scale);
            freeFrom = left + width;
          }
        }
        ctx.restore();
      },
    },
  };
}

type MarkGroup = { readonly x: number; readonly marks: Mark[] };

/** Marks by time; those that would lie on each other together. */
function byPixel(chart: uPlot, marks: readonly Mark[]): readonly MarkGroup[] {
  const groups: MarkGroup[] = [];
  for (const mark of marks.toSorted((a, b) => timeOf(a) - timeOf(b))) {
    const x = Math.round(chart.valToPos(timeOf(mark) / 1000, "x", true));
    const last = groups.at(-1);
    if (last && x - last.x < 6 * window.devicePixelRatio) last.marks.push(mark);
    else groups.push({ x, marks: [mark] });
  }
  return groups;
}

/** Single measurements that a trace stands behind, as diamonds. */
export function exemplarsPlugin(
  exemplars: () => readonly ChartExemplar[],
  look: { readonly fill: string; readonly edge: string },
): uPlot.Plugin {
  return {
    hooks: {
      draw: (chart) => {
        const { ctx, bbox } = chart;
        const size = 4 * window.devicePixelRatio;
        ctx.save();
        ctx.fillStyle = look.fill;
        ctx.strokeStyle = look.edge;
        ctx.lineWidth = window.devicePixelRatio;
        for (const { timeMs, value } of exemplars()) {
          const x = chart.valToPos(timeMs / 1000, "x", true);
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          // What is above the scale stays visible at its edge.
          const y = Math.max(bbox.top + size, chart.valToPos(value, "y", true));
          ctx.beginPath();
          ctx.moveTo(x, y - size);
          ctx.lineTo(x + size, y);
          ctx.lineTo(x, y + size);
          ctx.lineTo(x - size, y);
          ctx.closePath();
          ctx.fill();
          ctx.stroke();
        }
        ctx.restore();
      },
    },
  };
}

/** What lies under the pointer: an exemplar within 9 pixels, else a mark within 5. */
export function nearest(
  chart: uPlot,
  shown: {
    readonly exemplars?: readonly ChartExemplar[];
    readonly marks?: readonly Mark[];
    readonly format: (value: number) => string;
  },
): { readonly text: string; readonly exemplar?: ChartExemplar } | undefined {
  const { left = -1, top = -1 } = chart.cursor;
  if (left < 0) return undefined;
  let best: { readonly distance: number; readonly exemplar: ChartExemplar } | undefined;
  for (const exemplar of shown.exemplars ?? []) {
    const y = Math.max(4, chart.valToPos(exemplar.value, "y"));
    const distance = Math.hypot(chart.valToPos(exemplar.timeMs / 1000, "x") - left, y - top);
    if (distance < (best?.distance ?? 9)) best = { distance, exemplar };
  }
  if (best) {
    return { text: `◆ ${shown.format(best.exemplar.value)}, click for its trace`, exemplar: best.exemplar };
  }
  const near = (shown.marks ?? []).filter((mark) => Math.abs(chart.valToPos(timeOf(mark) / 1000, "x") - left) < 5);
  return near.length === 0 ? undefined : { text: groupText(near) };
}

function timeOf(mark: Mark): number {
  return mark.time ? timestampMs(mark.time) : 0;
}
