import type { LoadControl } from "./load-control.ts";
import { failureText } from "./summary.ts";

/** Answers as Locust's web interface gives them to programs: https://docs.locust.io/en/stable/api.html */

const states = { idle: "ready", waiting: "spawning", running: "running", stopping: "stopping" } as const;

/** `GET /stats/requests`: times are in milliseconds. */
export function locustStatistics({ generator, status }: LoadControl) {
  const { total, requests, failures, samples } = generator.snapshot();
  const latest = samples.at(-1);
  const rows = [...requests, { ...total, name: "Aggregated" }].map(({ name, count, failed, perSecond, times }) => {
    const [method = "", path] = name.split(" ", 2);
    return {
      method: path === undefined ? "" : method,
      name: path ?? name,
      safe_name: path ?? name,
      num_requests: count,
      num_failures: failed,
      avg_response_time: times.mean,
      min_response_time: times.min,
      max_response_time: times.max,
      median_response_time: times.p50,
      ninetieth_response_time: times.p90,
      ninety_ninth_response_time: times.p99,
      "response_time_percentile_0.95": times.p95,
      "response_time_percentile_0.99": times.p99,
      current_rps: perSecond,
      current_fail_per_sec: count === 0 ? 0 : (perSecond * failed) / count,
      avg_content_length: 0,
    };
  });
  return {
    state: states[status.state],
    user_count: status.users + status.browserUsers,
    workers: [],
    stats: rows,
    errors: failures.map(({ name, count, ...failure }) => {
      const [method = "", path = ""] = name.split(" ", 2);
      return { method, name: path, error: failureText(failure), occurrences: count };
    }),
    total_rps: latest?.perSecond ?? 0,
    total_fail_per_sec: latest?.failedPerSecond ?? 0,
    total_avg_response_time: total.times.mean,
    fail_ratio: total.count === 0 ? 0 : total.failed / total.count,
    current_response_time_percentiles: {
      "response_time_percentile_0.5": latest?.p50 ?? null,
      "response_time_percentile_0.99": latest?.p99 ?? null,
    },
  };
}
