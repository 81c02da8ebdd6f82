import { spawn } from "node:child_process";
import { SetupError } from "./error.mjs";
import { environment } from "./place.mjs";

const FLAGS = [
  "--include=dev",
  "--include=optional",
  "--prefer-offline",
  "--no-audit",
  "--no-fund",
  // Half a minute for a network that is away, not npm's several.
  "--fetch-retries=4",
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=8000",
  // Tells why an optional package is missing, which is no error for npm.
  "--loglevel=verbose",
];

/**
 * Installs exactly what the folder's lockfile says, by the npm that started us or else the one in PATH. Development
 * dependencies are wanted even when NODE_ENV says production: the bundler is one of them. `isComplete` tells whether
 * the packages made for this platform are there too: npm is content without them.
 *
 * @throws SetupError that says what to do
 */
export async function npmCi(node, folder, isComplete) {
  const cli = process.env.npm_execpath ?? "";
  const [program, args] = cli.endsWith("npm-cli.js") ? [node, [cli]] : ["npm", []];
  const { code, output } = await run(program, [...args, "ci", ...FLAGS], { cwd: folder, env: environment(node) });
  if (code !== 0 || !isComplete()) {
    throw new SetupError(explain(folder, output));
  }
}

/** Runs a program to its end; collects what it prints. */
export function run(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.once("error", (error) => resolve({ code: -1, output: `${output}${error.message}` }));
    child.once("close", (code) => resolve({ code, output }));
  });
}

function explain(folder, output) {
  if (/spawn npm ENOENT/.test(output)) {
    return "npm was not found: install it (it comes with Node) and start again.";
  }
  if (/ENOSPC/.test(output)) {
    return `The disk is full: make 1 GB of room for ${folder} and start again.`;
  }
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/.test(output)
  ) {
    return "npm cannot reach its registry: the first start needs the network (or a registry set in ~/.npmrc), later ones do not.";
  }
  if (/EACCES|EPERM|EROFS/.test(output)) {
    return `npm may not write ${folder} or its cache: they belong to another user; give them back (chown -R) or start as that user.\n${tail(output)}`;
  }
  return `npm ci failed in ${folder}:\n${tail(output)}`;
}

function tail(output) {
  const telling = output.split("\n").filter((line) => /error|failed/i.test(line) && !/A complete log/.test(line));
  return telling.slice(0, 15).join("\n");
}
