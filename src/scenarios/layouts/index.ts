import { itbench } from "./itbench.ts";
import type { Layout } from "./layout.ts";
import { openrca } from "./openrca.ts";
import { openrca2 } from "./openrca2.ts";
import { orrery } from "./orrery.ts";
import { rcaeval } from "./rcaeval.ts";

/** Every way in which a recording can be written. */
export const layouts: readonly Layout[] = [orrery, rcaeval, openrca, openrca2, itbench];
