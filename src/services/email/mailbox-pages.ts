import { type Html, html } from "../../platform/http/html.ts";
import { plainPage } from "../../platform/http/plain-page.ts";
import { problemOf, sendProblem, titleOf } from "../../platform/http/problem.ts";
import type { HttpHandler, HttpResponse } from "../../platform/rpc/rpc-handler.ts";
import type { MailStore, StoredMail } from "./store.ts";

const shown = 200;

const style = `
ul{list-style:none;margin:1rem 0;padding:0;background:var(--card);border:1px solid var(--line);border-radius:12px}
li{padding:.75rem 1rem;border-top:1px solid var(--line);overflow-wrap:anywhere}li:first-child{border-top:0}
small{color:var(--soft);display:block}pre,iframe{width:100%;box-sizing:border-box;background:#fff;color:#1b1e33;border:1px solid var(--line);border-radius:12px}
iframe{height:44rem}pre{padding:1rem;overflow:auto;white-space:pre-wrap}
`;

/**
 * The outbox as web pages: `/` lists the mails, `/{order id}` shows one, `/{order id}.html` and `.txt` are its two
 * forms as they are sent, `/?format=json` is the list for programs.
 */
export function mailboxPages(store: MailStore): HttpHandler {
  return (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      sendProblem(response, { status: 405, title: titleOf(405) });
      return;
    }
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    answer(store, path, new URLSearchParams(query), response).catch((error) => sendProblem(response, problemOf(error)));
  };
}

async function answer(store: MailStore, path: string, query: URLSearchParams, response: HttpResponse): Promise<void> {
  if (path === "/") {
    const mails = await store.list(shown);
    if (query.get("format") === "json") {
      return send(response, "application/json", JSON.stringify(mails.map(({ html: _, text: __, ...head }) => head)));
    }
    return send(response, "text/html; charset=utf-8", listPage(mails).html);
  }
  const [, orderId = "", form] = /^\/([^/]{1,64}?)(?:\.(html|txt))?$/.exec(decodePath(path)) ?? [];
  const mail = orderId === "" || orderId.includes("\0") ? undefined : await store.find(orderId);
  if (mail === undefined) {
    return sendProblem(response, { status: 404, title: titleOf(404), detail: "There is no mail for such an order." });
  }
  if (form === "html") return send(response, "text/html; charset=utf-8", mail.html);
  if (form === "txt") return send(response, "text/plain; charset=utf-8", mail.text);
  return send(response, "text/html; charset=utf-8", mailPage(mail).html);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}

function send(response: HttpResponse, contentType: string, body: string): void {
  response.setHeader("content-type", contentType);
  response.setHeader("cache-control", "no-store");
  response.setHeader(
    "content-security-policy",
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'self'",
  );
  response.setHeader("x-content-type-options", "nosniff");
  response.end(body);
}

function page(title: string, content: Html): Html {
  return plainPage({ title, content, style });
}

function listPage(mails: readonly StoredMail[]): Html {
  const list = html`<ul>${mails.map(
    (mail) => html`<li><a href="/mail/${mail.orderId}">${mail.subject}</a>
    <small>to ${mail.recipient}, ${mail.writtenAt.toISOString()}, ${stateOf(mail)}</small></li>`,
  )}</ul>`;
  const none = html`<p>Nothing yet. Place an order, and its confirmation shows up here.</p>`;
  return page(
    "Mail",
    html`<h1>Mail</h1><p>The last ${shown} confirmations that the shop has written.</p>${mails.length === 0 ? none : list}`,
  );
}

function mailPage(mail: StoredMail): Html {
  return page(
    mail.subject,
    html`<p><a href="/mail/">All mail</a></p><h1>${mail.subject}</h1>
    <p>to ${mail.recipient}, ${mail.writtenAt.toISOString()}, ${stateOf(mail)}</p>
    <iframe title="The mail as HTML" sandbox="" src="/mail/${mail.orderId}.html"></iframe>
    <h2>As text</h2><pre tabindex="0">${mail.text}</pre>`,
  );
}

function stateOf(mail: StoredMail): string {
  if (mail.sentAt !== undefined) return `sent ${mail.sentAt.toISOString()}`;
  return mail.lastError === undefined ? "kept, not sent" : `not sent: ${mail.lastError}`;
}
