import { NodeKind } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";

/** What a node is called on the map: stores without the engine in front. */
export function nodeLabel(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}

/** Engines by what OpenTelemetry calls them. Valkey speaks the protocol of Redis, and has no name of its own there. */
const engines: Readonly<Record<string, string>> = { postgresql: "PostgreSQL", redis: "Valkey" };

/** What kind of thing a node is, in a word. */
export function nodeKindLabel({ name, kind }: { readonly name: string; readonly kind: NodeKind }): string {
  switch (kind) {
    case NodeKind.DATABASE:
      return engines[engineOf(name)] ?? engineOf(name);
    case NodeKind.TOPIC:
      return "topic";
    case NodeKind.BROWSER:
      return "browser";
    case NodeKind.PROXY:
      return "proxy";
    default:
      return "service";
  }
}

function engineOf(store: string): string {
  return store.slice(0, store.indexOf("/"));
}
