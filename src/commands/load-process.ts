import { forwardHttp } from "../platform/http/forward.ts";
import { sendProblem, titleOf } from "../platform/http/problem.ts";
import { freePort } from "../platform/lifecycle/free-port.ts";
import type { HttpHandler } from "../platform/rpc/rpc-handler.ts";
import type { TelemetrySink } from "../platform/telemetry/sink.ts";
import { type ChildProcess, startChildProcess } from "./child-process.ts";

/** A heap that fits what it does; the rest of the machine is the shop's. */
const heapMb = 128;

/** The load generator in a process of its own beside a shop, so that what it costs is not counted to the shop. */
export class LoadProcess {
  readonly #port: number;
  #child: ChildProcess | undefined;
  #isStopping = false;
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
    const child = startChildProcess({
      service: "load-generator",
      heapMb,
      sinks: sink === undefined ? [] : [sink],
      environment: {
        LOG_LEVEL: logLevel,
        ...process.env,
        ...environment,
        LOAD_GENERATOR_PORT: String(this.#port),
        ...(flagFile === undefined ? {} : { FLAGD_FILE: flagFile }),
        K6_TARGET_URL: target,
        ...(users === undefined ? {} : { LOAD_GENERATOR_VUS: String(users) }),
      },
    });
    this.#child = child;
    void child.ports.then((ports) => {
      this.#forward = forwardHttp([`http://127.0.0.1:${ports["load-generator"]}`]);
    });
    void child.ended.then((reason) => {
      this.#forward = undefined;
      if (!this.#isStopping) process.stderr.write(`The load generator has ended: ${reason}\n`);
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#child?.end();
  }
}
