import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MarkSchema } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { groupLabel, groupText } from "./mark-labels.ts";

function mark(kind: string, service: string, text: string) {
  return create(MarkSchema, { kind, service, text });
}

describe("marks at one place of a chart", () => {
  const restart = [
    mark("start", "cart", "Started"),
    mark("start", "checkout", "Started"),
    mark("configuration", "cart", "LOG_LEVEL: warn -> info"),
    mark("configuration", "checkout", "LOG_LEVEL: warn -> info"),
    mark("deployment", "checkout", "1 -> 2"),
  ];

  it("are named by kind, alone with their service", () => {
    expect(groupLabel(restart)).toBe("start of 2, configuration of 2, deployment checkout");
    expect(groupLabel([mark("deployment", "", "1 -> 2")])).toBe("deployment");
  });

  it("tell what has changed, once", () => {
    expect(groupText(restart)).toBe(
      "start of 2, configuration of 2, deployment checkout: LOG_LEVEL: warn -> info; 1 -> 2",
    );
    expect(groupText(restart.slice(0, 1))).toBe("start cart: Started");
    expect(groupText(restart.slice(0, 2))).toBe("start of 2");
  });

  it("tell no more than there is room for", () => {
    const many = Array.from({ length: 6 }, (_, index) => mark("configuration", "cart", `change ${index}`));
    expect(groupText(many)).toBe("configuration of 6: change 0; change 1; change 2; change 3; and 2 more");
  });
});
