// Plain JavaScript without dependencies: part of `npm run check`.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Licences of what the services and the web pages are made of, and of what works on them. */
const allowed = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "OFL-1.1",
  "Python-2.0",
  "Unlicense",
]);
/** Licences that ask for more, each for the packages that it was thought about for; see docs/dependencies.md. */
const exceptions = new Map([
  ["EPL-2.0", /^elkjs$/],
  ["MPL-2.0", /^(@axe-core\/playwright|axe-core|@resvg\/.*|lightningcss.*)$/],
  ["LGPL-3.0-or-later", /^@img\/sharp-.*$/],
  ["CC-BY-4.0", /^caniuse-lite$/],
]);

/** Versions that are not exact, and packages whose licence nobody has allowed. */
export function dependencyProblems(root) {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const sections = ["dependencies", "devDependencies", "optionalDependencies"];
  const loose = sections.flatMap((section) =>
    Object.entries(manifest[section] ?? {}).flatMap(([name, version]) =>
      /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) ? [] : [`${name} ${version} in ${section} is not an exact version`],
    ),
  );
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const unknown = Object.entries(packages).flatMap(([path, { license }]) => {
    const name = path.replace(/^.*node_modules\//, "");
    // Packages of other platforms are in the lockfile by name only; those of this one speak for them.
    if (path === "" || license === undefined || isAllowed(license, name)) return [];
    return [`${name} has the licence ${license}, which is not allowed yet`];
  });
  return [...loose, ...unknown];
}

/** SPDX expressions without nested parentheses. */
function isAllowed(expression, name) {
  const one = (licence) => allowed.has(licence) || exceptions.get(licence)?.test(name) === true;
  return expression
    .replace(/[()]/g, "")
    .split(" OR ")
    .some((alternative) => alternative.split(" AND ").every(one));
}
