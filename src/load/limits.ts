/** More than this is no load but a mistake. */
export const limits = {
  seed: 2 ** 40,
  users: 10_000,
  browserUsers: 20,
  ratePerSecond: 50_000,
  durationMs: 7 * 86_400_000,
  stages: 1_000,
} as const;
