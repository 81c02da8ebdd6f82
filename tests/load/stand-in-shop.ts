import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request as the shop sees it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers instead of the stand-in; undefined leaves it to that. */
export type Instead = (
  seen: Seen,
  response: ServerResponse,
) => { readonly status?: number; readonly type?: string; readonly body: string } | "unanswered" | undefined;

/** Something that answers what the load generator asks as a shop would, and remembers it. */
export class StandInShop {
  readonly seen: Seen[] = [];
  readonly url: URL;

  private constructor(url: URL) {
    this.url = url;
  }

  /** @param delayMs how long the next answer takes, in milliseconds */
  static async open(instead: Instead = () => undefined, port = 0, delayMs?: () => number): Promise<StandInShop> {
    const carts = new Map<string, string[]>();
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const { method = "", url = "", headers } = request;
        const seen = { method, url, headers, body };
        shop.seen.push(seen);
        const answer = instead(seen, response) ?? usual(seen, carts);
        if (answer === "unanswered") return;
        response.statusCode = answer.status ?? 200;
        response.setHeader("content-type", answer.type ?? "application/json");
        if (delayMs === undefined) response.end(answer.body);
        else setTimeout(() => response.end(answer.body), delayMs());
      });
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const shop = new StandInShop(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return shop;
  }
}

function usual(
  { method, url, body }: Seen,
  carts: Map<string, string[]>,
): { readonly status?: number; readonly type?: string; readonly body: string } {
  const [path = "", query] = url.split("?", 2);
  const json = (value: unknown) => ({ body: JSON.stringify(value) });
  const product = (id: string) => ({ id, priceUsd: { currencyCode: "USD", units: 1, nanos: 0 } });
  if (path === "/") return { type: "text/html; charset=utf-8", body: "<!doctype html><html></html>" };
  if (path === "/api/recommendations") return json([product("1")]);
  if (path === "/api/data") return json([{ redirectUrl: "/product/1", text: "Buy" }]);
  if (path.startsWith("/api/products/")) return json(product(path.slice("/api/products/".length)));
  if (method === "GET") return json({ userId: new URLSearchParams(query).get("sessionId"), items: [] });
  const sent = JSON.parse(body);
  const lines = carts.get(sent.userId) ?? [];
  carts.set(sent.userId, lines);
  if (path === "/api/cart") {
    lines.push(sent.item.productId);
    return json({ userId: sent.userId, items: lines.map((productId) => ({ productId })) });
  }
  return json({ orderId: "o", shippingTrackingId: "t", items: lines.map((productId) => ({ item: { productId } })) });
}
