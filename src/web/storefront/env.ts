/** What the server writes into the page; every field may be missing. */
export type Env = {
  /** Where the shop runs, shown in a corner of the footer (`ENV_PLATFORM`). */
  readonly NEXT_PUBLIC_PLATFORM?: string;
  /** The browser's service name, `frontend-web`. */
  readonly NEXT_PUBLIC_OTEL_SERVICE_NAME?: string;
  /** Where the browser sends its telemetry; without it, nowhere. */
  readonly NEXT_PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string;
  /** Where the Observatory is, `/observatory/`, when there is one. */
  readonly ORRERY_OBSERVATORY_URL?: string;
  /** `true` where flags have other names than the pages know. */
  readonly ORRERY_HIDES_FLAGS?: string;
  /** `true` for browsers of a load generator. */
  readonly IS_SYNTHETIC_REQUEST?: string;
};

declare global {
  interface Window {
    readonly ENV?: Env;
  }
}

export const env: Env = window.ENV ?? {};
