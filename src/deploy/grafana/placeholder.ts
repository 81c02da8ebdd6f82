/** A variable of Grafana's where a link has its value. */
export function placeholder(name: string): string {
  return `\${${name}}`;
}

/** The value of a table's cell. */
export const cell = placeholder("__value.raw");
