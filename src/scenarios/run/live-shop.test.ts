import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ObservatoryService } from "../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { flagNames, openOwnFile, ownFileIn } from "../../commands/flag-source.ts";
import type { FlagFile } from "../../platform/flags/flag-file.ts";
import type { FlagNames } from "../../platform/flags/flag-names.ts";
import { OperationRefused, type Operations } from "../../platform/lifecycle/operations.ts";
import { createLogger } from "../../platform/logging/logger.ts";
import { remoteTransport } from "../../platform/rpc/remote-transport.ts";
import { flags } from "../../services/flags.ts";
import { services } from "../../services/index.ts";
import { ConfigurationHistory } from "../configuration-history.ts";
import { loadSwitch } from "../load-switch.ts";
import { manifestFolder, readManifestFolder } from "../manifest-files.ts";
import { testSystem } from "../testing.ts";
import { liveShop } from "./live-shop.ts";
import type { ScenarioShop } from "./scenario-shop.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orrery-live-shop-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const refuse = () => {
  throw new OperationRefused("Nobody operates anything here.");
};
const nobodyOperates: Operations = {
  checkRestart: refuse,
  restart: refuse,
  checkScale: refuse,
  scale: refuse,
  unscale: async () => {},
};

/** Flags in a file as a shop has them, changed by a run. Nobody is asked for anything else. */
async function shopWith(names: FlagNames): Promise<{ readonly file: FlagFile; readonly shop: ScenarioShop }> {
  const file = await openOwnFile(ownFileIn(folder, names), names, createLogger({ level: "error" }));
  const shop = liveShop({
    flagFile: file,
    flagNames: names,
    flags,
    observatory: createClient(ObservatoryService, remoteTransport("http://127.0.0.1:1")),
    load: loadSwitch("http://127.0.0.1:1"),
    services: services.map(({ name }) => name),
    operations: nobodyOperates,
    history: new ConfigurationHistory(file, { services, flagNames: names }),
  });
  return { file, shop };
}

describe.each([
  ["names as they are declared", () => ({})],
  ["names that say nothing", () => ({ ORRERY_BLIND: join(folder, "names.json") })],
])("under %s, a run", (_, environment) => {
  it("injects what every manifest says, and puts all of it at rest", async () => {
    const names = await flagNames(environment());
    const { file, shop } = await shopWith(names);
    const atRest = file.set.text;
    const inside = () => names.inside(file.set.document).flags;
    const manifests = await readManifestFolder(manifestFolder, testSystem);
    expect(manifests.length).toBeGreaterThan(20);
    for (const { faults } of manifests) {
      for (const { flag, variant } of faults) {
        await shop.setFlag(flag, variant);
        const { targeting, defaultVariant } = inside()[flag] ?? {};
        const [, switched] = Array.isArray(targeting?.if) ? targeting.if : [];
        expect([flag, switched ?? defaultVariant]).toEqual([flag, variant]);
      }
      await shop.clearFlags();
      expect(file.set.text).toBe(atRest);
    }
    await file.close();
  });

  it("is helped by the names that are known outside", async () => {
    const names = await flagNames(environment());
    const { file, shop } = await shopWith(names);
    const atRest = file.set.text;
    const { key } = names.setting("paymentFailure", "off");
    await shop.setFlag("paymentFailure", "50%");
    expect(await shop.mitigation({ action: "clear", flag: key })()).toBe(`${key} is at rest.`);
    expect(file.set.text).toBe(atRest);
    await shop.setFlag("paymentFailure", "50%");
    await shop.setFlag("paymentFailure", "75%");
    for (const _ of [75, 50]) await shop.mitigation({ action: "roll-back", service: "payment" })();
    expect(file.set.text).toBe(atRest);
    expect(() => shop.mitigation({ action: "clear", flag: "none" })).toThrow(key);
    await file.close();
  });
});
