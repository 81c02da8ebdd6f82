import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { problemText, readManifest } from "./check-manifest.ts";
import { culpritsOf } from "./manifest.ts";
import { readManifestFolder } from "./manifest-files.ts";
import { testSystem } from "./testing.ts";
import { truthOf } from "./truth-of-run.ts";

const folder = join(import.meta.dirname, "../../scenarios");
const good = readFileSync(join(folder, "payment-failure.yaml"), "utf8");

function problems(text: string, file = "scenarios/payment-failure.yaml"): string[] {
  const read = readManifest(text, { file, system: testSystem });
  return read.kind === "problems" ? read.problems.map(problemText) : [];
}

/** The manifest with one thing changed, which has to be there. */
function changed(from: string, to: string): string {
  expect(good).toContain(from);
  return good.replace(from, to);
}

describe("a manifest", () => {
  it("of the shop is without problems, and there is one for each fault and one without", async () => {
    const manifests = await readManifestFolder(folder, testSystem);
    const flags = manifests.flatMap(({ faults }) => faults.map(({ flag }) => flag));
    expect([...new Set(flags)].sort()).toEqual([...testSystem.flags.keys()]);
    expect(manifests.filter(({ faults }) => faults.length === 0).map(({ id }) => id)).toEqual(["baseline"]);
    expect(manifests.filter((manifest) => culpritsOf(manifest).length > 1).map(({ id }) => id)).toEqual([
      "payment-and-ad-failure",
      "wrong-rate-and-stuck-accounting",
    ]);
    expect(new Set(manifests.map(({ seed }) => seed)).size).toBe(manifests.length);
  });

  it.each([
    {
      with: "a field that is missing",
      from: "seed: 2\n",
      to: "",
      says: "the field seed is missing",
      at: "id: payment-failure",
    },
    {
      with: "a field too many",
      from: "seed: 2\n",
      to: "seed: 2\nsede: 3\n",
      says: "sede: there is no such field",
      at: "sede: 3",
    },
    {
      with: "a value that is none of those allowed",
      from: "difficulty: easy",
      to: "difficulty: simple",
      says: 'difficulty: "simple" is not one of none, easy, medium, hard',
      at: "difficulty: simple",
    },
    {
      with: "a number out of range",
      from: "baselineSeconds: 120",
      to: "baselineSeconds: 0",
      says: "phases.baselineSeconds: 0 must be >= 1",
      at: "baselineSeconds: 0",
    },
    {
      with: "a flag that there is not",
      from: "flag: paymentFailure\n    variant",
      to: "flag: paymentFailures\n    variant",
      says: 'faults[0].flag: "paymentFailures" is not a flag; there are accountingStuck,',
      at: "paymentFailures",
    },
    {
      with: "a variant that the flag has not",
      from: "variant: 50%",
      to: "variant: 60%",
      says: 'faults[0].variant: "60%" is not a variant of paymentFailure; it has off, 10%, 25%',
      at: "60%",
    },
    {
      with: "a service that there is not",
      from: "target: payment",
      to: "target: payments",
      says: 'faults[0].target: "payments" is not a service; there are accounting, ad,',
      at: "target: payments",
    },
    {
      with: "an objective that there is not",
      from: "name: checkout-availability",
      to: "name: checkout-speed",
      says: 'slis[1].name: "checkout-speed" is not an objective',
      at: "checkout-speed",
    },
    {
      with: "an alert that there is not",
      from: "[payment-availability-page",
      to: "[payment-availability-mail",
      says: 'alerts[0]: "payment-availability-mail" is not an alert',
      at: "availability-mail",
    },
    {
      with: "a decoy that is guilty",
      from: "entity: checkout",
      to: "entity: payment",
      says: 'decoys[0].entity: "payment" is a root cause',
      at: "- entity: payment",
    },
    {
      with: "a propagation out of nowhere",
      from: "- from: payment",
      to: "- from: cart",
      says: 'propagation[0].from: "cart" is neither a root cause nor reached by a line above',
      at: "- from: cart",
    },
    {
      with: "a revert to the fault",
      from: 'paymentFailure, variant: "off"',
      to: "paymentFailure, variant: 50%",
      says: 'revert: paymentFailure is reverted to "50%", which is the fault',
      at: "revert:",
    },
    {
      with: "an id that is not the file's name",
      from: "id: payment-failure",
      to: "id: payment",
      says: 'id: "payment" is not the file\'s name, "payment-failure"',
      at: "id: payment",
    },
    {
      with: "an action that there is not",
      from: "action: restart",
      to: "action: reboot",
      says: 'mitigations[1].action: "reboot" is not one of clear, restart, roll-back, scale',
      at: "action: reboot",
    },
    {
      with: "an action without what it needs",
      from: "replicas: 3, ",
      to: "",
      says: "mitigations[2]: the field replicas is missing",
      at: "- { action: scale",
    },
    {
      with: "an action with a sentence that a comma ends",
      from: "why: Every replica reads",
      to: "why: Every replica, reads",
      says: "mitigations[2].reads the same flag.: there is no such field",
      at: "- { action: scale",
    },
    {
      with: "YAML that is none",
      from: "seed: 2",
      to: "seed: [2",
      says: "Flow sequence in block collection must be sufficiently indented",
      at: "load:",
    },
  ])("with $with is refused, with file, line, path and reason", ({ from, to, says, at }) => {
    const text = changed(from, to);
    const line = text.slice(0, text.indexOf(at)).split("\n").length;
    const start = `scenarios/payment-failure.yaml:${line}: ${says}`;
    const found = problems(text);
    expect(
      found.filter((problem) => problem.startsWith(start)),
      found.join("\n"),
    ).toHaveLength(1);
  });

  it("with several problems has all of them told at once, in their order", () => {
    const text = changed("variant: 50%", "variant: 60%")
      .replace("entity: checkout", "entity: till")
      .replace("helps: true", "helps: false");
    expect(problems(text).map((line) => line.split(": ")[1])).toEqual([
      "faults[0].variant",
      "decoys[0].entity",
      "mitigations",
    ]);
  });

  describe("with a decoy", () => {
    const file = "scenarios/shipping-deployment-and-slow-quotes.yaml";
    const misleading = readFileSync(join(folder, "shipping-deployment-and-slow-quotes.yaml"), "utf8");
    const decoy = "    isDecoy: true\n";
    const cause = "    rootCause:\n      entity: quote\n      reason: latency creeps up\n      category: latency\n";

    it("has the other fault alone for its truth", () => {
      const read = readManifest(misleading, { file, system: testSystem });
      if (read.kind !== "manifest") throw new Error(read.problems.map(problemText).join("\n"));
      expect(read.manifest.faults.map(({ flag }) => flag)).toEqual(["shippingDeployment", "quoteCreepingLatency"]);
      expect(truthOf(read.manifest, 0).rootCauses.map(({ entity }) => entity)).toEqual(["quote"]);
    });

    it.each([
      { but: "neither cause nor decoy", from: decoy, to: "", says: "faults[0]: the field rootCause is missing" },
      { but: "both in one", from: cause, to: `${cause}${decoy}`, says: "faults[1].isDecoy: a decoy has no root cause" },
      { but: "nothing else", from: cause, to: decoy, says: "faults: there are decoys only, and nothing to be found" },
      {
        but: "a target that is not told to be innocent",
        from: "  - entity: shipping\n",
        to: "  - entity: email\n",
        says: 'decoys: "shipping" is made to look guilty by shippingDeployment, and is not among them',
      },
    ])("but $but is refused", ({ from, to, says }) => {
      expect(misleading).toContain(from);
      expect(problems(misleading.replace(from, to), file).join("\n")).toContain(says);
    });
  });

  it("without a fault may promise none of its effects", () => {
    const text = readFileSync(join(folder, "baseline.yaml"), "utf8").replace(
      "alerts: []",
      "alerts: [cart-availability-page]",
    );
    expect(problems(text, "scenarios/baseline.yaml")).toEqual([
      "scenarios/baseline.yaml:14: alerts: there is no fault that this could come from",
    ]);
  });
});
