import { expect, it } from "vitest";
import { parse } from "yaml";
import { Health } from "../../../gen/grpc/health/v1/health_pb.ts";
import { folders } from "../../edge/routes.ts";
import { frontendProxy } from "../../edge/service.ts";
import { cart } from "../../services/cart/service.ts";
import { services } from "../../services/index.ts";
import { renderYaml } from "../yaml.ts";
import { envoyConfiguration } from "./configuration.ts";

interface Route {
  readonly name: string;
  readonly match: { readonly path?: string; readonly prefix?: string };
  readonly route?: { readonly cluster: string; readonly timeout: string; readonly retry_policy?: unknown };
}

const text = renderYaml(envoyConfiguration({ services, version: "1.2.3" }), "Head.");
const { static_resources } = parse(text);
const routes: readonly Route[] =
  static_resources.listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts[0].routes;
const clusters: readonly { readonly name: string }[] = static_resources.clusters;

const pathOf = (method: { readonly name: string; readonly parent: { readonly typeName: string } }) =>
  `/${method.parent.typeName}/${method.name}`;

it("every service behind the front proxy has a cluster on its own port", () => {
  const addresses = new Map(
    static_resources.clusters.map((cluster: never) => {
      const { name, load_assignment } = cluster as { name: string; load_assignment: never };
      const [{ lb_endpoints }] = (load_assignment as { endpoints: never }).endpoints as [{ lb_endpoints: never }];
      const [{ endpoint }] = lb_endpoints as [{ endpoint: { address: { socket_address: unknown } } }];
      return [name, endpoint.address.socket_address];
    }),
  );
  for (const name of frontendProxy.calls) {
    const port = services.find((service) => service.name === name)?.port.fallback;
    expect(addresses.get(name)).toEqual({ address: name, port_value: port });
  }
});

it("a service that is added has its routes, with nothing else to be done", () => {
  const wishlist = { ...cart, name: "wishlist", port: { variable: "WISHLIST_PORT", fallback: 8091 }, rpc: [Health] };
  const rendered = renderYaml(envoyConfiguration({ services: [...services, wishlist], version: "1.2.3" }), "");
  expect(rendered).toContain("- name: wishlist\n");
  expect(rendered).toContain("route: { cluster: wishlist, timeout: 17s, retry_policy: *retry-reads }");
});

it("no route leads to a cluster that there is not", () => {
  const known = clusters.map(({ name }) => name);
  for (const { route } of routes) if (route !== undefined) expect(known).toContain(route.cluster);
});

it.each(services.flatMap(({ name, internal = [] }) => internal.map((method) => [pathOf(method), name])))(
  "%s, which is for the other services, is passed on to nobody",
  (path) => {
    const matching = routes.filter(({ match }) => match.path === path);
    expect(matching).toHaveLength(3);
    for (const { route } of matching) expect(route).toBeUndefined();
  },
);

it("what has an effect is repeated by no policy of its own", () => {
  const repeated = routes.filter(({ route }) => route?.retry_policy !== undefined).map(({ name }) => name);
  expect(repeated).toContain("/oteldemo.CartService/GetCart");
  for (const { rpc } of services) {
    for (const method of rpc.flatMap(({ methods }) => methods)) {
      if (method.idempotency === 0) expect(repeated).not.toContain(pathOf(method));
    }
  }
  expect(repeated).not.toContain("/api/cart");
  expect(repeated).not.toContain("/api/checkout");
});

it("streams have no end, and everything else has", () => {
  const endless = routes.filter(({ route }) => route?.timeout === "0s").map(({ name }) => name);
  expect(endless).toEqual([
    "/flagd.evaluation.v1.Service/EventStream",
    "/flagd.evaluation.v2.Service/EventStream",
    "/flagd.sync.v1.FlagSyncService/SyncFlags",
    "/orrery.flags.v1.FlagService/Watch",
    "/orrery.observatory.v1.ObservatoryService/Watch",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/flagservice/*",
    "/grafana/api/live/*",
  ]);
});

it("every folder of the route table is there, in its order", () => {
  const prefixes = routes.flatMap(({ name, match }) => (match.prefix === undefined ? [] : [{ name, ...match }]));
  const inOrder = [...new Set(prefixes.map(({ name }) => name.replace(/\*$/, "")))];
  const wanted = folders.map(({ prefix }) => prefix);
  expect(inOrder.filter((prefix) => wanted.includes(prefix))).toEqual(wanted);
});

it("a person can read it: remarks, and lines that fit a screen", () => {
  expect(text).toMatch(/^# Head\.\n/);
  expect(text.match(/^ +# /gm)?.length).toBeGreaterThan(20);
  expect(text).toContain("# For the same machine or container only: it can end the proxy.\nadmin:");
  const long = text
    .split("\n")
    .filter((line) => line.length > 130 && !/@type|value: [\w"]|inline_string|expression|# /.test(line));
  expect(long).toEqual([]);
});
