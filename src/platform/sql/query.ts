/** What we use of the driver's query: a promise that starts when somebody waits for it. */
export interface Query {
  readonly strings: readonly string[];
  executed: boolean;
  handle(): unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Whether what a call of the driver has made is a query. */
export function isQuery(made: unknown): made is Query {
  return made instanceof Promise && "strings" in made && "handle" in made;
}
