import { event } from "../../gen/telemetry/registry.ts";
import { ConfigError } from "../platform/config/environment.ts";

const eventOf = { deployment: event.serviceDeployment, configuration: event.configurationChange } as const;
const timeoutMs = 10_000;

export interface MarkOptions {
  readonly url: string;
  /** Whose charts show it; all unless given. */
  readonly service?: string;
}

/** Marks a moment on the Observatory's charts, by a log record as any OpenTelemetry SDK would send it. */
export async function mark(kind: keyof typeof eventOf, body: string, { url, service }: MarkOptions): Promise<void> {
  if (!URL.canParse(url))
    throw new ConfigError(`--url ${url} is not valid: it takes a URL such as http://localhost:8080.`);
  const record = {
    timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
    severityNumber: 9,
    severityText: "INFO",
    eventName: eventOf[kind],
    body: { stringValue: body },
  };
  const attributes = service === undefined ? [] : [{ key: "service.name", value: { stringValue: service } }];
  const response = await fetch(new URL("/otlp-http/v1/logs", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords: [record] }] }] }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause) => {
    throw new ConfigError(`${url}: No shop answers there; start one with npm start.`, { cause });
  });
  if (!response.ok) {
    throw new ConfigError(
      `${url}: The mark was not taken (HTTP ${response.status}); is that a shop, and does it run with its Observatory?`,
    );
  }
  process.stdout.write(`Marked on ${new URL("/observatory/metrics", url)}\n`);
}
