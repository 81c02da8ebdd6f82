import { OperationRefused, type Operations } from "./operations.ts";
import type { OwnProcess } from "./own-process.ts";
import { within } from "./within.ts";

/** A machine that is busy takes so long to start processes, in milliseconds. */
const settlesWithinMs = 120_000;
/** A machine that is large enough for the shop has room for so many more processes of a hundred megabytes. */
const maxReplicas = 12;

export interface ShopOperationsOptions {
  /** Of the services that can move, by name; filled when all of them have started. */
  readonly processes: ReadonlyMap<string, OwnProcess>;
  /** Told when a service starts anew in the shop's own process. */
  readonly told: (service: string, what: "stopping" | "started") => void;
}

/** What can be done to services that share a process, each of which can have processes of its own. */
export class ShopOperations implements Operations {
  readonly #options: ShopOperationsOptions;
  readonly #replicas = new Map<string, number>();

  constructor(options: ShopOperationsOptions) {
    this.#options = options;
  }

  /** The processes of its own that a service has been given by {@link scale}. */
  replicasOf(service: string): number {
    return this.#replicas.get(service) ?? 0;
  }

  checkRestart(service: string): void {
    this.#find(service, "restarted");
  }

  checkScale(service: string, replicas: number): void {
    this.#find(service, "scaled");
    const others = [...this.#replicas].filter(([name]) => name !== service);
    const count = others.reduce((sum, [, each]) => sum + each, replicas);
    if (replicas === 1 || count <= maxReplicas) return;
    throw new OperationRefused(
      `There would be ${count} processes beside the shop, and there may be ${maxReplicas}: scale ${others.map(([name]) => name).join(", ")} to 1 first.`,
    );
  }

  async restart(service: string): Promise<string> {
    const own = this.#find(service, "restarted");
    const isHere = own.isHere;
    if (isHere) this.#options.told(service, "stopping");
    const replaced = await own.restart();
    if (isHere) this.#options.told(service, "started");
    if (replaced === 0) return `${service} was started anew; it shares the process of the shop, which goes on.`;
    return replaced === 1
      ? `${service} was given a new process; the old one has ended.`
      : `${service} was given ${replaced} new processes, one after the other; the old ones have ended.`;
  }

  async scale(service: string, replicas: number): Promise<string> {
    const own = this.#find(service, "scaled");
    if (replicas > 1) this.#replicas.set(service, replicas);
    else this.#replicas.delete(service);
    await within(settlesWithinMs, own.settled(), `${service} does not serve in all of its processes yet.`);
    if (replicas > 1) return `${service} runs as ${replicas} processes of its own, which are called in turn.`;
    return own.isHere
      ? `${service} runs once, in the process of the shop.`
      : `${service} runs once, as a process of its own.`;
  }

  async unscale(): Promise<void> {
    const scaled = [...this.#replicas.keys()];
    this.#replicas.clear();
    await Promise.all(scaled.map((service) => this.#options.processes.get(service)?.settled()));
  }

  #find(service: string, what: string): OwnProcess {
    const found = this.#options.processes.get(service);
    if (found !== undefined) return found;
    throw new OperationRefused(
      `${service} cannot be ${what} without the shop, which runs in one process: end npm start with Ctrl-C and start it again. Others can: ${[...this.#options.processes.keys()].join(", ")}.`,
    );
  }
}
