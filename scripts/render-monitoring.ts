// Writes what Prometheus and Alertmanager are started with into a folder, for Alertmanager to tell people by the
// variables that otel/alertmanager/receivers.env lists:
//   .toolchain/bin/node --env-file=my-receivers.env scripts/render-monitoring.ts <folder>
import { alertmanagerFiles, alertReceivers } from "../src/deploy/alertmanager.ts";
import { prometheusFiles } from "../src/deploy/prometheus.ts";
import { writeRenderedFiles } from "../src/deploy/write-rendered-files.ts";
import { shopObjectives } from "../src/observatory/objectives/shop-objectives.ts";
import { ConfigError } from "../src/platform/config/environment.ts";
import { services } from "../src/services/index.ts";

const [folder] = process.argv.slice(2);
try {
  // The files of the repository have no keys in them.
  if (folder === undefined) throw new ConfigError("Name the folder to write to.");
  const files = [
    ...prometheusFiles({ services, objectives: shopObjectives }),
    ...alertmanagerFiles({ receivers: alertReceivers(process.env) }),
  ];
  // The keys are for nobody else on the machine.
  const written = await writeRenderedFiles(folder, files, { mode: 0o600 });
  console.log(written.join("\n"));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
