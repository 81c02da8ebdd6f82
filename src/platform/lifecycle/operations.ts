/** What an operator does to the services of a system; each is refused by {@link OperationRefused} where it cannot be done. */
export interface Operations {
  /** Throws unless {@link Operations.restart} can do it. */
  checkRestart(service: string): void;
  /** Starts a service anew, so that nothing of what it had in memory is left; says what was done. */
  restart(service: string): Promise<string>;
  /** Throws unless {@link Operations.scale} can do it. */
  checkScale(service: string, replicas: number): void;
  /** Gives a service so many processes; returns when all of them serve, and says what was done. */
  scale(service: string, replicas: number): Promise<string>;
  /** Takes back what {@link Operations.scale} has done. */
  unscale(): Promise<void>;
}

/** It cannot be done where the service runs; the message tells why, and what an operator does there instead. */
export class OperationRefused extends Error {
  override readonly name = "OperationRefused";
}
