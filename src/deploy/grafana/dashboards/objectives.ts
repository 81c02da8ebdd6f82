import { alertTiming } from "../../../observatory/objectives/alert-timing.ts";
import type { ObjectiveDefinition } from "../../../observatory/objectives/objective.ts";
import { shopObjectives } from "../../../observatory/objectives/shop-objectives.ts";
import { services } from "../../../services/index.ts";
import { promDuration } from "../../alert-rule.ts";
import { badShareRecord, indicatorSeries } from "../../objective-rules.ts";
import { selector } from "../../prometheus-names.ts";
import { choiceVariable, type Dashboard, dashboardUrl, line, panelLink, type Section } from "../dashboard.ts";
import { chart, colour, stat, table, timeline } from "../panel.ts";
import { promql } from "../query.ts";
import { runbookColumn, runbookUrl, withRunbook } from "./runbooks.ts";

const bad = { page: colour.bad, ticket: colour.watch } as const;
const [page, ticket] = alertTiming.policies;

/** How many times faster than allowed the budget burns, over a window that is recorded. */
function burnRate({ name, target }: ObjectiveDefinition, seconds: number): string {
  const share = `${badShareRecord(promDuration(seconds))}${selector({ objective: name })}`;
  return `${share} / ${Number((1 - target).toPrecision(6))}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`;
}

function ofObjective(objective: ObjectiveDefinition): Section {
  const { name, service, description, target, windowSeconds } = objective;
  const window = promDuration(windowSeconds);
  const badRatio = indicatorSeries(objective, services).badRatio(window);
  const links = [
    panelLink("Runbook", runbookUrl(name)),
    panelLink(`The service ${service}`, dashboardUrl("orrery-service", { service })),
    panelLink("Its alerts, now and before", dashboardUrl("orrery-objectives", { objective: name })),
  ];
  return {
    title: `${name}: ${percent(target)}. ${description}`,
    lines: [
      line(
        6,
        [
          4,
          stat({
            title: "Kept",
            description: `Share of good events over the last ${window}. ${percent(target)} is promised. ${description}`,
            unit: "percentunit",
            decimals: 3,
            graph: false,
            thresholds: { bad: target, badIs: "below" },
            queries: [promql("A", `1 - (${badRatio})`, { instant: true })],
            links,
          }),
        ],
        [
          4,
          stat({
            title: "Budget left",
            description: `How much of the failure that is allowed over ${window} is left. At 0 the promise is broken.`,
            unit: "percentunit",
            decimals: 0,
            graph: false,
            thresholds: { watch: 0.5, bad: 0, badIs: "below" },
            queries: [promql("A", `1 - (${badRatio}) / ${Number((1 - target).toPrecision(6))}`, { instant: true })],
            links,
          }),
        ],
        [
          16,
          chart({
            title: "Burn rate",
            description:
              "How many times faster than allowed the budget is used up. Tickets are raised from 2 on over half an hour, pages from 6 on over five minutes.",
            unit: "short",
            thresholds: { watch: ticket?.rate ?? 2, bad: page?.rate ?? 6 },
            queries: [
              promql("page", burnRate(objective, page?.longSeconds ?? 300), { legend: "5 min", color: colour.neutral }),
              promql("ticket", burnRate(objective, ticket?.longSeconds ?? 1_800), {
                legend: "30 min",
                color: colour.second,
              }),
            ],
            links,
          }),
        ],
      ),
    ],
  };
}

export const objectives: Dashboard = {
  uid: "orrery-objectives",
  title: "Objectives and alerts",
  description: "What the shop promises, whether it is kept, how much failure is left, and the alerts.",
  variables: [
    choiceVariable("objective", {
      label: "Alerts of",
      description: "Whose alerts are shown",
      values: shopObjectives.map(({ name }) => name),
    }),
  ],
  sections: [
    {
      lines: [
        line(
          8,
          [
            10,
            table({
              title: "Alerts now",
              description: "What is raised, and what will be if it goes on. Objectives that are kept raise none.",
              unit: "string",
              quiet: "no alert is raised",
              queries: [promql("A", withRunbook('ALERTS{objective=~"$objective"}'))],
              columns: [
                { field: "alertname", name: "Alert" },
                { field: "alertstate", name: "State", width: 90 },
                { field: "severity", name: "Severity", width: 90 },
                { field: "service", name: "Service", width: 160 },
                { field: "team", name: "Team", width: 110 },
                runbookColumn,
              ],
            }),
          ],
          [
            14,
            timeline({
              title: "Alerts before",
              description: "When alerts were pending and raised.",
              unit: "none",
              quiet: "no alert was raised",
              mappings: [{ type: "value", options: { 1: { text: "raised", color: bad.page } } }],
              queries: [
                promql("A", 'max by (alertname) (ALERTS{alertstate="firing",objective=~"$objective"})', {
                  legend: "{{alertname}}",
                }),
              ],
            }),
          ],
        ),
      ],
    },
    ...shopObjectives.map(ofObjective),
  ],
};
