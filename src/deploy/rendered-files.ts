import { shopObjectives } from "../observatory/objectives/shop-objectives.ts";
import { flagDocument, flagDocumentText } from "../platform/flags/flag-document.ts";
import { scenarioSchemaFiles } from "../scenarios/schema-files.ts";
import { flags } from "../services/flags.ts";
import { services } from "../services/index.ts";
import { alertmanagerFiles } from "./alertmanager.ts";
import { collectorFiles } from "./collector.ts";
import { composeFiles } from "./compose/compose-files.ts";
import { envoyConfiguration } from "./envoy/configuration.ts";
import { grafanaFiles } from "./grafana/grafana.ts";
import { prometheusFiles } from "./prometheus.ts";
import type { RenderedFile } from "./rendered-file.ts";
import { renderYaml } from "./yaml.ts";

/** Every file that `orrery render` writes, for a version of the shop. */
export function renderedFiles(version: string): readonly RenderedFile[] {
  return [
    {
      path: "otel/envoy/envoy.yaml",
      text: renderYaml(
        envoyConfiguration({ services, version }),
        "The front proxy of the mesh. Rendered from the services' declarations and src/edge/routes.ts by\n" +
          "`npm run orrery -- render`: change those, not this file. docs/deployment.md tells what it does.",
      ),
    },
    ...prometheusFiles({ services, objectives: shopObjectives }),
    ...alertmanagerFiles(),
    ...collectorFiles({ services }),
    ...grafanaFiles(),
    ...composeFiles(services, version),
    { path: "otel/flagd/demo.flagd.json", text: flagDocumentText(flagDocument(flags)) },
    ...scenarioSchemaFiles(),
  ];
}
