import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import type { Mail } from "./confirmation.ts";

export type EmailFaults = ReturnType<typeof emailFaults>;

/** Where a process may be larger than the machine can bear, it leaks no further than this, in characters. */
const keptAtMost = 1024 * 1024 * 1024;

/** What the flags of email break. */
export function emailFaults({ flags }: Pick<ServiceContext, "flags">) {
  let kept: string[] = [];
  let characters = 0;
  function forget(): void {
    kept = [];
    characters = 0;
  }
  const unsubscribe = flags.onChange(async () => {
    if ((await flags.value("emailMemoryLeak", 0)) < 1) forget();
  });
  return {
    /** Keeps the mail for ever, as many times over as the flag says. */
    async afterWriting({ html, text }: Mail): Promise<void> {
      const times = await flags.value("emailMemoryLeak", 0);
      if (times < 1 || characters > keptAtMost) return;
      const content = html + text;
      // Joined, it is one sequence in the heap; `repeat` would share a few pieces.
      kept.push(new Array<string>(times).fill(content).join(""));
      characters += times * content.length;
    },
    stop(): void {
      unsubscribe();
      forget();
    },
  };
}
