/** Where the build puts the storefront. */
export const storefrontBundle = new URL("../../../dist/web/storefront/", import.meta.url);

const paths = [
  /^\/$/,
  /^\/product\/[^/]+$/,
  /^\/category\/[^/]+$/,
  /^\/search$/,
  /^\/cart$/,
  /^\/cart\/checkout\/[^/]+$/,
  /^\/orders$/,
];

/** Whether the storefront has a page at a path. */
export function isStorefrontPage(path: string): boolean {
  return paths.some((pattern) => pattern.test(path));
}
