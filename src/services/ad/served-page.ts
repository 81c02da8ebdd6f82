import { sendProblem, titleOf } from "../../platform/http/problem.ts";
import type { HttpHandler } from "../../platform/rpc/rpc-handler.ts";

/** Counts of ads that were served, by category or `random`, as a page that Prometheus scrapes. */
export class ServedPage {
  readonly #counts = new Map<string, number>();

  add(category: string, ads: number): void {
    this.#counts.set(category, (this.#counts.get(category) ?? 0) + ads);
  }

  /** Prometheus' text format, https://prometheus.io/docs/instrumenting/exposition_formats/. */
  text(): string {
    const samples = [...this.#counts].map(
      ([category, count]) => `demo_ad_served_total{category="${category}"} ${count}`,
    );
    return [
      "# HELP demo_ad_served_total Ads served by category",
      "# TYPE demo_ad_served_total counter",
      ...samples,
      "",
    ].join("\n");
  }

  readonly handler: HttpHandler = (request, response) => {
    if (request.url?.split("?", 1)[0] !== "/metrics") {
      sendProblem(response, { status: 404, title: titleOf(404), detail: "The page is at /metrics." });
      return;
    }
    response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.end(this.text());
  };
}
