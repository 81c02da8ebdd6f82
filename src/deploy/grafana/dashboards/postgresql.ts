import { metric } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, labelVariable, line, toService } from "../dashboard.ts";
import { postgresqlMetric } from "../engine-metrics.ts";
import { chart, colour, stat, table } from "../panel.ts";
import { cell } from "../placeholder.ts";
import { gauge, quantile, rate, series, shareOf } from "../promql.ts";
import { promql } from "../query.ts";

const where = { "postgresql.database.name": "$database" } as const;
const blocks = `sum by (source) (rate(${series(postgresqlMetric.blocks, where)}[$__rate_interval]))`;
const statements = metric.dbClientOperationDuration;
const ofPostgres = { "db.system.name": "postgresql" } as const;

export const postgresql: Dashboard = {
  uid: "orrery-postgresql",
  title: "PostgreSQL",
  description: "The database: how busy it is, what is asked of it and by whom, how large it grows.",
  variables: [
    labelVariable("database", {
      label: "Database",
      description: "Which database is shown",
      series: series(postgresqlMetric.connections),
      key: "postgresql.database.name",
      first: "astronomy_db",
    }),
  ],
  sections: [
    {
      lines: [
        line(
          4,
          [
            5,
            stat({
              title: "Transactions",
              description: "Transactions a second, committed and rolled back.",
              unit: "reqps",
              queries: [
                promql(
                  "A",
                  `${rate(postgresqlMetric.commits, { where })} + ${rate(postgresqlMetric.rollbacks, { where })}`,
                ),
              ],
            }),
          ],
          [
            5,
            stat({
              title: "Rolled back",
              description:
                "Share of transactions that were rolled back. A few are how services refuse; many are a fault.",
              unit: "percentunit",
              decimals: 2,
              thresholds: { watch: 0.05, bad: 0.2 },
              queries: [
                promql(
                  "A",
                  `${rate(postgresqlMetric.rollbacks, { where })} / (${rate(postgresqlMetric.commits, { where })} + ${rate(postgresqlMetric.rollbacks, { where })})`,
                ),
              ],
            }),
          ],
          [
            5,
            stat({
              title: "Found in memory",
              description:
                "Share of blocks that were read from memory, not from disk. Below 90 % the memory is too small.",
              unit: "percentunit",
              decimals: 1,
              thresholds: { watch: 0.99, bad: 0.9, badIs: "below" },
              queries: [
                promql(
                  "A",
                  shareOf(
                    rate(postgresqlMetric.blocks, { where: { ...where, source: { like: ".+_hit" } } }),
                    rate(postgresqlMetric.blocks, { where }),
                  ),
                ),
              ],
            }),
          ],
          [
            5,
            stat({
              title: "Connections",
              description: "Share of the connections that the server takes. At 100 % services wait.",
              unit: "percentunit",
              decimals: 1,
              thresholds: { watch: 0.7, bad: 0.9 },
              queries: [
                promql(
                  "A",
                  `${gauge("sum", postgresqlMetric.connections)} / ${gauge("max", postgresqlMetric.connectionLimit)}`,
                ),
              ],
            }),
          ],
          [
            4,
            stat({
              title: "Size",
              description: "Size of the database. It grows with orders.",
              unit: "bytes",
              queries: [promql("A", gauge("sum", postgresqlMetric.databaseSize, { where }))],
            }),
          ],
        ),
      ],
    },
    {
      title: "The server",
      lines: [
        line(
          8,
          [
            8,
            chart({
              title: "Transactions",
              description: "Committed and rolled back, per second.",
              unit: "reqps",
              queries: [
                promql("commits", rate(postgresqlMetric.commits, { where }), {
                  legend: "committed",
                  color: colour.neutral,
                }),
                promql("rollbacks", rate(postgresqlMetric.rollbacks, { where }), {
                  legend: "rolled back",
                  color: colour.watch,
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Rows",
              description: "Rows inserted, updated and deleted, per second.",
              unit: "reqps",
              queries: [
                promql("A", rate(postgresqlMetric.operations, { where, by: ["operation"] }), {
                  legend: "{{operation}}",
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Blocks",
              description: "Blocks read per second: those that end in hit were in memory, the others on disk.",
              unit: "reqps",
              queries: [promql("A", blocks, { legend: "{{source}}" })],
            }),
          ],
        ),
        line(
          8,
          [
            8,
            chart({
              title: "Connections",
              description: "Connections to each database.",
              unit: "none",
              stacked: true,
              queries: [
                promql("A", gauge("sum", postgresqlMetric.connections, { by: ["postgresql.database.name"] }), {
                  legend: "{{postgresql_database_name}}",
                }),
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Written in the background",
              description:
                "Buffers written to disk per second, by whom. Those written by sessions themselves make statements wait.",
              unit: "reqps",
              queries: [promql("A", rate(postgresqlMetric.bufferWrites, { by: ["source"] }), { legend: "{{source}}" })],
            }),
          ],
          [
            8,
            table({
              title: "Tables",
              description: "Size of each table, its rows that live, and those that are dead and wait for a vacuum.",
              unit: "short",
              sortBy: "Size",
              queries: [
                promql("size", gauge("sum", postgresqlMetric.tableSize, { where, by: ["postgresql.table.name"] })),
                promql(
                  "live",
                  gauge("sum", postgresqlMetric.rows, {
                    where: { ...where, state: "live" },
                    by: ["postgresql.table.name"],
                  }),
                ),
                promql(
                  "dead",
                  gauge("sum", postgresqlMetric.rows, {
                    where: { ...where, state: "dead" },
                    by: ["postgresql.table.name"],
                  }),
                ),
              ],
              columns: [
                { field: "postgresql_table_name", name: "Table" },
                { field: "Value #size", name: "Size", unit: "bytes", width: 90 },
                { field: "Value #live", name: "Live", unit: "locale", width: 80 },
                { field: "Value #dead", name: "Dead", unit: "locale", width: 80 },
              ],
            }),
          ],
        ),
      ],
    },
    {
      title: "What services ask of it",
      lines: [
        line(
          9,
          [
            8,
            chart({
              title: "Statements",
              description: "Statements per second, by service.",
              unit: "reqps",
              queries: [
                promql("A", rate(statements, { where: ofPostgres, by: ["service.name"] }), {
                  legend: "{{service_name}}",
                }),
              ],
              valueLinks: [toService()],
            }),
          ],
          [
            8,
            chart({
              title: "Time of statements",
              description: "95 of 100 take no longer than this, with the wait for a connection, by service.",
              unit: "s",
              queries: [
                promql("A", quantile(0.95, statements, { where: ofPostgres, by: ["service.name"] }), {
                  legend: "{{service_name}}",
                  exemplars: true,
                }),
              ],
              valueLinks: [toService()],
            }),
          ],
          [
            8,
            chart({
              title: "Statements that fail",
              description: "Failed statements per second, by service and error. Nothing is normal.",
              unit: "reqps",
              quiet: "no statement fails",
              queries: [
                promql(
                  "A",
                  rate(statements, {
                    where: { ...ofPostgres, "error.type": { not: "" } },
                    by: ["service.name", "error.type"],
                  }),
                  { legend: "{{service_name}}: {{error_type}}" },
                ),
              ],
              valueLinks: [toService()],
            }),
          ],
        ),
        line(10, [
          24,
          table({
            title: "Statements",
            description:
              "What each statement costs: how often it is asked, how long it takes, and the time of both together. The one at the top is worth a look.",
            unit: "short",
            sortBy: "Time in all",
            queries: [
              promql(
                "rate",
                rate(statements, { where: ofPostgres, by: ["service.name", "db.query.summary"], window: "5m" }),
              ),
              promql(
                "p95",
                quantile(0.95, statements, {
                  where: ofPostgres,
                  by: ["service.name", "db.query.summary"],
                  window: "5m",
                }),
              ),
              promql(
                "total",
                `sum by (service_name, db_query_summary) (rate(${series(statements, ofPostgres, "_sum")}[5m]))`,
              ),
            ],
            columns: [
              { field: "service_name", name: "Service", width: 180, links: [toService(cell)] },
              { field: "db_query_summary", name: "Statement" },
              { field: "Value #rate", name: "Rate", unit: "reqps", decimals: 2, width: 130 },
              { field: "Value #p95", name: "95th pct", unit: "s", decimals: 1, width: 130 },
              { field: "Value #total", name: "Time in all", unit: "percentunit", decimals: 2, width: 130 },
            ],
          }),
        ]),
      ],
    },
  ],
};
