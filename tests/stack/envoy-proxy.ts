import { envoy } from "../../src/stack/engines/envoy.ts";
import { startTestEngine, type TestEngine } from "./native-engine.ts";

export interface TestProxy extends TestEngine {
  /** Where it listens. */
  readonly url: string;
  /** The answer of its admin port. */
  admin(path: string, method?: "GET" | "POST"): Promise<string>;
}

/** Envoy before services; where they are, by the names of clusters, as `host:port`. */
export async function startProxy(addresses: Readonly<Record<string, string>>): Promise<TestProxy> {
  const proxy = await startTestEngine(envoy, addresses);
  return {
    ...proxy,
    url: `http://${proxy.engine.address}`,
    async admin(path, method = "GET") {
      const answer = await fetch(`http://127.0.0.1:${proxy.engine.ports.admin}${path}`, { method });
      return answer.text();
    },
  };
}
