import type { Engine } from "./engine.ts";
import { envoy } from "./envoy.ts";
import { kafka } from "./kafka.ts";
import { valkey } from "./valkey.ts";

/** All engines that can run natively. */
export const engines: readonly Engine[] = [envoy, kafka, valkey];
