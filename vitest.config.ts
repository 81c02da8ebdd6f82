import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "src/**/*.test.tsx", "tests/**/*.test.ts"],
    exclude: ["**/node_modules/**", "tests/stack/**"],
    globalSetup: ["tests/global-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    // Longer than any wait within a test, each of which has a bound of its own: what ends a test is what it waits for.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What a page or a consumer has not done within a second is not wrong yet.
    expect: { poll: { timeout: 10_000 } },
    teardownTimeout: 20_000,
    // The summary names those that were repeated.
    retry: process.env.CI === undefined ? 0 : 1,
    reporters: ["default", "json"],
    outputFile: { json: ".orrery-test/report.json" },
  },
});
