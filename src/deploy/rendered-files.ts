import { services } from "../services/index.ts";
import { envoyConfiguration } from "./envoy/configuration.ts";
import { renderYaml } from "./yaml.ts";

/** A committed file that is rendered from the declarations. */
export interface RenderedFile {
  /** Below the repository's root. */
  readonly path: string;
  readonly content: string;
}

/** Every file that `orrery render` writes, for a version of the shop. */
export function renderedFiles(version: string): readonly RenderedFile[] {
  return [
    {
      path: "otel/envoy/envoy.yaml",
      content: renderYaml(
        envoyConfiguration({ services, version }),
        "The front proxy of the mesh. Rendered from the services' declarations and src/edge/routes.ts by\n" +
          "`npm run orrery -- render`: change those, not this file. docs/deployment.md tells what it does.",
      ),
    },
  ];
}
