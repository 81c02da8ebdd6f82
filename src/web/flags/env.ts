/** What the server writes into the page; every field may be missing. */
export type Env = {
  /** Where the Observatory is, `/observatory/`, when there is one. */
  readonly OBSERVATORY_URL?: string;
};

declare global {
  interface Window {
    readonly ENV?: Env;
  }
}

export const env: Env = window.ENV ?? {};
