import { expect, it } from "vitest";
import { routeOf } from "./routes.ts";

it.each([
  ["/", "frontend", "/"],
  ["/product/OLJCESPC7Z?x=1", "frontend", "/product/OLJCESPC7Z?x=1"],
  ["/api/products", "frontend", "/api/products"],
  ["/images/products/RoofBinoculars.jpg?w=320", "image-provider", "/products/RoofBinoculars.jpg?w=320"],
  ["/mail/", "email", "/"],
  ["/mail/123.html", "email", "/123.html"],
  ["/imagesx", "frontend", "/imagesx"],
])("%s goes to %s as %s", (url, service, forwarded) => {
  expect(routeOf(url)).toMatchObject({ kind: "forward", service, url: forwarded });
});

it("sends those who forget the slash to the folder", () => {
  expect(routeOf("/mail?format=json")).toEqual({ kind: "redirect", location: "/mail/?format=json" });
});
