import type { Dashboard } from "./dashboard.ts";
import { browsers } from "./dashboards/browser.ts";
import { business } from "./dashboards/business.ts";
import { collector } from "./dashboards/collector.ts";
import { envoy } from "./dashboards/envoy.ts";
import { events } from "./dashboards/events.ts";
import { flagsAndFaults } from "./dashboards/flags.ts";
import { kafka } from "./dashboards/kafka.ts";
import { load } from "./dashboards/load.ts";
import { objectives } from "./dashboards/objectives.ts";
import { orders } from "./dashboards/orders.ts";
import { overview } from "./dashboards/overview.ts";
import { postgresql } from "./dashboards/postgresql.ts";
import { runbooks } from "./dashboards/runbooks.ts";
import { service } from "./dashboards/service.ts";
import { telemetry } from "./dashboards/telemetry.ts";
import { valkey } from "./dashboards/valkey.ts";

/** All dashboards, the first of which greets whoever opens Grafana. */
export const dashboards: readonly Dashboard[] = [
  overview,
  service,
  objectives,
  flagsAndFaults,
  load,
  business,
  orders,
  browsers,
  events,
  envoy,
  kafka,
  postgresql,
  valkey,
  collector,
  telemetry,
  runbooks,
];
