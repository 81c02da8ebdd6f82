import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { expect, it } from "vitest";
import { ScenarioService } from "../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { api } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { startNativeMesh } from "./native-mesh.ts";

it("a service of the mesh is started anew when the scenarios are asked to, and is told how it is scaled", async () => {
  const mesh = await startNativeMesh({ engines: [], replicas: new Map([["quote", 2]]), restarts: true });
  try {
    const { stack } = mesh;
    const client = createClient(ScenarioService, createConnectTransport({ baseUrl: stack.url, httpVersion: "1.1" }));
    const names = ["quote", "quote-2"];
    const before = names.map((name) => stack.program(name).pid);
    const { mitigation: begun } = await client.mitigate({
      action: { kind: { case: "restart", value: { service: "quote" } } },
    });
    await eventually(async () => {
      const { mitigation } = await client.getMitigation({ mitigationId: begun?.id ?? "" });
      expect(mitigation).toMatchObject({
        done: "The 2 processes of quote were ended one after the other, and started anew.",
        failure: "",
      });
    }, 60_000);
    for (const [index, name] of names.entries()) {
      expect(stack.program(name).isReady).toBe(true);
      expect(stack.program(name).pid).not.toBe(before[index]);
    }
    const scaling = client.mitigate({ action: { kind: { case: "scale", value: { service: "quote", replicas: 3 } } } });
    await expect(scaling).rejects.toThrow("npm run stack -- --replicas quote=3");
    expect((await api(stack.url, "/api/products")).status).toBe(200);
  } finally {
    await mesh.remove();
  }
}, 180_000);
