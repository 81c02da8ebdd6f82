import type { ISql } from "postgres";

/** The driver's own code. */
export const connectionClosed = "CONNECTION_CLOSED";

/** What the driver itself fails with. */
export function connectionLost(): Error {
  return Object.assign(new Error("The connection was lost."), { code: connectionClosed });
}

/**
 * A statement handed to a connection that postgres.js knows to be closed ends the whole process: it is written to a
 * socket that is no longer there, in a callback of its own
 * (https://github.com/porsager/postgres/blob/v3.4.9/src/connection.js, nextWrite). Transactions and sessions hold on to
 * one connection, so they look first.
 *
 * @throws an error with code CONNECTION_CLOSED, as the driver's own, once `isLost`
 */
export function refusingWhenLost<T extends ISql>(sql: T, isLost: () => boolean): T {
  const check = () => {
    if (isLost()) throw connectionLost();
  };
  return new Proxy(sql, {
    apply(target, self, args) {
      check();
      return Reflect.apply(target as never, self, args);
    },
    get(target, property, receiver) {
      if (property === "unsafe" || property === "savepoint" || property === "file") check();
      return Reflect.get(target, property, receiver);
    },
  });
}
