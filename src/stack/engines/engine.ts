import type { Tool } from "./tools.ts";

/**
 * A program that the mesh runs on and that is not ours: a broker, a proxy, a store. Users of docker compose get it as
 * an image; here it is fetched from a package registry and runs as a process of its own, with the same configuration.
 */
export interface Engine {
  readonly name: string;
  readonly version: string;
  /** What the shop has it for. */
  readonly purpose: string;
  /** What there is without it. */
  readonly withoutIt: string;
  /** Programs that must be on the machine to install it, and to run it. */
  readonly installsWith: readonly Tool[];
  readonly runsWith: readonly Tool[];
  /** Files that decide what an installation contains: when one changes, it is made anew. */
  readonly recipe: readonly URL[];
  /** The ports that it listens on, with their usual numbers; the first is the one that the shop uses. */
  readonly ports: Readonly<Record<string, number>>;
  /** Fills an empty folder. */
  install(folder: string, progress: InstallProgress): Promise<void>;
  /** Makes the data folder ready, once or again, and says how to run it. */
  prepare(place: EnginePlace): Promise<EngineCommand>;
}

/** What runs as a process beside this one, whoever made it. */
export type Program = Pick<Engine, "name" | "runsWith" | "ports" | "prepare">;

export interface InstallProgress {
  /** Says what is being done now. */
  doing(what: string): void;
  /** Takes what the programs say that do the work. */
  output(chunk: string): void;
}

/** Where one instance runs. */
export interface EnginePlace {
  /** The installation; of a program that has none, any folder. */
  readonly home: string;
  readonly dataDir: string;
  /** Port numbers on the loopback interface, by the names in {@link Engine.ports}. */
  readonly ports: Readonly<Record<string, number>>;
  /** Settings of the configuration file that shall be others; by the engine's own names. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface EngineCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether it can serve, by what it has printed since its start or by asking it. */
  isReady(output: string): boolean | Promise<boolean>;
  /** How long it may take to get ready, and to stop, in milliseconds. */
  readonly readyWithinMs: number;
  readonly stopWithinMs: number;
}

/** What a person can put right: one line that says what is missing. */
export class EngineError extends Error {
  override readonly name = "EngineError";
}
