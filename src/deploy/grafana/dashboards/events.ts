import { type Dashboard, labelVariable, line, textVariable } from "../dashboard.ts";
import { recordCount, recordLabel, recordRate, recordsOf } from "../logql.ts";
import { bars, chart, records } from "../panel.ts";
import { entrySeries } from "../promql.ts";
import { logql } from "../query.ts";

const chosen = { service: { like: "$service" }, filter: "|~ `(?i)$words`" } as const;

export const events: Dashboard = {
  uid: "orrery-events",
  title: "Logs and events",
  description: "What all services tell: how much, of what severity, which events, and every record.",
  variables: [
    labelVariable("service", {
      label: "Service",
      description: "Whose records are shown",
      series: entrySeries(),
      key: "service.name",
      multi: true,
    }),
    textVariable("words", { label: "Words", description: "Only records with these words; a regular expression" }),
  ],
  sections: [
    {
      lines: [
        line(
          8,
          [
            8,
            chart({
              title: "By severity",
              description: "Records per minute. Warnings and errors are rare.",
              unit: "cpm",
              stacked: true,
              queries: [
                logql("A", `60 * ${recordRate(chosen, [recordLabel.severity])}`, {
                  legend: `{{${recordLabel.severity}}}`,
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "By service",
              description: "Records per minute. A service that suddenly tells much has something to tell.",
              unit: "cpm",
              stacked: true,
              queries: [logql("A", `60 * ${recordRate(chosen, ["service.name"])}`, { legend: "{{service_name}}" })],
            }),
          ],
          [
            8,
            chart({
              title: "Warnings and errors",
              description: "Those alone, per minute and service. Nothing is normal.",
              unit: "cpm",
              stacked: true,
              quiet: "nobody warns",
              queries: [
                logql(
                  "A",
                  `60 * ${recordRate({ ...chosen, filter: `| ${recordLabel.severity}=~"WARN|ERROR|FATAL" ${chosen.filter}` }, ["service.name"])}`,
                  { legend: "{{service_name}}" },
                ),
              ],
            }),
          ],
        ),
        line(
          10,
          [
            9,
            bars({
              title: "Events",
              description: "How often each event happened in the time that is shown, as the registry names them.",
              unit: "locale",
              decimals: 0,
              queries: [
                logql(
                  "A",
                  `topk(15, ${recordCount({ ...chosen, filter: `| ${recordLabel.event}!="" ${chosen.filter}` }, [recordLabel.event])})`,
                  { legend: `{{${recordLabel.event}}}`, instant: true },
                ),
              ],
            }),
          ],
          [
            15,
            chart({
              title: "Events over time",
              description: "Events per minute, by name.",
              unit: "cpm",
              legend: "table",
              queries: [
                logql(
                  "A",
                  `60 * ${recordRate({ ...chosen, filter: `| ${recordLabel.event}!="" ${chosen.filter}` }, [recordLabel.event])}`,
                  { legend: `{{${recordLabel.event}}}` },
                ),
              ],
            }),
          ],
        ),
        line(14, [
          24,
          records({
            title: "Records",
            description: "Every record, the latest first. One that was made in a trace leads to it.",
            query: logql("A", recordsOf(chosen), { limit: 500 }),
          }),
        ]),
      ],
    },
  ],
};
