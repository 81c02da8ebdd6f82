import { expect, it } from "vitest";
import { ServedPage } from "./served-page.ts";

it("counts by category in Prometheus' text format", () => {
  const page = new ServedPage();
  page.add("travel", 0);
  page.add("random", 2);
  page.add("random", 2);
  expect(page.text()).toBe(
    [
      "# HELP demo_ad_served_total Ads served by category",
      "# TYPE demo_ad_served_total counter",
      'demo_ad_served_total{category="travel"} 0',
      'demo_ad_served_total{category="random"} 4',
      "",
    ].join("\n"),
  );
});
