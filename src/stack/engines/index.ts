import { alertmanager } from "./alertmanager.ts";
import { collector } from "./collector.ts";
import type { Engine } from "./engine.ts";
import { envoy } from "./envoy.ts";
import { jaeger } from "./jaeger.ts";
import { kafka } from "./kafka.ts";
import { loki } from "./loki.ts";
import { prometheus } from "./prometheus.ts";
import { valkey } from "./valkey.ts";

/** All engines that can run natively. */
export const engines: readonly Engine[] = [envoy, kafka, valkey, collector, jaeger, loki, prometheus, alertmanager];
