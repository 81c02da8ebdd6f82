import type { ScheduleSettings, SelectedFlag } from "../../../../gen/orrery/flags/v1/flags_pb.ts";

/** The form as it is typed. */
export type FormValues = {
  readonly interval: string;
  readonly min: string;
  readonly max: string;
  readonly concurrency: string;
  /** Empty for one that is drawn. */
  readonly seed: string;
};

export type FormProblems = { readonly [Field in keyof FormValues]?: string };

/** The times of the OpenTelemetry Demo's presets, in seconds. */
export const presets = [
  { name: "Presentation", interval: 60, min: 10, max: 20 },
  { name: "Frequent", interval: 900, min: 60, max: 180 },
  { name: "Hourly", interval: 3_600, min: 300, max: 900 },
] as const;

export function valuesOf(settings: ScheduleSettings | undefined): FormValues {
  return {
    interval: String(settings?.intervalSeconds ?? 900),
    min: String(settings?.minSeconds ?? 60),
    max: String(settings?.maxSeconds ?? 180),
    concurrency: String(settings?.concurrency ?? 1),
    seed: "",
  };
}

/** What cannot be, by field; the server knows the same. */
export function problemsOf(values: FormValues): FormProblems {
  const wrong = (is: boolean, field: keyof FormValues, text: string): FormProblems => (is ? { [field]: text } : {});
  const [interval, min, max, concurrency] = [values.interval, values.min, values.max, values.concurrency].map(whole);
  const seed = values.seed.trim() === "" ? 0 : whole(values.seed);
  const seconds = "It takes whole seconds, from 1.";
  return {
    ...wrong(
      seed === undefined || seed > 2 ** 32 - 1,
      "seed",
      "It takes a whole number from 0 to 4294967295, or nothing.",
    ),
    ...wrong(
      concurrency === undefined || concurrency < 1 || concurrency > 100,
      "concurrency",
      "It takes a number from 1 to 100.",
    ),
    ...wrong(max !== undefined && interval !== undefined && max > interval, "max", "It must not exceed the interval."),
    ...wrong(max !== undefined && min !== undefined && max < min, "max", "It must not be below the least time."),
    ...wrong(max === undefined || max < 1, "max", seconds),
    ...wrong(min === undefined || min < 1, "min", seconds),
    ...wrong(interval !== undefined && interval > 86_400, "interval", "It must be at most a day, 86400 s."),
    ...wrong(interval === undefined || interval < 1, "interval", seconds),
  };
}

function whole(text: string): number | undefined {
  return /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined;
}

/** What is selected, by key. */
export type Selection = ReadonlyMap<string, ReadonlySet<string>>;

/** Everything that can be, unless the last schedule was started with less. */
export function selectionOf(eligible: readonly SelectedFlag[], chosen: readonly SelectedFlag[]): Selection {
  return new Map(
    eligible.map(({ key, variants }) => {
      const found = chosen.find((each) => each.key === key);
      if (chosen.length === 0) return [key, new Set(variants)];
      return [key, new Set(found?.variants.length === 0 ? variants : found?.variants)];
    }),
  );
}

/** As the server takes it; flags of which nothing is selected are left out. */
export function selectedFlags(selection: Selection): { readonly key: string; readonly variants: string[] }[] {
  return [...selection].flatMap(([key, variants]) => (variants.size === 0 ? [] : [{ key, variants: [...variants] }]));
}
