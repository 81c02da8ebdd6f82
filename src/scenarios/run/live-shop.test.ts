import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ObservatoryService } from "../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { flagNames, openOwnFile, ownFileIn } from "../../commands/flag-source.ts";
import type { FlagFile } from "../../platform/flags/flag-file.ts";
import type { FlagNames } from "../../platform/flags/flag-names.ts";
import { createLogger } from "../../platform/logging/logger.ts";
import { remoteTransport } from "../../platform/rpc/remote-transport.ts";
import { flags } from "../../services/flags.ts";
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

/** Flags in a file as a shop has them, changed by a run. Nobody is asked for anything else. */
async function shopWith(names: FlagNames): Promise<{ readonly file: FlagFile; readonly shop: ScenarioShop }> {
  const file = await openOwnFile(ownFileIn(folder, names), names, createLogger({ level: "error" }));
  const shop = liveShop({
    flagFile: file,
    flagNames: names,
    flags,
    observatory: createClient(ObservatoryService, remoteTransport("http://127.0.0.1:1")),
    load: loadSwitch("http://127.0.0.1:1"),
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
});
