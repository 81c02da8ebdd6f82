import { type Html, html } from "./html.ts";

const style = `
:root{color-scheme:light dark;--ink:#1b1e33;--soft:#5c6078;--ground:#f3f4fa;--card:#fff;--line:#d9dbe8;--link:#3b45a8}
@media(prefers-color-scheme:dark){:root{--ink:#eceefc;--soft:#a6abcb;--ground:#12142a;--card:#1b1e3a;--line:#333866;--link:#aab4ff}}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem}h1{font-size:1.5rem;margin:0 0 .25rem}p{color:var(--soft)}
a{color:var(--link)}
`;

/**
 * A page without a framework, in the shop's look, light and dark.
 *
 * @param options.style rules of its own
 */
export function plainPage(options: { readonly title: string; readonly content: Html; readonly style?: string }): Html {
  const { title, content, style: own = "" } = options;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${{ html: style + own }}</style></head><body><main>${content}</main></body></html>`;
}
