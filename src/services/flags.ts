import type { FlagDeclaration } from "../platform/flags/flag.ts";
import { services } from "./index.ts";

/** Every flag that there is. */
export const flags: readonly FlagDeclaration[] = services.flatMap((service) => service.flags ?? []);
