import { services } from "../src/services/index.ts";

/** Settings by which every service listens on a port that is free. */
export const freePorts: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    services.flatMap(({ port, otherPorts = [] }) => [port, ...otherPorts].map(({ variable }) => [variable, "0"])),
  ),
  AD_PROMETHEUS_PORT: "0",
};
