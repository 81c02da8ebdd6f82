import { type Environment, text } from "../config/environment.ts";
import { OperationRefused, type Operations } from "./operations.ts";

/**
 * What can be done to services whose processes are not this one's: those of the mesh on this machine are restarted by
 * the program that runs them; of others, the operator is told how.
 */
export function operationsElsewhere(environment: Environment): Operations {
  const stack = text(environment, "ORRERY_STACK_CONTROL");
  const isInCluster = text(environment, "KUBERNETES_SERVICE_HOST") !== undefined;
  function refuse(what: string, command: string): never {
    throw new OperationRefused(`${what} Do it yourself: ${command}`);
  }
  function checkRestart(service: string): void {
    if (stack !== undefined) return;
    const who =
      "This shop's services cannot be started anew from here: what runs them is not in the reach of a service.";
    refuse(who, isInCluster ? `kubectl rollout restart deployment/${service}` : `docker compose restart ${service}`);
  }
  function checkScale(service: string, replicas: number): void {
    if (stack !== undefined) {
      refuse(
        "In the mesh on this machine, services know the replicas of others from their start on.",
        `end npm run stack with Ctrl-C, and npm run stack -- --replicas ${service}=${replicas}`,
      );
    }
    refuse(
      "This shop's services cannot be given replicas from here: what runs them is not in the reach of a service.",
      isInCluster
        ? `kubectl scale deployment/${service} --replicas ${replicas}`
        : `docker compose up --detach --no-recreate --scale ${service}=${replicas} ${service}`,
    );
  }
  return {
    checkRestart,
    async restart(service) {
      checkRestart(service);
      const response = await fetch(`${stack}/restart/${service}`, { method: "POST" }).catch((cause: unknown) => {
        throw new Error("The program that runs the mesh cannot be reached.", { cause });
      });
      const answer = await response.text();
      if (response.ok) return answer;
      throw new Error(answer);
    },
    checkScale,
    async scale(service, replicas) {
      checkScale(service, replicas);
      return "";
    },
    async unscale() {},
  };
}
