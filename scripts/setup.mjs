// What every command of package.json does first, on a machine that has nothing but Node (20 or newer) and npm: sees to
// Node 24, the dependencies and, with --web and --server, the bundles. Plain JavaScript without dependencies, for it runs before
// there are any. The command itself is then exec'd by npm's shell, so that signals and exit codes need no go-between.
import { ensureBundles, server, web } from "./setup/bundles.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { SetupError } from "./setup/error.mjs";
import { ensureNode } from "./setup/node.mjs";
import { root } from "./setup/place.mjs";

async function main(options) {
  if (process.platform === "win32") {
    throw new SetupError("Windows is supported through WSL: run this command in a WSL terminal.");
  }
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw new SetupError(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
  }
  const node = await ensureNode();
  await ensureDependencies(node);
  const again = options.includes("--again");
  if (options.includes("--web")) {
    await ensureBundles(web, node, { again });
  }
  if (options.includes("--server")) {
    await ensureBundles(server, node, { again });
  }
}

/** One line for what a person can put right; anything else is a fault of ours and keeps its stack. */
function explain(error) {
  if (error instanceof SetupError) {
    return error.message;
  }
  if (error.code === "ENOSPC" || error.code === "EDQUOT") {
    return `The disk is full: make 1 GB of room for ${root} and start again.`;
  }
  if (["EACCES", "EPERM", "EROFS"].includes(error.code)) {
    return `${error.path ?? root} cannot be written: give the folder to your user (chown -R) or start as its owner.`;
  }
  return error.stack;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
