import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  address,
  brokers,
  ConfigError,
  choice,
  databaseAddress,
  flag,
  integer,
  port,
  text,
  valkeyAddress,
} from "./environment.ts";

const parsers = {
  text: (value: string | undefined) => text({ X: value }, "X"),
  integer: (value: string | undefined) => integer({ X: value }, "X", { fallback: 7, min: -5, max: 10 }),
  port: (value: string | undefined) => port({ X: value }, "X", 8080),
  choice: (value: string | undefined) => choice({ X: value }, "X", { fallback: "info", of: ["info", "warn"] }),
  flag: (value: string | undefined) => flag({ X: value }, "X", true),
  address: (value: string | undefined) => address({ X: value }, "X"),
  database: (value: string | undefined) => databaseAddress({ X: value }, "X"),
  valkey: (value: string | undefined) => valkeyAddress({ X: value }, "X"),
  brokers: (value: string | undefined) => brokers({ X: value }, "X"),
};

describe.each([
  ["text", undefined],
  ["integer", 7],
  ["port", 8080],
  ["choice", "info"],
  ["flag", true],
  ["address", undefined],
  ["database", undefined],
  ["valkey", undefined],
  ["brokers", undefined],
] as const)("%s", (name, fallback) => {
  test.each([undefined, "", "  ", "\t\n"])("is not set when the variable is %j", (value) => {
    expect(parsers[name](value)).toBe(fallback);
  });
});

test.each([
  ["text", " a b ", "a b"],
  ["integer", "10", 10],
  ["integer", "-5", -5],
  ["integer", " 007 ", 7],
  ["port", "0", 0],
  ["port", "65535", 65_535],
  ["choice", " warn", "warn"],
  ["flag", "TRUE", true],
  ["flag", "yes", true],
  ["flag", "on", true],
  ["flag", "1", true],
  ["flag", "false", false],
  ["flag", "No", false],
  ["flag", "off", false],
  ["flag", "0", false],
  ["address", "cart:7070", { kind: "rpc", origins: ["http://cart:7070"] }],
  ["address", "cart:80", { kind: "rpc", origins: ["http://cart"] }],
  ["address", "cart-0:7070, cart-1:7070", { kind: "rpc", origins: ["http://cart-0:7070", "http://cart-1:7070"] }],
  ["address", "127.0.0.1:1", { kind: "rpc", origins: ["http://127.0.0.1:1"] }],
  ["address", "[::1]:7070", { kind: "rpc", origins: ["http://[::1]:7070"] }],
  ["address", "http://shipping:50050", { kind: "http", origin: "http://shipping:50050" }],
  ["address", "http://shipping:50050/", { kind: "http", origin: "http://shipping:50050" }],
  ["address", "HTTPS://shipping", { kind: "http", origin: "https://shipping" }],
  ["brokers", "kafka:9092", ["kafka:9092"]],
  ["brokers", "Kafka-1:9092, 10.0.0.2:9092,[::1]:9093", ["Kafka-1:9092", "10.0.0.2:9092", "[::1]:9093"]],
] as const)("%s takes %j", (name, value, parsed) => {
  expect(parsers[name](value)).toEqual(parsed);
});

test.each([
  ["integer", "11", "a whole number from -5 to 10"],
  ["integer", "-6", "a whole number from -5 to 10"],
  ["integer", "1.5", "a whole number from -5 to 10"],
  ["integer", "1e1", "a whole number from -5 to 10"],
  ["integer", "0x1", "a whole number from -5 to 10"],
  ["integer", "five", "a whole number from -5 to 10"],
  ["port", "65536", "a whole number from 0 to 65535"],
  ["port", "-1", "a whole number from 0 to 65535"],
  ["choice", "WARN", "one of info, warn"],
  ["choice", "constructor", "one of info, warn"],
  ["flag", "maybe", "true or false"],
  ["flag", "2", "true or false"],
  ...[
    "cart",
    ":7070",
    "cart:",
    "cart:0",
    "cart:99999",
    "cart:http",
    "cart:7070/path",
    "cart:7070?x=1",
    "cart:7070#x",
    "http://cart:7070/api",
    "ftp://cart:21",
    "http://",
    "a b:80",
  ].map(
    (value) => ["address", value, "host:port, several with commas between, or a URL like http://host:port"] as const,
  ),
  ...["kafka", "kafka:", "kafka:0", "kafka:99999", "kafka://kafka:9092", "a:1,b", "a:1,", "a b:1", "a:1/x"].map(
    (value) => ["brokers", value, "host:port, or several with commas between"] as const,
  ),
] as const)("%s refuses %j, naming the variable, the value and what is allowed", (name, value, allowed) => {
  expect(() => parsers[name](value)).toThrow(new ConfigError(`X=${value} is not valid: it takes ${allowed}.`));
});

describe("the address of a Valkey server", () => {
  const base = { host: "valkey-cart", port: 6379, isEncrypted: false };
  test.each([
    ["valkey-cart:6379", base],
    ["[::1]:6380", { ...base, host: "::1", port: 6380 }],
    ["valkey://valkey-cart", base],
    ["redis://:p%40ss@valkey-cart:6379/", { ...base, password: "p@ss" }],
    ["valkeys://carts:pass@valkey-cart", { ...base, username: "carts", password: "pass", isEncrypted: true }],
    ["rediss://valkey-cart:6380", { ...base, port: 6380, isEncrypted: true }],
  ])("is read from %s", (value, parsed) => {
    expect(parsers.valkey(value)).toEqual(parsed);
  });

  test.each([
    ["valkey-cart", "valkey-cart"],
    ["valkey-cart:0", "valkey-cart:0"],
    [":6379", ":6379"],
    ["http://valkey-cart:6379", "http://valkey-cart:6379"],
    ["user:hunter2@valkey-cart:6379", "***@valkey-cart:6379"],
    ["valkey://:hun%zz@valkey-cart", "valkey://***@valkey-cart"],
    ["valkey://:hunter2@valkey-cart/1", "valkey://***@valkey-cart/1"],
  ])("is refused in %s, without telling a password", (value, shown) => {
    expect(() => parsers.valkey(value)).toThrow(
      new ConfigError(`X=${shown} is not valid: it takes host:port or valkey://user:password@host:port.`),
    );
  });
});

test("a password among brokers is not shown", () => {
  expect(() => parsers.brokers("user:secret@kafka:9092")).toThrow(/^X=\*\*\*@kafka:9092 is not valid/);
});

describe("a database's address", () => {
  const base = { host: "db", port: 5432, database: "astronomy_db", username: "shop" };
  test.each([
    ["postgres://shop@db/astronomy_db", base],
    ["postgresql://shop:otel@db:5433/astronomy_db?sslmode=disable", { ...base, port: 5433, password: "otel" }],
    ["postgres://shop:p%40ss%2Fword@db/astronomy_db", { ...base, password: "p@ss/word" }],
    ["postgres://shop@[::1]/astronomy_db", { ...base, host: "::1" }],
    ["postgres://shop@/astronomy_db?host=/run/postgresql", { ...base, host: "/run/postgresql" }],
    ["postgres://shop@db/astronomy_db?sslmode=require", { ...base, ssl: "require" }],
    ["postgres://shop@db/astronomy_db?sslmode=verify-ca", { ...base, ssl: "verify-full" }],
    ["Host=db;Username=shop;Password=otel;Database=astronomy_db", { ...base, password: "otel" }],
    [
      "host = db; User Id = shop; pwd = a=b ; database = astronomy_db; Port = 5433;",
      { ...base, port: 5433, password: "a=b" },
    ],
    ["Server=db;User=shop;Database=astronomy_db;SSL Mode=VerifyFull", { ...base, ssl: "verify-full" }],
  ])("is read from %s", (value, parsed) => {
    expect(parsers.database(value)).toEqual(parsed);
  });

  test.each([
    ["postgres://db/astronomy_db", "X=postgres://db/astronomy_db is not valid: it takes postgres://user:password@"],
    ["postgres://shop:hunter2@db", "X=postgres://***@db is not valid"],
    ["postgres://shop:hunter2@db:http/x", "X=postgres://***@db:http/x is not valid"],
    ["postgres://shop:hunter2@/astronomy_db", "X=postgres://***@/astronomy_db is not valid"],
    ["postgres://shop:%zz@db/astronomy_db", "X=postgres://***@db/astronomy_db is not valid"],
    ["postgres://shop:hun/ter2@db/astronomy_db", "X=postgres://***@db/astronomy_db is not valid"],
    ["Host=db;Username=shop;Password=hunter2", "X=host=db;username=shop;… is not valid"],
    ["Host=;Username=shop;Password=hunter2;Database=x", "X=host=;database=x;username=shop;… is not valid"],
    ["Host=db;Port=0;Username=shop;Password=hunter2;Database=x", "X=host=db;port=0;"],
    ["Host=db;Port=http;Username=shop;Secret=hunter2;Database=x", "X=host=db;port=http;"],
    ["hunter2", "X=*** is not valid"],
    ["postgres://shop:hunter2@db/x?sslmode=maybe", "sslmode in X=maybe is not valid: it takes disable, allow,"],
  ])("is refused for %s", (value, message) => {
    const parse = () => parsers.database(value);
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow(/hunter2|hun\/ter2|ter2/);
  });

  test("never shows a password, whatever it is made of", () => {
    const passwords = fc
      .string({ minLength: 6, maxLength: 20 })
      .filter((password) => !/^[\s;]|[\s;]$|;/.test(password));
    fc.assert(
      fc.property(passwords, (secret) => {
        const password = `s3cr3t${secret}`;
        const encoded = encodeURIComponent(password.toWellFormed());
        for (const value of [
          `postgres://shop:${encoded}@db`,
          `postgres://shop:${password}@db`,
          `http://shop:${password}@db`,
          `Host=db;Username=shop;Password=${password}`,
          `Host=db;Username=shop;PSW=${password}`,
        ]) {
          for (const parse of [parsers.database, parsers.address]) {
            if (parse === parsers.address && value.startsWith("Host")) continue;
            try {
              parse(value);
            } catch (error) {
              expect(error).toBeInstanceOf(ConfigError);
              expect(String(error)).not.toContain("s3cr3t");
            }
          }
        }
      }),
    );
  });
});

test("whatever a variable holds, a parser gives a value or a ConfigError", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.string({ unit: "binary" })), (value) => {
      for (const parse of Object.values(parsers)) {
        try {
          parse(value);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }
    }),
  );
});
