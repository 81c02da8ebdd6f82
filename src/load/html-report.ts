import { type Html, html } from "../platform/http/html.ts";
import { plainPage } from "../platform/http/plain-page.ts";
import { shownDuration } from "./quantities.ts";
import type { RequestRow, Sample } from "./statistics.ts";
import { failureText, type LoadReport, percentage, shownTimes, verdict } from "./summary.ts";

/** Also for the page of a load that runs. */
export const tableStyle = `
section{margin:1.5rem 0}h2{font-size:1.1rem;margin:0 0 .5rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:.75rem 1rem;overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.3rem .6rem;border-top:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}thead th{border-top:0;color:var(--soft);font-weight:500}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.75rem;margin:1rem 0}
.figures div{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:.6rem .9rem}
.figures b{display:block;font-size:1.3rem;font-variant-numeric:tabular-nums}.figures span{color:var(--soft)}
.passed{color:#1a7f4b}.failed{color:#b3261e}
@media(prefers-color-scheme:dark){.passed{color:#6fd6a0}.failed{color:#ff9c94}}
`;

const chartStyle = `
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:11px system-ui,sans-serif}
.grid{stroke:var(--line)}.first{stroke:#4856c8;fill:none;stroke-width:2}.second{stroke:#d2752a;fill:none;stroke-width:2}
@media(prefers-color-scheme:dark){.first{stroke:#aab4ff}.second{stroke:#ffb07a}}
.key{color:var(--soft)}.key i{display:inline-block;width:1.2em;height:.25em;vertical-align:middle;margin:0 .3em 0 1em;background:#4856c8}
.key i+i,.key i.b{background:#d2752a}
`;

/** A load as one HTML file that needs nothing else. */
export function htmlReport(report: LoadReport): string {
  const { total, requests, failures, arrivals, samples, serviceTimes } = report;
  const content = html`<h1>Load on ${report.target}</h1>
<p>${report.plan}, ${shownDuration(report.seconds * 1_000)} from ${report.begunAt}, seed ${report.seed}</p>
<p><strong class="${report.passed ? "passed" : "failed"}">${verdict(report)}</strong></p>
<div class="figures">
<div><b>${total.count}</b><span>requests</span></div>
<div><b>${total.perSecond.toFixed(1)}</b><span>a second</span></div>
<div><b>${percentage(report.errorRate)}</b><span>failed</span></div>
<div><b>${shownDuration(total.times.p50)}</b><span>p50</span></div>
<div><b>${shownDuration(total.times.p99)}</b><span>p99</span></div>
<div><b>${shownDuration(total.times.p999)}</b><span>p99.9</span></div>
</div>
${samples.length > 1 ? charts(samples) : nothing}
<section><h2>Requests</h2><div class="card" tabindex="0" role="region" aria-label="Requests">${requestTable([...requests, { ...total, name: "all" }])}</div></section>
${
  arrivals === undefined
    ? nothing
    : html`<section><h2>Arrivals</h2><p>${arrivals.started} begun, ${arrivals.late} of them late, ${arrivals.dropped} given up. Times count from
the intended start of each; from the real one, p50 is ${shownDuration(serviceTimes.p50)} and p99 ${shownDuration(serviceTimes.p99)}.</p></section>`
}
<section><h2>What failed</h2>${
    failures.length === 0
      ? html`<p>Nothing.</p>`
      : html`<div class="card"><table><thead><tr><th scope="col">Request</th><th scope="col">Why</th><th scope="col">count</th></tr></thead><tbody>${failures.map(
          (row) => html`<tr><td>${row.name}</td><td>${failureText(row)}</td><td>${row.count}</td></tr>`,
        )}</tbody></table></div>`
  }</section>`;
  return plainPage({ title: "Load report", content, style: tableStyle + chartStyle }).html;
}

const nothing: Html = { html: "" };

/** Requests with their times. */
export function requestTable(rows: readonly RequestRow[]): Html {
  const heads = ["Request", "count", "failed", "per s", ...shownTimes.map(([name]) => name)];
  return html`<table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows.map(
    ({ name, count, failed, perSecond, times }) =>
      html`<tr><td>${name}</td><td>${count}</td><td>${failed}</td><td>${perSecond.toFixed(1)}</td>${shownTimes.map(
        ([, key]) => html`<td>${shownDuration(times[key])}</td>`,
      )}</tr>`,
  )}</tbody></table>`;
}

interface Line {
  readonly name: string;
  readonly of: (sample: Sample) => number;
}

function charts(samples: readonly Sample[]): Html {
  const requests: Line = { name: "requests", of: ({ perSecond }) => perSecond };
  const failed: Line = { name: "failed", of: ({ failedPerSecond }) => failedPerSecond };
  const p50: Line = { name: "p50", of: (sample) => sample.p50 };
  const p99: Line = { name: "p99", of: (sample) => sample.p99 };
  return html`<section><h2>Requests a second</h2>${chart(samples, [requests, failed], (value) => String(Number(value.toPrecision(3))))}</section>
<section><h2>Time to the answer</h2>${chart(samples, [p50, p99], shownDuration)}</section>
<section><h2>Users</h2>${chart(samples, [{ name: "users", of: ({ users }) => users }], (value) => String(Number(value.toPrecision(3))))}</section>`;
}

const width = 900;
const height = 200;
const left = 64;
const bottom = 22;

function chart(samples: readonly Sample[], lines: readonly Line[], label: (value: number) => string): Html {
  const end = samples.at(-1)?.at ?? 1;
  const top = Math.max(...lines.flatMap(({ of }) => samples.map(of)), 1e-9);
  const x = (at: number) => (left + (at / end) * (width - left - 8)).toFixed(1);
  const y = (value: number) => (8 + (1 - value / top) * (height - bottom - 8)).toFixed(1);
  const grid = [0, 0.5, 1].map(
    (share) =>
      html`<line class="grid" x1="${left}" x2="${width - 8}" y1="${y(share * top)}" y2="${y(share * top)}"/><text x="${left - 8}" y="${Number(y(share * top)) + 4}" text-anchor="end">${label(share * top)}</text>`,
  );
  const paths = lines.map(
    ({ of }, index) =>
      html`<polyline class="${index === 0 ? "first" : "second"}" points="${samples.map((sample) => `${x(sample.at)},${y(of(sample))}`).join(" ")}"/>`,
  );
  const what = `${lines.map(({ name }) => name).join(" and ")} over ${shownDuration(end * 1_000)}, at most ${label(top)}`;
  return html`<div class="card"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${what}">${grid}${paths}<text x="${left}" y="${height - 4}">0</text><text x="${width - 8}" y="${height - 4}" text-anchor="end">${shownDuration(end * 1_000)}</text></svg>
<div class="key">${lines.map(({ name }, index) => html`<i${index === 0 ? nothing : html` class="b"`}></i>${name}`)}</div></div>`;
}
