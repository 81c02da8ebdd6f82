import type { FlagDocument } from "../platform/flags/flag-document.ts";
import { flagDocumentText } from "../platform/flags/flag-document.ts";
import type { FlagFile, FlagWriter } from "../platform/flags/flag-file.ts";
import type { FlagNames } from "../platform/flags/flag-names.ts";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";

type Definitions = Readonly<Record<string, FlagDocument["flags"][string] | undefined>>;

/** Of a service, so many changes can be taken back. */
const maxKept = 100;

/** How the flags that act in each service were before they were changed, since this began to watch. */
export class ConfigurationHistory {
  readonly #file: FlagFile;
  readonly #keys: ReadonlyMap<string, readonly string[]>;
  /** By service, the oldest first. */
  readonly #changes = new Map<string, Definitions[]>();
  readonly #unsubscribe: () => void;
  #known: FlagDocument;
  /** What a roll-back writes, as text: no change to be taken back in turn. */
  #restoring: string | undefined;

  constructor(
    file: FlagFile,
    options: { readonly services: readonly ServiceDeclaration[]; readonly flagNames: FlagNames },
  ) {
    const { services, flagNames } = options;
    this.#file = file;
    this.#keys = new Map(
      services.map(({ name, flags = [] }) => [
        name,
        flags.map(({ key, resting }) => flagNames.setting(key, resting).key),
      ]),
    );
    this.#known = file.set.document;
    this.#unsubscribe = file.set.onChange(() => this.#see(file.set.document));
  }

  /** Whether there is a change of a service's flags that can be taken back. */
  has(service: string): boolean {
    return (this.#changes.get(service) ?? []).length > 0;
  }

  /** Takes the last change of a service's flags back; the keys of those that are as before. */
  async rollBack(service: string, by: FlagWriter): Promise<readonly string[]> {
    const before = this.#changes.get(service)?.pop();
    if (before === undefined) return [];
    const written = await this.#file.update(
      (document) => {
        const flags = Object.fromEntries(
          Object.entries({ ...document.flags, ...before }).flatMap(([key, flag]) =>
            flag === undefined ? [] : [[key, flag]],
          ),
        );
        const restored = { ...document, flags };
        this.#restoring = flagDocumentText(restored);
        return restored;
      },
      { by },
    );
    this.#restoring = undefined;
    if (written.kind !== "written") throw new Error("The file of flags is broken: nothing can be written to it.");
    return Object.keys(before);
  }

  close(): void {
    this.#unsubscribe();
  }

  #see(document: FlagDocument): void {
    const before = this.#known;
    this.#known = document;
    if (this.#restoring === flagDocumentText(document)) return;
    for (const [service, keys] of this.#keys) {
      const changed = keys.filter((key) => !isSame(before.flags[key], document.flags[key]));
      if (changed.length === 0) continue;
      const changes = this.#changes.get(service) ?? [];
      changes.push(Object.fromEntries(changed.map((key) => [key, before.flags[key]])));
      this.#changes.set(service, changes.slice(-maxKept));
    }
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
