import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CartSchema } from "../../../gen/oteldemo/cart_pb.ts";
import type { Valkey } from "../../platform/valkey/valkey.ts";
import { type Cart, emptyCart, timeToLiveMs } from "./cart.ts";
import type { CartStore } from "./store.ts";

// The OpenTelemetry Demo's layout: a hash for each user, by the user's id as it is, with the bytes of a
// `oteldemo.Cart` in the field `cart`. Its probe, a text under the key `cart`, is in nobody's way: what is no hash
// counts as no cart.

/** Sets a cart if it is still what was read; tells whether it was. */
const compareAndSet = `
local isHash = redis.call('TYPE', KEYS[1]).ok == 'hash'
local held = isHash and redis.call('HGET', KEYS[1], 'cart') or ''
if held ~= ARGV[1] then return 0 end
if not isHash then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'cart', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** Sets a cart, unless what is there is none; tells whether it did. */
const setIfCart = `
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return 0 end
redis.call('HSET', KEYS[1], 'cart', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

const timeToLive = String(timeToLiveMs);

/** Carts in Valkey, changed by compare and set: a cart is one value there. */
export function valkeyCartStore(valkey: Valkey): CartStore {
  const run = (script: string, userId: string, ...args: (string | Buffer)[]) =>
    valkey.send(["EVAL", script, "1", userId, ...args]);

  async function bytesOf(userId: string): Promise<Buffer> {
    try {
      const held = await valkey.send(["HGET", userId, "cart"]);
      return Buffer.isBuffer(held) ? held : Buffer.alloc(0);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("WRONGTYPE")) return Buffer.alloc(0);
      throw error;
    }
  }

  return {
    async get(userId) {
      return cartOf(await bytesOf(userId));
    },
    async update(userId, change) {
      for (;;) {
        const before = await bytesOf(userId);
        const outcome = change(cartOf(before));
        if (outcome.kind !== "changed") return outcome;
        if ((await run(compareAndSet, userId, before, bytes(userId, outcome.cart), timeToLive)) === 1) return outcome;
      }
    },
    async clear(userId) {
      await run(setIfCart, userId, bytes(userId, emptyCart), timeToLive);
    },
    isReachable: () => valkey.isReachable(),
  };
}

function bytes(userId: string, { lines }: Cart): Buffer {
  return Buffer.from(toBinary(CartSchema, create(CartSchema, { userId, items: lines.map((line) => ({ ...line })) })));
}

/** Another's cart may hold products of which nothing is wanted. */
function cartOf(stored: Buffer): Cart {
  if (stored.byteLength === 0) return emptyCart;
  const { items } = fromBinary(CartSchema, stored);
  return {
    lines: items.filter(({ quantity }) => quantity > 0).map(({ productId, quantity }) => ({ productId, quantity })),
  };
}
