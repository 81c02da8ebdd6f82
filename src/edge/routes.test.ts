import { expect, it } from "vitest";
import { routeOf } from "./routes.ts";

it.each([
  ["/", "frontend", "/"],
  ["/product/OLJCESPC7Z?x=1", "frontend", "/product/OLJCESPC7Z?x=1"],
  ["/api/products", "frontend", "/api/products"],
  ["/images/products/RoofBinoculars.jpg?w=320", "image-provider", "/products/RoofBinoculars.jpg?w=320"],
  ["/mail/", "email", "/"],
  ["/mail/123.html", "email", "/123.html"],
  ["/loadgen/api/v1/status", "load-generator", "/api/v1/status"],
  ["/imagesx", "frontend", "/imagesx"],
])("%s goes to %s as %s", (url, service, forwarded) => {
  expect(routeOf(url)).toMatchObject({ kind: "forward", service, url: forwarded });
});

it("sends those who forget the slash to the folder", () => {
  expect(routeOf("/mail?format=json")).toEqual({ kind: "redirect", location: "/mail/?format=json" });
});

it.each(["/mail/send_order_confirmation", "/mail/oteldemo.EmailService/SendOrderConfirmation", "/images/x.svg"])(
  "nobody gets at %s but to read",
  (url) => {
    expect(routeOf(url, "POST")).toMatchObject({ kind: "refuse", allow: "GET, HEAD" });
    expect(routeOf(url, "HEAD")).toMatchObject({ kind: "forward" });
  },
);

it("what only the mesh has is a page like any other, which there is not", () => {
  expect(routeOf("/grafana/d/1")).toMatchObject({ kind: "forward", service: "frontend", url: "/grafana/d/1" });
});
