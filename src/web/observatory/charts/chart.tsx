import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Mark } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatTime } from "../format.ts";
import styles from "./chart.module.css";
import { exemplarsPlugin, marksPlugin, nearest } from "./chart-plugins.ts";

export type ChartSeries = {
  readonly label: string;
  /** A CSS colour; may use custom properties. */
  readonly color: string;
  /** Milliseconds since 1970 and a value, by time. */
  readonly points: readonly (readonly [number, number])[];
};

export type ChartExemplar = {
  readonly timeMs: number;
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
};

type Props = {
  readonly title: string;
  readonly series: readonly ChartSeries[];
  readonly exemplars?: readonly ChartExemplar[];
  readonly marks?: readonly Mark[];
  readonly bounds: { readonly startMs: number; readonly endMs: number };
  readonly format: (value: number) => string;
  readonly height?: number;
  /** From where the value axis starts; 0 unless told. */
  readonly floor?: number;
  readonly onExemplar?: (exemplar: ChartExemplar) => void;
  /** A part of time was marked by dragging. */
  readonly onZoom?: (startMs: number, endMs: number) => void;
};

/** Lines over time, with a legend that tells the values where the pointer is, or the last ones. */
export function Chart(props: Props) {
  const { series, height = 190, format } = props;
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [cursor, setCursor] = useState<number>();
  const [hint, setHint] = useState("");
  const shape = series.map(({ label, color }) => `${label} ${color}`).join("\n");
  const data = align(series);

  const now = useRef(props);
  now.current = props;
  const onCursor = useEffectEvent((chart: uPlot) => {
    setCursor(chart.cursor.idx ?? undefined);
    setHint(nearest(chart, now.current)?.text ?? "");
  });
  const onZoom = useEffectEvent((start: number, end: number) => props.onZoom?.(start * 1000, end * 1000));
  const onClick = useEffectEvent((chart: uPlot) => {
    const found = nearest(chart, now.current);
    if (found?.exemplar) props.onExemplar?.(found.exemplar);
  });

  // Made anew when its lines or the scheme change; new values come in by the effect below.
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const color = (css: string) => resolveColor(element, css);
    const axis = {
      stroke: color("var(--muted)"),
      font: `13px ${getComputedStyle(element).fontFamily}`,
      grid: { stroke: color("var(--line)"), width: 1 },
      ticks: { show: false },
    };
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { show: false },
        padding: [18, 26, 0, 0],
        cursor: {
          sync: { key: "time" },
          drag: { x: true, y: false, setScale: false },
          points: { size: 6 },
        },
        scales: {
          x: { time: true },
          y: {
            range: (_chart, low, high) => [
              Math.min(now.current.floor ?? 0, low ?? 0),
              (high ?? 0) > 0 ? (now.current.floor === undefined ? (high ?? 1) * 1.08 : Math.max(high ?? 1, 1)) : 1,
            ],
          },
        },
        axes: [
          {
            ...axis,
            size: 28,
            values: (_chart, ticks) => ticks.map((tick) => formatTime(tick * 1000, { millis: false }).slice(-8)),
            space: 68,
          },
          {
            ...axis,
            size: axisWidth,
            space: 34,
            values: (_chart, ticks) => ticks.map((tick) => now.current.format(tick)),
          },
        ],
        series: [
          {},
          ...series.map(({ label, color: css }) => ({
            label,
            stroke: color(css),
            width: 1.6,
            spanGaps: true,
            points: { show: false },
          })),
        ],
        plugins: [
          marksPlugin(() => now.current.marks ?? [], {
            line: color("var(--muted)"),
            text: color("var(--ink)"),
            font: `12.5px ${getComputedStyle(element).fontFamily}`,
          }),
          exemplarsPlugin(() => now.current.exemplars ?? [], {
            fill: color("var(--critical)"),
            edge: color("var(--surface)"),
          }),
        ],
        hooks: {
          setCursor: [onCursor],
          setSelect: [
            (self) => {
              const { left, width } = self.select;
              if (width > 8) onZoom(self.posToVal(left, "x"), self.posToVal(left + width, "x"));
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      align(now.current.series),
      element,
    );
    chart.over.addEventListener("click", () => onClick(chart));
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = undefined;
    };
  }, [shape, scheme, height]);

  useEffect(() => {
    const chart = plot.current;
    if (!chart) return;
    chart.batch(() => {
      chart.setData(align(props.series), false);
      chart.setScale("x", { min: props.bounds.startMs / 1000, max: props.bounds.endMs / 1000 });
    });
  });

  const times = data[0];
  const at = cursor === undefined ? undefined : times[cursor];
  return (
    <div className={styles.chart}>
      <div ref={frame} className={styles.frame} role="img" aria-label={`${props.title} over time`} />
      <ul className={styles.legend} aria-label={props.title}>
        {series.map(({ label, color, points }, index) => {
          const value = cursor === undefined ? points.at(-1)?.[1] : data[index + 1]?.[cursor];
          return (
            <li key={label}>
              <span className={styles.swatch} style={{ background: color }} />
              <bdi className={styles.label}>{label}</bdi>
              <strong>{value === undefined || value === null ? "–" : format(value)}</strong>
            </li>
          );
        })}
        <li className={styles.time} aria-hidden>
          {hint || (at === undefined ? "" : formatTime(at * 1000, { millis: false }))}
        </li>
      </ul>
    </div>
  );
}

/** Room for the longest label where there is little; else the same for all, so that charts stand in line. */
function axisWidth(chart: uPlot, labels: readonly string[] | null): number {
  if (chart.width > 420) return 74;
  return 16 + 7 * Math.max(3, ...(labels ?? []).map((label) => label.length));
}

/** All series over the union of their times, in seconds, as uPlot wants them. */
function align(series: readonly ChartSeries[]): [number[], ...(number | null)[][]] {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([time]) => time)))].sort((a, b) => a - b);
  const at = new Map(times.map((time, index) => [time, index]));
  const values = series.map(({ points }) => {
    const column = new Array<number | null>(times.length).fill(null);
    for (const [time, value] of points) {
      const index = at.get(time);
      if (index !== undefined && Number.isFinite(value)) column[index] = value;
    }
    return column;
  });
  return [times.map((time) => time / 1000), ...values];
}

/** A canvas knows no custom properties: lets the element compute the colour. */
function resolveColor(element: HTMLElement, css: string): string {
  const probe = document.createElement("span");
  probe.style.color = css;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
