import type { FlagDeclaration } from "../flags/flag.ts";
import type { FlagSet } from "../flags/flag-set.ts";
import type { ServiceDeclaration } from "./service.ts";

/** A flag that needs a process for its service alone. */
interface OwnProcessFlag {
  readonly key: string;
  readonly flag: FlagDeclaration;
  readonly heapMb: number;
}

/** The flags of a service whose faults take the whole process with them. */
export function ownProcessFlags({ flags = [] }: ServiceDeclaration): readonly OwnProcessFlag[] {
  return flags.flatMap((flag) => {
    const heapMb = flag.fault?.needsOwnProcess?.heapMb;
    return heapMb === undefined ? [] : [{ key: flag.key, flag, heapMb }];
  });
}

/** Whether any of them is not at rest. */
export function wantsOwnProcess(service: ServiceDeclaration, set: FlagSet): boolean {
  return ownProcessFlags(service).some(({ key, flag }) => {
    const resting = flag.variants[flag.resting];
    return resting !== undefined && !set.isAtRest(key, resting);
  });
}
