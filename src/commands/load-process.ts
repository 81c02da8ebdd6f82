import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { forwardHttp } from "../platform/http/forward.ts";
import { sendProblem, titleOf } from "../platform/http/problem.ts";
import { freePort } from "../platform/lifecycle/free-port.ts";
import type { HttpHandler } from "../platform/rpc/rpc-handler.ts";
import type { TelemetrySink } from "../platform/telemetry/sink.ts";
import type { ChildMessage, ParentKind } from "./parent-process.ts";

/** After this it is ended without being asked, in milliseconds. */
const stopMs = 4_000;

/** A heap that fits what it does; the rest of the machine is the shop's. */
const nodeArguments = ["--max-semi-space-size=2", "--max-old-space-size=128"];

/** The load generator in a process of its own beside a shop, so that what it costs is not counted to the shop. */
export class LoadProcess {
  readonly #port: number;
  #child: ChildProcess | undefined;
  #forward: HttpHandler | undefined;

  private constructor(port: number) {
    this.#port = port;
  }

  /** Chooses a port for it; starts nothing. */
  static async make(): Promise<LoadProcess> {
    return new LoadProcess(await freePort());
  }

  /** Where it is controlled, once it runs. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Answers for it: `/loadgen/` of the shop leads here. */
  readonly http: HttpHandler = (request, response) => {
    if (this.#forward !== undefined) return this.#forward(request, response);
    sendProblem(response, {
      status: 503,
      title: titleOf(503),
      detail: "The load generator does not run at the moment; it starts a little after the shop.",
      reason: "NO_LOAD_GENERATOR",
    });
  };

  /** @param options.sink takes its telemetry */
  start(options: {
    readonly target: string;
    readonly users?: number;
    /** The shop's flags, which it follows, too. */
    readonly flagFile?: string;
    /** What it is told beside this process's own environment. */
    readonly environment?: Readonly<Record<string, string>>;
    readonly sink?: TelemetrySink;
    readonly logLevel: string;
  }): void {
    const { target, users, flagFile, sink, logLevel, environment } = options;
    const kind: ParentKind = sink === undefined ? "plain" : "takes-telemetry";
    const child = spawn(
      process.execPath,
      [...nodeArguments, process.argv[1] ?? "", "serve", "load-generator", "--parent", kind],
      {
        env: {
          LOG_LEVEL: logLevel,
          ...process.env,
          ...environment,
          LOAD_GENERATOR_PORT: String(this.#port),
          ...(flagFile === undefined ? {} : { FLAGD_FILE: flagFile }),
          K6_TARGET_URL: target,
          ...(users === undefined ? {} : { LOAD_GENERATOR_VUS: String(users) }),
        },
        stdio: ["ignore", "inherit", "inherit", "ipc"],
        serialization: "advanced",
      },
    );
    this.#child = child;
    child.on("message", (message: ChildMessage) => {
      if (message.kind === "telemetry") sink?.accept(message.signal, message.request);
      else this.#forward = forwardHttp([`http://127.0.0.1:${message.ports["load-generator"]}`]);
    });
    child.once("exit", () => {
      this.#forward = undefined;
    });
    child.once("error", (error) => process.stderr.write(`The load generator cannot be started: ${error.message}\n`));
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const patience = setTimeout(() => child.kill("SIGKILL"), stopMs);
    await ended;
    clearTimeout(patience);
  }
}
