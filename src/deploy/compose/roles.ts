import type { ServiceDeclaration } from "../../platform/lifecycle/service.ts";

/** A role of PostgreSQL, the schemas that are its own, and the variable of its password. */
export interface Role {
  readonly name: string;
  readonly variable: string;
  readonly schemas: readonly string[];
}

/** Those who watch the server: they see its figures, and no table. */
export const monitoring = { name: "monitoring_user", variable: "POSTGRES_MONITORING_PASSWORD" };

/** A role for each schema, so that no service can read what is another's. */
export function rolesOf(services: readonly ServiceDeclaration[]): readonly Role[] {
  return services.flatMap(({ schema }) =>
    schema === undefined ? [] : [{ name: schema, variable: `${schema.toUpperCase()}_DB_PASSWORD`, schemas: [schema] }],
  );
}

/** What a new server is made ready with: psql reads it, and the passwords from its environment. */
export function rolesSql(roles: readonly Role[]): string {
  const statements = roles.flatMap(({ name, variable, schemas }) => [
    `\\getenv password ${variable}`,
    `create role ${name} login password :'password';`,
    `grant connect, temporary on database astronomy_db to ${name};`,
    ...schemas.map((schema) => `create schema ${schema} authorization ${name};`),
    "",
  ]);
  return `${[
    "-- Rendered from src/deploy/compose/roles.ts and the services' declarations: change those. PostgreSQL runs it once, when",
    "-- its data folder is made.",
    "",
    "\\set ON_ERROR_STOP on",
    "revoke all on database astronomy_db from public;",
    "revoke all on schema public from public;",
    "grant usage on schema public to public;",
    "create extension pg_trgm with schema public;",
    "",
    ...statements,
    `\\getenv password ${monitoring.variable}`,
    `create role ${monitoring.name} login password :'password' connection limit 10;`,
    `grant connect on database astronomy_db to ${monitoring.name};`,
    `grant pg_monitor to ${monitoring.name};`,
  ].join("\n")}\n`;
}
