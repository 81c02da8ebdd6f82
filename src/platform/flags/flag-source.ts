import type { FlagFile } from "./flag-file.ts";
import { type FlagNames, plainNames } from "./flag-names.ts";
import { FlagSet } from "./flag-set.ts";

/** Where the flags of a process come from. */
export interface FlagSource {
  /** As services evaluate them, by the names that they declare. */
  readonly set: FlagSet;
  /** The file behind them, by the names outside; undefined where another process has it. */
  readonly file?: FlagFile;
  readonly names: FlagNames;
  close(): Promise<void>;
}

/** The flags of a file, by the names that are declared. */
export function sourceOfFile(file: FlagFile): FlagSource {
  return { set: file.set, file, names: plainNames, close: () => file.close() };
}

/** A source whose definitions come by other names than services know. This is where flags change their names. */
export function renamedSource(source: FlagSource, names: FlagNames): FlagSource {
  const set = new FlagSet();
  const rename = () => set.replace(names.inside(source.set.document));
  const unsubscribe = source.set.onChange(rename);
  rename();
  return {
    ...source,
    set,
    names,
    async close() {
      unsubscribe();
      await source.close();
    },
  };
}
