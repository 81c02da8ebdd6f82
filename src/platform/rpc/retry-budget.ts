/**
 * Caps retries to a share of the requests of the last while, so that a service that is down is not hit harder than
 * one that is up (the token bucket of Finagle's RetryBudget: each request pays in, each retry draws one).
 */
export class RetryBudget {
  #tokens: number;
  readonly #perRequest: number;
  readonly #capacity: number;

  /**
   * @param options.ratio retries allowed per request in the long run
   * @param options.capacity retries that may come at once
   */
  constructor(options: { readonly ratio: number; readonly capacity: number }) {
    this.#perRequest = options.ratio;
    this.#capacity = options.capacity;
    this.#tokens = options.capacity;
  }

  request(): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + this.#perRequest);
  }

  /** Whether one more retry may be made; if so, it is paid for. */
  tryRetry(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
