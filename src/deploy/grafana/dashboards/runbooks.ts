import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Dashboard, line } from "../dashboard.ts";
import { type Column, text } from "../panel.ts";
import { cell } from "../placeholder.ts";

const folder = join(import.meta.dirname, "../../../../docs/runbooks");
const uid = "orrery-runbooks";

interface Runbook {
  /** That of its alerts, or of their objective. */
  readonly name: string;
  readonly title: string;
  readonly markdown: string;
}

const pages: readonly Runbook[] = globSync("*.md", { cwd: folder })
  .filter((file) => file !== "README.md")
  .toSorted()
  .map((file) => {
    const [heading = "", ...rest] = readFileSync(join(folder, file), "utf8").split("\n");
    return { name: basename(file, ".md"), title: heading.replace(/^# /, ""), markdown: rest.join("\n").trim() };
  });

/** Where a runbook is read in Grafana; its panel fills the page. */
export function runbookUrl(name: string): string {
  const index = pages.findIndex((page) => page.name === name);
  if (index < 0) throw new Error(`docs/runbooks has no page ${JSON.stringify(name)}.`);
  return `/d/${uid}?viewPanel=panel-${index + 1}`;
}

/** The column of a table that leads from each alert to its runbook. */
export const runbookColumn: Column = {
  field: "runbook",
  name: "Runbook",
  shown: "read",
  width: 90,
  links: [{ title: "Runbook", url: `/d/${uid}?viewPanel=${cell}` }],
};

/** Alerts with what {@link runbookColumn} needs. Grafana can make no link of an alert's own annotation. */
export function withRunbook(alerts: string): string {
  return pages.reduce(
    (labelled, { name }, index) =>
      `label_replace(${labelled}, "${runbookColumn.field}", "panel-${index + 1}", "alertname", "${name}(-page|-ticket)?")`,
    alerts,
  );
}

/** Links from one page to the other lead to the other's panel; those to elsewhere in the repository become words. */
function withLinks(markdown: string): string {
  return markdown.replace(/\[([^\]]+)\]\(([^)]+)\)/g, (whole, label: string, target: string) => {
    if (/^https?:/.test(target)) return whole;
    const name = basename(target, ".md");
    return pages.some((page) => page.name === name) ? `[${label}](/grafana${runbookUrl(name)})` : label;
  });
}

export const runbooks: Dashboard = {
  uid,
  title: "Runbooks",
  description: "For each alert: what it means, where to look, what to do.",
  sections: [
    {
      lines: Array.from({ length: Math.ceil(pages.length / 2) }, (_, index) =>
        line(
          14,
          ...pages
            .slice(2 * index, 2 * index + 2)
            .map(({ title, markdown }, _, both) => [24 / both.length, text(title, withLinks(markdown))] as const),
        ),
      ),
    },
  ],
};
