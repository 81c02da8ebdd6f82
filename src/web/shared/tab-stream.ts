import { ConnectError } from "@connectrpc/connect";

const firstRetryMs = 500;
/** The server says something at least every 10 s. */
const silenceMs = 25_000;

interface TabStreamOptions<Message> {
  readonly open: (signal: AbortSignal) => AsyncIterable<Message>;
  readonly take: (message: Message) => void;
  /** Told why, unless the server ended it, and when it is tried again, in milliseconds since 1970. */
  readonly lost: (failure: ConnectError | undefined, retryAt: number) => void;
  readonly longestRetryMs: number;
}

/**
 * One stream for a whole tab: open while somebody looks at what it tells, and opened again after it was lost, later after
 * each failure, and not for all tabs equally late.
 */
export class TabStream<Message> {
  readonly #options: TabStreamOptions<Message>;
  readonly #listeners = new Set<() => void>();
  #current: AbortController | undefined;
  #isLost = false;
  #failures = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TabStreamOptions<Message>) {
    this.#options = options;
    // A laptop that wakes up, or a network that is back, need not wait for the next try.
    window.addEventListener("online", () => {
      if (this.#isLost) this.restart();
    });
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  };

  /** Tells those who look that something has changed. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Opens it anew, if anybody looks. */
  restart(): void {
    if (this.#listeners.size > 0) this.#open();
  }

  #open(): void {
    this.#close();
    this.#current = new AbortController();
    void this.#run(this.#current);
  }

  #close(): void {
    clearTimeout(this.#retryTimer);
    this.#isLost = false;
    const former = this.#current;
    this.#current = undefined;
    former?.abort();
  }

  async #run(current: AbortController): Promise<void> {
    let silence: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => current.abort(new Error("The server says nothing any more.")), silenceMs);
    };
    let failure: ConnectError | undefined;
    try {
      listen();
      for await (const message of this.#options.open(current.signal)) {
        if (this.#current !== current) return;
        listen();
        this.#failures = 0;
        this.#options.take(message);
      }
    } catch (error) {
      failure = ConnectError.from(error);
    } finally {
      clearTimeout(silence);
    }
    if (this.#current === current) this.#lose(failure);
  }

  #lose(failure: ConnectError | undefined): void {
    const { longestRetryMs, lost } = this.#options;
    const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** this.#failures) * (0.5 + Math.random() / 2);
    this.#failures++;
    this.#isLost = true;
    this.#retryTimer = setTimeout(() => this.restart(), wait);
    lost(failure, Date.now() + wait);
  }
}
