import { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";
import { cartFlags } from "./flags.ts";

export const cart = declareService({
  name: "cart",
  summary: "Keeps each user's shopping cart for 60 minutes after its last change.",
  criticality: "high",
  port: { variable: "CART_PORT", fallback: 7070 },
  address: "CART_ADDR",
  rpc: [CartService],
  calls: [],
  schema: "cart",
  settings: [
    {
      name: "VALKEY_ADDR",
      meaning: "Where carts are kept: `host:port` or `valkey://user:password@host:port`; PostgreSQL unless it is set.",
    },
  ],
  memoryMb: 90,
  flags: cartFlags,
  load: () => import("./server.ts"),
});
