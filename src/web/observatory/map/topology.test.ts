import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MapEdgeSchema, MapNodeSchema, NodeKind } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { callsOf, edgeId, nodeTowards, shortcuts } from "./topology.ts";

const node = (name: string) =>
  create(MapNodeSchema, { name, kind: name === "proxy" ? NodeKind.PROXY : NodeKind.SERVICE });
const edges = (...pairs: string[]) =>
  pairs.map((pair) => {
    const [from = "", to = ""] = pair.split(" ");
    return create(MapEdgeSchema, { from, to });
  });

it("a page that goes on with its server's trace is no call", () => {
  const nodes = [node("proxy"), node("frontend"), create(MapNodeSchema, { name: "web", kind: NodeKind.BROWSER })];
  const found = callsOf(nodes, edges("web proxy", "proxy frontend", "frontend web"));
  expect(found.map(edgeId)).toEqual(["web~proxy", "proxy~frontend"]);
});

describe("a proxy's edge is a shortcut", () => {
  const nodes = ["proxy", "frontend", "cart", "quote", "images"].map(node);

  it("when another node that the proxy calls leads there", () => {
    const found = shortcuts(
      nodes,
      edges("proxy frontend", "proxy cart", "proxy quote", "proxy images", "frontend cart", "cart quote"),
    );
    expect([...found]).toEqual(["proxy~cart", "proxy~quote"]);
  });

  it("never when the two only lead to each other", () => {
    const found = shortcuts(nodes, edges("proxy frontend", "proxy cart", "frontend cart", "cart frontend"));
    expect([...found]).toEqual([]);
  });

  it("and only a proxy's: a service's edge tells whom it depends on", () => {
    const found = shortcuts(nodes, edges("frontend cart", "frontend quote", "cart quote"));
    expect([...found]).toEqual([]);
  });
});

describe("an arrow key", () => {
  const size = { width: 100, height: 40 };
  const places = new Map([
    ["left", { x: 0, y: 100, ...size }],
    ["ahead", { x: 300, y: 110, ...size }],
    ["nearer but aside", { x: 200, y: 300, ...size }],
    ["above", { x: 10, y: 0, ...size }],
  ]);

  it.each([
    ["ArrowRight", "ahead"],
    ["ArrowUp", "above"],
    ["ArrowDown", "nearer but aside"],
    ["ArrowLeft", undefined],
    ["Tab", undefined],
  ])("%s leads to %s", (key, expected) => {
    expect(nodeTowards(key, "left", places)).toBe(expected);
  });
});
