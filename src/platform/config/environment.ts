/** Environment variables as a process was started with them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that stops the start: one line that names the variable, its value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * The value of a variable, trimmed; an empty one counts as not set.
 */
export function text(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === "" ? undefined : value;
}

function wrong(name: string, value: string, allowed: string): ConfigError {
  return new ConfigError(`${name}=${value} is not valid: it takes ${allowed}.`);
}

/** A TCP port, 0 to 65535; 0 asks the system for a free one. */
export function port(environment: Environment, name: string, fallback: number): number {
  return integer(environment, name, { fallback, min: 0, max: 65_535 });
}

/** A whole number within bounds. */
export function integer(
  environment: Environment,
  name: string,
  options: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  const value = text(environment, name);
  if (value === undefined) return options.fallback;
  const parsed = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(parsed >= options.min && parsed <= options.max)) {
    throw wrong(name, value, `a whole number from ${options.min} to ${options.max}`);
  }
  return parsed;
}

/** One of a few words. */
export function choice<const T extends string>(
  environment: Environment,
  name: string,
  options: { readonly fallback: T; readonly of: readonly T[] },
): T {
  const value = text(environment, name);
  if (value === undefined) return options.fallback;
  const found = options.of.find((word) => word === value);
  if (found === undefined) throw wrong(name, value, `one of ${options.of.join(", ")}`);
  return found;
}

/** Yes or no. */
export function flag(environment: Environment, name: string, fallback: boolean): boolean {
  const value = text(environment, name)?.toLowerCase();
  if (value === undefined) return fallback;
  if (["true", "1", "yes", "on"].includes(value)) return true;
  if (["false", "0", "no", "off"].includes(value)) return false;
  throw wrong(name, value, "true or false");
}

/** Where a service is reached. */
export type Address =
  /** `cart:7070`: RPC over HTTP/2 clear text; several with commas between are replicas. */
  | { readonly kind: "rpc"; readonly origins: readonly [string, ...string[]] }
  /** `http://shipping:50050`: the JSON that the OpenTelemetry Demo speaks to this service. */
  | { readonly kind: "http"; readonly origin: string };

/** `host:port`, of one replica or several with commas between, or a URL with the scheme http or https. */
export function address(environment: Environment, name: string): Address | undefined {
  const value = text(environment, name);
  if (value === undefined) return undefined;
  const withScheme = /^https?:\/\//i.test(value);
  const origins = (withScheme ? [value] : value.split(",")).map((part) => {
    const each = part.trim();
    const parsed = URL.parse(withScheme ? each : `http://${each}`);
    // A URL drops the port that is its scheme's own.
    const hasPort = parsed?.port !== "" || /:0*80$/.test(each);
    const isPlain = parsed !== null && parsed.href === `${parsed.origin}/` && !/[?#]/.test(each);
    if (!isPlain || parsed.port === "0" || !(withScheme || hasPort)) {
      throw wrong(
        name,
        withoutPassword(value),
        "host:port, several with commas between, or a URL like http://host:port",
      );
    }
    return parsed.origin;
  });
  const [origin = "", ...others] = origins;
  return withScheme ? { kind: "http", origin } : { kind: "rpc", origins: [origin, ...others] };
}

/** The brokers of a cluster: `host:port`, or several with commas between. */
export function brokers(environment: Environment, name: string): readonly string[] | undefined {
  const value = text(environment, name);
  if (value === undefined) return undefined;
  const found = value.split(",").map((broker) => broker.trim());
  for (const broker of found) {
    const parsed = URL.parse(`kafka://${broker}`);
    if (parsed?.host !== broker || parsed.port === "" || parsed.port === "0") {
      throw wrong(name, withoutPassword(value), "host:port, or several with commas between");
    }
  }
  return found;
}

/** A value as it may be shown: what stands between a scheme, or the beginning, and an @ may be a password. */
export function withoutPassword(value: string): string {
  return value.replace(/^([a-z]+:\/\/)?.*@/is, "$1***@");
}

/** How to reach a Valkey server. */
export interface ValkeyAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly isEncrypted: boolean;
}

/** `valkey-cart:6379`, as in the OpenTelemetry Demo, or `valkey://user:password@host:port`; `valkeys:` is encrypted. */
export function valkeyAddress(environment: Environment, name: string): ValkeyAddress | undefined {
  const value = text(environment, name);
  if (value === undefined) return undefined;
  const refuse = () => wrong(name, withoutPassword(value), "host:port or valkey://user:password@host:port");
  const withScheme = /^(valkey|redis)(s?):\/\//i.exec(value);
  const url = URL.parse(withScheme === null ? `valkey://${value}` : value);
  const isPlain = url !== null && /^\/?$/.test(url.pathname) && url.search === "" && url.hash === "";
  const isComplete = withScheme !== null || (url?.port !== "" && url?.username === "" && url.password === "");
  if (!isPlain || !isComplete || url.hostname === "" || url.port === "0") throw refuse();
  try {
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? 6379 : Number(url.port),
      isEncrypted: withScheme?.[2] !== undefined && withScheme[2] !== "",
      ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
      ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
    };
  } catch {
    throw refuse();
  }
}

/** How to reach a PostgreSQL database. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password?: string;
  readonly ssl?: "require" | "prefer" | "allow" | "verify-full";
}

const databaseForms = "postgres://user:password@host:port/database or Host=…;Username=…;Password=…;Database=…";

/**
 * A PostgreSQL connection string: a URL (`postgres://user:password@host/db?sslmode=disable`), or key and value pairs
 * (`Host=h;Username=u;Password=p;Database=d`), the two forms that the OpenTelemetry Demo uses.
 */
export function databaseAddress(environment: Environment, name: string): DatabaseAddress | undefined {
  const value = text(environment, name);
  if (value === undefined) return undefined;
  return /^postgres(ql)?:\/\//i.test(value) ? fromUrl(name, value) : fromPairs(name, value);
}

function fromUrl(name: string, value: string): DatabaseAddress {
  const shown = withoutPassword(value).replace(/\?.*$/s, "");
  // libpq's form for a socket, postgres://user@/database?host=/folder, is no URL by itself.
  const url = URL.parse(/[?&]host=/.test(value) ? value.replace("@/", "@localhost/") : value);
  if (url === null) throw wrong(name, shown, databaseForms);
  let decoded: { database: string; username: string; password: string };
  try {
    decoded = {
      database: decodeURIComponent(url.pathname.slice(1)),
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    };
  } catch {
    throw wrong(name, shown, `${databaseForms}, other characters than letters and digits written like %40`);
  }
  const { database, username, password } = decoded;
  const host = url.searchParams.get("host") ?? url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? 5432 : Number(url.port);
  if (host === "" || database === "" || username === "" || port === 0) throw wrong(name, shown, databaseForms);
  return {
    host,
    port,
    database,
    username,
    ...(password === "" ? {} : { password }),
    ...sslMode(name, url.searchParams.get("sslmode") ?? undefined),
  };
}

/** What may be shown of key and value pairs: keys that are not known may be passwords by another name. */
const shownKeys = ["host", "server", "port", "database", "username", "userid", "user", "sslmode"];

function fromPairs(name: string, value: string): DatabaseAddress {
  const pairs = new Map<string, string>();
  for (const pair of value.split(";")) {
    const at = pair.indexOf("=");
    if (at > 0) pairs.set(pair.slice(0, at).trim().toLowerCase().replaceAll(" ", ""), pair.slice(at + 1).trim());
  }
  const host = pairs.get("host") ?? pairs.get("server");
  const database = pairs.get("database");
  const username = pairs.get("username") ?? pairs.get("userid") ?? pairs.get("user");
  const port = Number(pairs.get("port") ?? "5432");
  const isPort = Number.isInteger(port) && port > 0 && port <= 65_535;
  if (!host || !database || !username || !isPort) {
    const known = shownKeys.flatMap((key) => (pairs.has(key) ? [`${key}=${pairs.get(key)}`] : []));
    throw wrong(name, known.length === 0 ? "***" : [...known, "…"].join(";"), databaseForms);
  }
  const password = pairs.get("password") ?? pairs.get("pwd");
  return {
    host,
    port,
    database,
    username,
    ...(password ? { password } : {}),
    ...sslMode(name, pairs.get("sslmode")),
  };
}

function sslMode(name: string, mode: string | undefined): Pick<DatabaseAddress, "ssl"> {
  switch (mode?.toLowerCase()) {
    case undefined:
    case "disable":
      return {};
    case "allow":
    case "prefer":
    case "require":
      return { ssl: mode.toLowerCase() as "allow" | "prefer" | "require" };
    case "verify-full":
    case "verifyfull":
    case "verify-ca":
    case "verifyca":
      return { ssl: "verify-full" };
    default:
      throw wrong(`sslmode in ${name}`, String(mode), "disable, allow, prefer, require or verify-full");
  }
}
