import type { Engine } from "./engine.ts";
import { envoy } from "./envoy.ts";
import { kafka } from "./kafka.ts";

/** All engines that can run natively. */
export const engines: readonly Engine[] = [envoy, kafka];
