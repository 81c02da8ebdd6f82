import { createHash } from "node:crypto";
import { html } from "../platform/http/html.ts";
import { plainPage } from "../platform/http/plain-page.ts";
import { requestTable, tableStyle } from "./html-report.ts";
import type { LoadControl } from "./load-control.ts";
import { shownDuration } from "./quantities.ts";
import { failureText, percentage } from "./summary.ts";

const formStyle = `
form{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end}label{display:grid;gap:.2rem;color:var(--soft)}
input{font:inherit;width:8rem;padding:.4rem .6rem;border:1px solid var(--line);border-radius:8px;background:var(--card);color:var(--ink)}
button{font:inherit;padding:.45rem .9rem;border:1px solid var(--link);border-radius:8px;background:var(--card);color:var(--link);cursor:pointer}
button.main{background:var(--link);color:var(--ground)}output{flex-basis:100%;min-height:1.5em}
`;

/** Takes the figures from the page itself, asked for anew; the form is left as people have it. */
const script = `
const told = document.querySelector("output");
async function look() {
  const answer = await fetch(location.pathname, { cache: "no-store" });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#now");
  if (answer.ok && fresh) document.querySelector("#now").replaceWith(document.adoptNode(fresh));
}
async function act(method, path, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch("api/v1/" + path, { method, headers, body: JSON.stringify(body) });
  told.textContent = answer.ok ? "" : (await answer.json()).detail;
  await look();
}
const form = document.querySelector("form");
const wanted = () => ({ users: Number(form.users.value), ratePerSecond: Number(form.rate.value) });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void act("POST", "start", wanted());
});
document.querySelector("#stop").addEventListener("click", () => void act("POST", "stop", {}));
document.querySelector("#reset").addEventListener("click", () => void act("POST", "reset", {}));
setInterval(() => void look().catch(() => { told.textContent = "The load generator does not answer."; }), 2000);
`;

const hash = createHash("sha256").update(script).digest("base64");

const stateWords = {
  idle: "Nothing is asked.",
  waiting: "Waiting for somebody to answer there.",
  running: "Running.",
  stopping: "Stopping: what is under way is finished.",
} as const;

/** The state and the figures, and a form to change the load. */
export function controlPage({ status, settings, generator }: LoadControl) {
  const { total, requests, failures, seconds } = generator.snapshot();
  const content = html`<h1>Load generator</h1>
<p>It plays customers of <a href="${status.target}">${status.target}</a>. Where that shop has its Observatory, <a href="../observatory/load">the view Load</a> shows the same with charts.</p>
<form>
<label>Users <input name="users" type="number" min="0" max="10000" value="${settings.users}" inputmode="numeric"></label>
<label>Arrivals a second <input name="rate" type="number" min="0" max="50000" step="any" value="${settings.ratePerSecond}" inputmode="decimal"></label>
<button class="main">Run</button><button type="button" id="stop">Stop</button><button type="button" id="reset">Reset figures</button>
<output aria-live="polite"></output></form>
<div id="now"><p><strong>${stateWords[status.state]}</strong> Figures of the last ${shownDuration(seconds * 1_000)}.</p>
<div class="figures">
<div><b>${status.users + status.browserUsers}</b><span>users</span></div>
<div><b>${status.inFlight}</b><span>arrivals now</span></div>
<div><b>${total.count}</b><span>requests</span></div>
<div><b>${total.perSecond.toFixed(1)}</b><span>a second</span></div>
<div><b class="${total.failed === 0 ? "passed" : "failed"}">${percentage(total.count === 0 ? 0 : total.failed / total.count)}</b><span>failed</span></div>
<div><b>${shownDuration(total.times.p99)}</b><span>p99</span></div>
</div>
<section><h2>Requests</h2><div class="card" tabindex="0" role="region" aria-label="Requests">${requestTable(requests)}</div></section>
<section><h2>What failed</h2>${
    failures.length === 0
      ? html`<p>Nothing.</p>`
      : html`<div class="card"><table><thead><tr><th scope="col">Request</th><th scope="col">Why</th><th scope="col">count</th></tr></thead><tbody>${failures.map(
          (row) => html`<tr><td>${row.name}</td><td>${failureText(row)}</td><td>${row.count}</td></tr>`,
        )}</tbody></table></div>`
  }</section></div>
<script>${{ html: script }}</script>`;
  return {
    html: plainPage({ title: "Load generator", content, style: tableStyle + formStyle }).html,
    contentSecurityPolicy: `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; connect-src 'self'; form-action 'self'; frame-ancestors 'self'`,
  };
}
