import { ConfigError, type Environment, text } from "../platform/config/environment.ts";
import { type RenderedFile, yamlFile } from "./rendered-file.ts";
import { type Team, teams } from "./teams.ts";

/** Where a team's alerts go; nowhere but Alertmanager's own list unless told. */
export interface Receiver {
  readonly pagerDutyKey?: string;
  /** An incoming webhook, which has its channel. */
  readonly slackUrl?: string;
  readonly email?: {
    readonly to: string;
    readonly from: string;
    /** `host:port`. */
    readonly server: string;
    readonly login?: { readonly name: string; readonly password: string };
  };
  readonly webhookUrl?: string;
}

export type Receivers = Partial<Readonly<Record<Team, Receiver>>>;

/**
 * Reads receivers from variables such as those of otel/alertmanager/receivers.env. One that ends with a team's name,
 * ALERT_SLACK_URL_ORDERS say, is for that team and goes before the general one.
 *
 * @throws ConfigError when mail is to be sent and it is not said from where
 */
export function alertReceivers(environment: Environment): Receivers {
  return Object.fromEntries(teams.map((team) => [team, receiverOf(team, environment)]));
}

/** Whether anybody is to be told of anything. */
export function hasReceivers(receivers: Receivers): boolean {
  return Object.values(receivers).some((receiver) => Object.keys(receiver).length > 0);
}

function receiverOf(team: Team, environment: Environment): Receiver {
  const value = (name: string) => text(environment, `${name}_${team.toUpperCase()}`) ?? text(environment, name);
  const pagerDutyKey = value("ALERT_PAGERDUTY_KEY");
  const slackUrl = value("ALERT_SLACK_URL");
  const webhookUrl = value("ALERT_WEBHOOK_URL");
  const to = value("ALERT_EMAIL_TO");
  return {
    ...(pagerDutyKey === undefined ? {} : { pagerDutyKey }),
    ...(slackUrl === undefined ? {} : { slackUrl }),
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
    ...(to === undefined ? {} : { email: { to, ...mailServer(value) } }),
  };
}

function mailServer(value: (name: string) => string | undefined) {
  const server = value("ALERT_EMAIL_SERVER");
  const from = value("ALERT_EMAIL_FROM");
  if (server === undefined || from === undefined) {
    throw new ConfigError(
      "ALERT_EMAIL_TO needs ALERT_EMAIL_SERVER, such as mail.example.com:587, and ALERT_EMAIL_FROM.",
    );
  }
  const name = value("ALERT_EMAIL_USERNAME");
  const password = value("ALERT_EMAIL_PASSWORD");
  return { server, from, ...(name === undefined || password === undefined ? {} : { login: { name, password } }) };
}

export interface AlertmanagerOptions {
  readonly receivers?: Receivers;
  /** How long alerts of a kind are waited for, to be told at once. */
  readonly groupWaitSeconds?: number;
}

/** What Alertmanager is started with: who is told of what, and how urgently. */
export function alertmanagerFiles(options: AlertmanagerOptions = {}): readonly RenderedFile[] {
  const { receivers = {}, groupWaitSeconds = 10 } = options;
  const severities = ["page", "ticket"] as const;
  const configuration = {
    route: {
      receiver: "nobody",
      group_by: ["service", "severity"],
      group_wait: `${groupWaitSeconds}s`,
      group_interval: "1m",
      repeat_interval: "4h",
      routes: teams.map((team) => ({
        matchers: [`team="${team}"`],
        receiver: `${team}-ticket`,
        routes: [{ matchers: ['severity="page"'], receiver: `${team}-page`, repeat_interval: "1h" }],
      })),
    },
    // Who is called for a service need not be written to about it.
    inhibit_rules: [
      { source_matchers: ['severity="page"'], target_matchers: ['severity="ticket"'], equal: ["service"] },
    ],
    receivers: [
      { name: "nobody" },
      ...teams.flatMap((team) =>
        severities.map((severity) => ({ name: `${team}-${severity}`, ...integrations(receivers[team], severity) })),
      ),
    ],
  };
  return [yamlFile("otel/alertmanager/alertmanager.yml", "src/deploy/alertmanager.ts", configuration)];
}

/** PagerDuty is for what wants somebody now; the others get everything. */
function integrations(receiver: Receiver = {}, severity: "page" | "ticket") {
  const { pagerDutyKey, slackUrl, email, webhookUrl } = receiver;
  const title = "{{ .GroupLabels.severity }} for {{ .GroupLabels.service }}";
  const body = "{{ range .Alerts }}{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}";
  return {
    ...(pagerDutyKey === undefined || severity !== "page"
      ? {}
      : { pagerduty_configs: [{ routing_key: pagerDutyKey, description: title, severity: "critical" }] }),
    ...(slackUrl === undefined
      ? {}
      : { slack_configs: [{ api_url: slackUrl, title, text: body, send_resolved: true }] }),
    ...(email === undefined
      ? {}
      : {
          email_configs: [
            {
              to: email.to,
              from: email.from,
              smarthost: email.server,
              ...(email.login === undefined
                ? {}
                : { auth_username: email.login.name, auth_password: email.login.password }),
              headers: { Subject: title },
              send_resolved: true,
            },
          ],
        }),
    ...(webhookUrl === undefined ? {} : { webhook_configs: [{ url: webhookUrl, send_resolved: true }] }),
  };
}
