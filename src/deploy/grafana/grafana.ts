import { type RenderedFile, yamlFile } from "../rendered-file.ts";
import { dashboardJson } from "./dashboard.ts";
import { dashboards } from "./dashboards.ts";
import { datasourceFiles } from "./datasources.ts";

/** Where Grafana looks for what is mounted from otel/grafana. */
const mounted = "/etc/grafana";

/** What Grafana is started with: how it is served, where it asks, and what it shows. */
export function grafanaFiles(): readonly RenderedFile[] {
  return [
    { path: "otel/grafana/grafana.ini", text: settings() },
    ...datasourceFiles(),
    yamlFile("otel/grafana/provisioning/dashboards/dashboards.yaml", "src/deploy/grafana/grafana.ts", {
      apiVersion: 1,
      providers: [
        {
          name: "orrery",
          folder: "Orrery",
          folderUid: "orrery",
          type: "file",
          // Of what is committed there is one truth; copies may be made, and kept.
          allowUiUpdates: false,
          updateIntervalSeconds: 30,
          options: { path: `${mounted}/dashboards`, foldersFromFilesStructure: false },
        },
      ],
    }),
    ...dashboards.map((dashboard) => ({
      path: `otel/grafana/dashboards/${dashboard.uid}.json`,
      text: `${JSON.stringify(dashboardJson(dashboard), null, 2)}\n`,
    })),
  ];
}

function settings(): string {
  const [home] = dashboards;
  const sections: readonly (readonly [
    name: string,
    values: Readonly<Record<string, string | number | boolean>>,
    why?: string,
  ])[] = [
    [
      "server",
      {
        http_port: 3000,
        root_url: "%(protocol)s://%(domain)s/grafana/",
        serve_from_sub_path: true,
      },
      "Behind the front proxy, which passes /grafana/ on as it comes. Links are relative to where a browser is.",
    ],
    [
      "auth.anonymous",
      { enabled: true, org_role: "Viewer", hide_version: true },
      "Whoever reaches the front port may look, and change nothing.",
    ],
    [
      "security",
      {
        admin_user: "$__env{GRAFANA_ADMIN_USER}",
        admin_password: "$__env{GRAFANA_ADMIN_PASSWORD}",
        disable_gravatar: true,
      },
      "Who may change things, by two variables; while they are not set, nobody may.",
    ],
    ["users", { allow_sign_up: false, allow_org_create: false, default_theme: "system" }],
    [
      "dashboards",
      { default_home_dashboard_path: `${mounted}/dashboards/${home?.uid}.json`, min_refresh_interval: "5s" },
    ],
    [
      "live",
      { max_connections: 200, allowed_origins: "http://localhost:*, http://127.0.0.1:*" },
      "Dashboards are told of changes by a WebSocket, which asks whence a page came: GF_LIVE_ALLOWED_ORIGINS for other hosts.",
    ],
    [
      "analytics",
      {
        enabled: false,
        reporting_enabled: false,
        check_for_updates: false,
        check_for_plugin_updates: false,
        feedback_links_enabled: false,
      },
      "Nothing is asked of, or told to, anybody outside.",
    ],
    ["news", { news_feed_enabled: false }],
    ["plugins", { preinstall_disabled: true, plugin_admin_enabled: false }],
    ["snapshots", { external_enabled: false }],
    [
      "unified_alerting",
      { enabled: true, execute_alerts: false },
      "Alerts are Prometheus's; they are shown, not judged again.",
    ],
    ["log", { mode: "console", level: "warn" }],
    ["metrics", { enabled: false }],
  ];
  const lines = sections.map(([name, values, why]) =>
    [
      ...(why === undefined ? [] : [`; ${why}`]),
      `[${name}]`,
      ...Object.entries(values).map(([key, value]) => `${key} = ${value}`),
    ].join("\n"),
  );
  return `; Rendered from src/deploy/grafana/grafana.ts: change it there.\n\n${lines.join("\n\n")}\n`;
}
