import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Manifest } from "./manifest.ts";
import { negotiate, type PictureRequest } from "./negotiate.ts";

const manifest: Manifest = JSON.parse(await readFile(new URL("./static/manifest.json", import.meta.url), "utf8"));
const binoculars = "/products/RoofBinoculars.jpg";
const chrome = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

function answer(request: PictureRequest): string {
  const negotiated = negotiate(manifest, request);
  return negotiated.kind === "found" ? negotiated.rendition.file : negotiated.kind;
}

describe("the format", () => {
  test.each([
    [chrome, "avif"],
    ["image/webp,*/*", "webp"],
    ["*/*", "jpg"],
    ["image/*", "jpg"],
    ["", "jpg"],
    ["text/html", "jpg"],
    ["image/avif;q=0,image/webp;q=0.5,image/jpeg", "jpg"],
    ["image/avif;q=0.4, image/webp ; q=0.9, image/jpeg;q=0.1", "webp"],
    ["IMAGE/AVIF", "avif"],
    ["image/avif;q=high,image/webp", "webp"],
  ])("for Accept %j is %s", (accept, format) => {
    expect(answer({ path: binoculars, accept })).toBe(`products/RoofBinoculars-1280.${format}`);
  });

  test("falls back to JPEG when no Accept header is sent", () => {
    expect(answer({ path: binoculars })).toBe("products/RoofBinoculars-1280.jpg");
  });

  test("keeps the logo transparent", () => {
    expect(answer({ path: "/opentelemetry-demo-logo.png", accept: "*/*" })).toBe("opentelemetry-demo-logo-640.png");
  });

  test("is announced with its content type and varies with Accept", () => {
    expect(negotiate(manifest, { path: "/Banner.png", accept: chrome, width: "800" })).toMatchObject({
      rendition: { file: "Banner-800.avif" },
      contentType: "image/avif",
      varies: true,
    });
  });

  test("of a vector is SVG and never varies", () => {
    expect(negotiate(manifest, { path: "/favicon.svg", accept: chrome })).toMatchObject({
      rendition: { file: "favicon.svg" },
      contentType: "image/svg+xml",
      varies: false,
    });
  });
});

describe("the width", () => {
  test("is the one asked for", () => {
    expect(answer({ path: binoculars, width: "320" })).toBe("products/RoofBinoculars-320.jpg");
  });

  test.each(["0", "321", "0320", " 320", "320px", "-320", "1e3", "", "__proto__", "toString"])(
    "%j is refused",
    (width) => {
      expect(answer({ path: binoculars, width })).toBe("bad-width");
    },
  );

  test("when refused is named together with what is offered", () => {
    expect(negotiate(manifest, { path: binoculars, width: "500" })).toEqual({
      kind: "bad-width",
      message: `width "500" is not offered for ${binoculars}: use one of 320, 640, 1280`,
    });
  });

  test("is refused for a vector", () => {
    expect(answer({ path: "/orrery-logo.svg", width: "320" })).toBe("bad-width");
  });
});

describe("the path", () => {
  test.each(["/", "", "/manifest.json", "/products/", "/products/RoofBinoculars-320.jpg", "/__proto__", "constructor"])(
    "%j is not found",
    (path) => {
      expect(answer({ path })).toBe("not-found");
    },
  );

  const step = fc.constantFrom(
    "..",
    ".",
    "%2e%2e",
    "..%2f",
    "..\\",
    "products",
    "etc",
    "passwd",
    "",
    "\0",
    "RoofBinoculars.jpg",
  );
  const traversal = fc.array(step, { maxLength: 8 }).map((steps) => `/${steps.join("/")}`);

  test("finds a picture only under its own name, whatever is asked", () => {
    fc.assert(
      fc.property(fc.oneof(traversal, fc.string()), (path) => {
        expect(answer({ path }) === "not-found").toBe(!Object.hasOwn(manifest.pictures, path));
      }),
    );
  });

  test("always leads to a file that the manifest lists", () => {
    const files = new Set(
      Object.values(manifest.pictures).flatMap((picture) =>
        picture.kind === "vector"
          ? [picture.rendition.file]
          : Object.values(picture.widths).flatMap((formats) => Object.values(formats).map(({ file }) => file)),
      ),
    );
    const anyPath = fc.oneof(fc.constantFrom(...Object.keys(manifest.pictures)), traversal);
    const anyWidth = fc.option(fc.oneof(fc.constantFrom("320", "640", "800"), fc.string()), { nil: undefined });
    fc.assert(
      fc.property(anyPath, anyWidth, fc.string(), (path, width, accept) => {
        const negotiated = negotiate(manifest, { path, width, accept });
        if (negotiated.kind === "found") expect(files).toContain(negotiated.rendition.file);
      }),
    );
  });
});
