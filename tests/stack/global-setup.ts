import { EngineError } from "../../src/stack/engines/engine.ts";
import { engines } from "../../src/stack/engines/index.ts";
import { enginesFolder, installEngine } from "../../src/stack/engines/installation.ts";

/** Installs what the tests run on, once; without it there is nothing to test, and one line says why. */
export async function setup(): Promise<void> {
  const folder = enginesFolder(process.env);
  for (const engine of engines) {
    const { name, version } = engine;
    const told = { doing: (what: string) => process.stderr.write(`${name} ${version}: ${what}\n`) };
    await installEngine(engine, folder, told).catch((error) => {
      if (!(error instanceof EngineError)) throw error;
      process.stderr.write(`\nThe tests on real engines need ${name} ${version}. ${error.message}\n`);
      process.exit(1);
    });
  }
}
