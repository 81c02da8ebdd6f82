/** What the server writes into the page; every field may be missing. */
export type Env = {
  /** Where the shop runs, shown in a corner of the footer (`ENV_PLATFORM`). */
  readonly NEXT_PUBLIC_PLATFORM?: string;
};

declare global {
  interface Window {
    readonly ENV?: Env;
  }
}

export const env: Env = window.ENV ?? {};
