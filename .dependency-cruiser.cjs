/** What may import what; docs/architecture.md explains it. TypeScript is parsed by swc, for TypeScript 7 has no API. */
module.exports = {
  forbidden: [
    {
      name: "services-stand-alone",
      comment: "A service reaches another one through its contract only.",
      severity: "error",
      from: { path: "^src/services/([^/]+)/" },
      to: { path: "^src/", pathNot: ["^src/services/$1/", "^src/(platform|domain)/"] },
    },
    {
      name: "platform-knows-no-service",
      severity: "error",
      from: { path: "^src/platform/" },
      to: { path: "^src/", pathNot: "^src/(platform|domain)/" },
    },
    {
      name: "domain-is-pure",
      comment: "Plain functions and types: nothing of the platform, nothing that does input or output.",
      severity: "error",
      from: { path: "^src/domain/", pathNot: "\\.test\\.ts$" },
      to: { path: ["^src/", "^node:(fs|net|http|http2|child_process|worker_threads)"], pathNot: "^src/domain/" },
    },
    {
      name: "web-is-a-client",
      severity: "error",
      from: { path: "^src/web/([^/]+)/" },
      to: { path: "^src/", pathNot: ["^src/web/$1/", "^src/web/shared/"] },
    },
    {
      name: "web-has-no-node",
      severity: "error",
      from: { path: "^src/web/", pathNot: ["\\.test\\.tsx?$", "vite\\.config\\.ts$"] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "nobody-imports-web",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/web/" },
      to: { path: "^src/web/" },
    },
    {
      name: "gen-stands-alone",
      severity: "error",
      from: { path: "^gen/" },
      to: { path: "^(src|tests|bench)/" },
    },
    {
      name: "product-needs-no-test",
      severity: "error",
      from: {
        path: "^src/",
        pathNot: ["\\.test\\.tsx?$", "/testing\\.ts$", "contract\\.ts$", "/(outbox|consumer)-process\\.ts$"],
      },
      to: { path: ["\\.test\\.tsx?$", "/testing\\.ts$", "/(outbox|consumer)-process\\.ts$", "^tests/", "^bench/"] },
    },
    {
      name: "no-cycle",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".mjs", ".js", ".css", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
