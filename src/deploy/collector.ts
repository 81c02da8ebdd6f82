import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import type { RenderedFile } from "./rendered-file.ts";
import { noted, renderYaml, type Yaml } from "./yaml.ts";

type Checked = Pick<ServiceDeclaration, "name" | "port" | "address" | "isUntraced" | "isOptional">;

/** The variable by which the Collector finds a service: that of its callers, where it has any. */
export function checkedAddress({ name, address }: Checked): string {
  return address ?? `${name.toUpperCase().replaceAll("-", "_")}_ADDR`;
}

/** What the Collector asks every service, as far as that follows from the services' declarations. */
export function collectorFiles({ services }: { readonly services: readonly Checked[] }): readonly RenderedFile[] {
  const target = (service: Checked): Yaml => ({
    endpoint: `http://\${env:${checkedAddress(service)}:-${service.name}:${service.port.fallback}}/grpc.health.v1.Health/Check`,
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
    validations: [{ contains: '"SERVING"' }],
  });
  const checks: Yaml = {
    receivers: {
      httpcheck: {
        collection_interval: "10s",
        targets: noted(
          "The health check of gRPC, asked in Connect's JSON. The front proxy passes it on to checkout. What only\nwatches, and need not be there, is not asked.",
          services.filter(({ isUntraced, isOptional }) => !isUntraced && !isOptional).map(target),
        ),
        metrics: {
          "httpcheck.validation.failed": noted("A service that says that it cannot serve has a status of 200.", {
            enabled: true,
          }),
        },
      },
    },
    service: { pipelines: { "metrics/measured": { receivers: ["httpcheck"] } } },
  };
  return [
    {
      path: "otel/collector/checks.yaml",
      text: renderYaml(
        checks,
        "Whether every service answers, as seen by the Collector. Rendered from the services' declarations by\n" +
          "`npm run orrery -- render`: change src/deploy/collector.ts, not this file.",
      ),
    },
  ];
}
