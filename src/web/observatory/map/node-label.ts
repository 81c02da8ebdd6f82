import { NodeKind } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";

/** What a node is called on the map: stores without the engine in front. */
export function nodeLabel(name: string): string {
  return name.replace(/^(postgresql|topic)\//, "");
}

/** What kind of thing a node is, in a word. */
export function nodeKindLabel(kind: NodeKind): string {
  switch (kind) {
    case NodeKind.DATABASE:
      return "PostgreSQL";
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
