/** Lets a loop sleep until there is work: wakes that come while it works are not lost. */
export class WakeSignal {
  #woken = false;
  #resume: (() => void) | undefined;

  wake(): void {
    this.#woken = true;
    this.#resume?.();
  }

  /** Returns at once when woken since the last time, else at the next wake or after `ms` milliseconds. */
  async wait(ms: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#resume = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#resume = undefined;
    }
    this.#woken = false;
  }
}
