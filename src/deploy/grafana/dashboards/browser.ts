import { attribute, event } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, line } from "../dashboard.ts";
import { spanMetric } from "../engine-metrics.ts";
import { attributeQuantile, recordCount, recordRate, recordsOf } from "../logql.ts";
import { chart, colour, records, stat, type Thresholds, table, traces, type Unit } from "../panel.ts";
import { quantile, rate, shareOf } from "../promql.ts";
import { logql, promql, tracesOf } from "../query.ts";

const browser = "frontend-web";
const ofBrowser = { "service.name": browser } as const;

interface Vital {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly decimals?: number;
  /** As https://web.dev/articles/vitals has them. */
  readonly thresholds: Thresholds;
}

const vitals: readonly Vital[] = [
  {
    name: "lcp",
    title: "Largest paint",
    description: "When the largest part of the page is painted (LCP). Up to 2.5 s is good, above 4 s poor.",
    unit: "ms",
    thresholds: { watch: 2_500, bad: 4_000 },
  },
  {
    name: "inp",
    title: "Answer to a click",
    description:
      "How long the page takes to show what a click or key does (INP). Up to 200 ms is good, above 500 ms poor.",
    unit: "ms",
    thresholds: { watch: 200, bad: 500 },
  },
  {
    name: "cls",
    title: "Shifts",
    description: "How much of the page moves by itself (CLS). Up to 0.1 is good, above 0.25 poor.",
    unit: "short",
    decimals: 3,
    thresholds: { watch: 0.1, bad: 0.25 },
  },
  {
    name: "fcp",
    title: "First paint",
    description: "When anything is painted (FCP). Up to 1.8 s is good, above 3 s poor.",
    unit: "ms",
    thresholds: { watch: 1_800, bad: 3_000 },
  },
  {
    name: "ttfb",
    title: "First byte",
    description: "When the first byte of the page arrives (TTFB). Up to 0.8 s is good, above 1.8 s poor.",
    unit: "ms",
    thresholds: { watch: 800, bad: 1_800 },
  },
];

function measured(name: string) {
  return { service: browser, event: event.browserWebVital, where: { [attribute.browserWebVitalName]: name } };
}

export const browsers: Dashboard = {
  uid: "orrery-browser",
  title: "Browsers",
  description:
    "What visitors feel: how fast pages come and answer, what fails in the browser, and what it asks of the shop.",
  sections: [
    {
      lines: [
        line(
          5,
          [
            4,
            stat({
              title: "Visits",
              description: "Pages opened anew in the time that is shown.",
              unit: "locale",
              decimals: 0,
              graph: false,
              queries: [logql("A", recordCount({ service: browser, event: event.sessionStart }), { instant: true })],
            }),
          ],
          ...vitals.map(
            ({ name, title, description, unit, decimals, thresholds }) =>
              [
                4,
                stat({
                  title,
                  description: `${description} For three of four visits it is no more than this.`,
                  unit,
                  ...(decimals === undefined ? {} : { decimals }),
                  thresholds,
                  graph: false,
                  queries: [
                    logql(
                      "A",
                      attributeQuantile(0.75, measured(name), {
                        of: attribute.browserWebVitalValue,
                        window: "$__range",
                      }),
                      { instant: true },
                    ),
                  ],
                }),
              ] as const,
          ),
        ),
        line(
          8,
          [
            8,
            chart({
              title: "Paint over time",
              description: "For three of four visits the largest part was painted by then, and anything at all.",
              unit: "ms",
              queries: [
                logql("lcp", attributeQuantile(0.75, measured("lcp"), { of: attribute.browserWebVitalValue }), {
                  legend: "largest",
                  color: colour.neutral,
                }),
                logql("fcp", attributeQuantile(0.75, measured("fcp"), { of: attribute.browserWebVitalValue }), {
                  legend: "first",
                  color: colour.third,
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "How visits rate",
              description: "Measurements per minute that are good, need improvement or are poor.",
              unit: "cpm",
              stacked: true,
              queries: [
                logql(
                  "A",
                  `60 * ${recordRate({ service: browser, event: event.browserWebVital }, [attribute.browserWebVitalRating])}`,
                  { legend: "{{browser_web_vital_rating}}" },
                ),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Errors in the browser",
              description: "Exceptions of scripts per minute, by type. None is normal.",
              unit: "cpm",
              stacked: true,
              quiet: "no script fails",
              queries: [
                logql(
                  "A",
                  `60 * ${recordRate({ service: browser, event: event.exception }, [attribute.exceptionType])}`,
                  {
                    legend: "{{exception_type}}",
                  },
                ),
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "What browsers do",
      lines: [
        line(
          9,
          [
            10,
            table({
              title: "Views, clicks and requests",
              description: "What browsers did over the time that is shown, as traces tell, and how long it took.",
              unit: "short",
              sortBy: "Rate",
              queries: [
                promql("rate", rate(spanMetric.calls, { where: ofBrowser, by: ["span.name"], window: "5m" })),
                promql(
                  "p95",
                  quantile(0.95, spanMetric.duration, { where: ofBrowser, by: ["span.name"], window: "5m" }),
                ),
              ],
              columns: [
                { field: "span_name", name: "What" },
                { field: "Value #rate", name: "Rate", unit: "reqps", decimals: 2, width: 110 },
                { field: "Value #p95", name: "95th pct", unit: "ms", decimals: 0, width: 100 },
              ],
            }),
          ],
          [
            7,
            chart({
              title: "Requests",
              description: "Requests that pages make of the shop, per second.",
              unit: "reqps",
              queries: [
                promql(
                  "A",
                  rate(spanMetric.calls, {
                    where: { ...ofBrowser, "span.kind": "SPAN_KIND_CLIENT" },
                    by: ["span.name"],
                  }),
                  { legend: "{{span_name}}" },
                ),
              ],
            }),
          ],
          [
            7,
            chart({
              title: "Requests that fail",
              description: "Share of these that failed, or that never got an answer. 0 is normal.",
              unit: "percentunit",
              queries: [
                promql(
                  "A",
                  shareOf(
                    rate(spanMetric.calls, {
                      where: { ...ofBrowser, "span.kind": "SPAN_KIND_CLIENT", "status.code": "STATUS_CODE_ERROR" },
                    }),
                    rate(spanMetric.calls, { where: { ...ofBrowser, "span.kind": "SPAN_KIND_CLIENT" } }),
                  ),
                  { legend: "failing", color: colour.bad },
                ),
              ],
            }),
          ],
        ),
        line(
          9,
          [
            12,
            traces({
              title: "Visits as traces",
              description: "The latest traces that began in a browser. A click opens one.",
              query: tracesOf(browser),
            }),
          ],
          [
            12,
            records({
              title: "What browsers tell",
              description: "Sessions, measurements and errors, the latest first.",
              query: logql("A", recordsOf({ service: browser }), { limit: 100 }),
            }),
          ],
        ),
      ],
    },
  ],
};
