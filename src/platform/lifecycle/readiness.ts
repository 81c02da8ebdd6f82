import { event } from "../../../gen/telemetry/registry.ts";
import type { Logger } from "../logging/logger.ts";
import type { HealthSource } from "../rpc/health.ts";
import type { RunningService, ServiceDeclaration } from "./service.ts";

const intervalMs = 1_000;

/** Asks the services of a process again and again whether they can serve, and tells when that changes. */
export class Readiness {
  readonly #services: ReadonlyMap<string, RunningService>;
  readonly #log: Logger;
  readonly #ready = new Map<string, boolean>();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(services: ReadonlyMap<string, RunningService>, log: Logger) {
    this.#services = services;
    this.#log = log;
  }

  /** Asks for the first time; then every second. */
  async begin(): Promise<void> {
    await this.#update();
    this.#schedule();
  }

  /** From now on nothing is ready. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** Whether a service, or everything when no name is given, is ready. */
  isReady(service?: string): boolean {
    if (this.#isOver) return false;
    if (service !== undefined) return this.#ready.get(service) ?? false;
    return [...this.#ready.values()].every((ready) => ready);
  }

  /** What a service last said of itself; undefined before the first time, and at a stop, which is no failure. */
  told(service: string): boolean | undefined {
    return this.#isOver ? undefined : this.#ready.get(service);
  }

  /** What a port says of the health of the services behind it. */
  healthOf(declarations: readonly ServiceDeclaration[]): HealthSource {
    return {
      status: (name) => {
        if (name === "liveness") return true;
        if (name === "" || name === "readiness") return declarations.every((each) => this.isReady(each.name));
        const owner = declarations.find(
          ({ name: own, rpc }) => own === name || rpc.some(({ typeName }) => typeName === name),
        );
        return owner === undefined ? undefined : this.isReady(owner.name);
      },
    };
  }

  #schedule(): void {
    if (this.#isOver) return;
    this.#timer = setTimeout(async () => {
      await this.#update();
      this.#schedule();
    }, intervalMs).unref();
  }

  async #update(): Promise<void> {
    await Promise.all([...this.#services].map(([name, service]) => this.#ask(name, service)));
  }

  /** Never fails: who cannot tell is not ready. */
  async #ask(name: string, service: RunningService): Promise<void> {
    const before = this.#ready.get(name);
    let ready = false;
    let error: unknown;
    try {
      ready = (await service.isReady?.()) ?? true;
    } catch (cause) {
      error = cause;
    }
    this.#ready.set(name, ready);
    if (before === ready || this.#isOver) return;
    const log = this.#log.child({ service: name });
    if (ready) log.info({ event: event.serviceReady }, "Ready");
    else if (error !== undefined) log.warn({ event: event.serviceNotReady, error }, "Not ready: it cannot tell");
    else if (before === true) {
      log.warn({ event: event.serviceNotReady }, "Not ready: something that it cannot do without does not answer");
    }
  }
}
