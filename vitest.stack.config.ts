import { defineConfig } from "vitest/config";

/** Tests on real engines: npm run test:stack. Slower than the others, and in need of what the engines need. */
export default defineConfig({
  test: {
    include: ["tests/stack/**/*.test.ts"],
    globalSetup: ["tests/global-setup.ts", "tests/stack/global-setup.ts"],
    pool: "forks",
    // Each file brings engines of its own.
    maxWorkers: 1,
    testTimeout: 90_000,
    hookTimeout: 180_000,
    // What a page or a consumer has not done within a second is not wrong yet.
    expect: { poll: { timeout: 10_000 } },
    teardownTimeout: 60_000,
    // Dozens of processes share a machine that may have other things to do.
    retry: process.env.CI === undefined ? 0 : 1,
    reporters: ["default", "json"],
    outputFile: { json: ".orrery-test/report-stack.json" },
  },
});
