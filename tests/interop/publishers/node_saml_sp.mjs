// A publisher on node-saml: the product writes the AuthnRequest (HTTP-POST, signed), checks and decrypts the Response.
// Both the Response and the Assertion must be signed, the product's default, unless settings say otherwise (direct runs).
//
// Run: node node_saml_sp.mjs SETTINGS.json          serves
//      node node_saml_sp.mjs SETTINGS.json metadata  prints its own metadata
// SETTINGS is written by products.py.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:https";

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { SAML, ValidateInResponseTo } = createRequire(`${settings.tools}/`)("@node-saml/node-saml");
const read = (path) => readFileSync(path, "utf8");

const options = {
  issuer: settings.entityId,
  audience: settings.entityId,
  callbackUrl: `${settings.url}/acs`,
  entryPoint: settings.idp.sso,
  logoutUrl: settings.idp.slo,
  logoutCallbackUrl: `${settings.url}/sls`,
  idpIssuer: settings.idp.entityId,
  idpCert: settings.idp.certificate,
  privateKey: read(settings.key),
  decryptionPvk: read(settings.key),
  signatureAlgorithm: "sha256",
  digestAlgorithm: "sha256",
  authnRequestBinding: settings.idp.binding,
  // Left alone, the product deflates requests that it posts, against the HTTP-POST binding.
  skipRequestCompression: settings.idp.binding === "HTTP-POST",
  identifierFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
  disableRequestedAuthnContext: true,
  wantAssertionsSigned: settings.wantAssertionsSigned ?? true,
  wantAuthnResponseSigned: settings.wantResponseSigned ?? true,
  validateInResponseTo: ValidateInResponseTo.ifPresent,
};
const saml = new SAML(options);
// Not deflating is said once for both bindings, and a LogoutRequest goes by redirect: an instance of its own.
const logout = new SAML({ ...options, skipRequestCompression: false });

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (title, body) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
</head><body><h1>${escape(title)}</h1>${body}</body></html>`;
const sessions = new Map();

function attributesPage(kind, profile) {
  const rows = Object.entries(profile.attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape([].concat(value).join("|"))}</td></tr>`);
  return page(`node-saml: ${kind}`, `<p>Subject: <span id="subject">${escape(profile.nameID)}</span></p>
<table id="attributes">${rows.join("")}</table>`);
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

async function route(request, response) {
  const url = new URL(request.url, settings.url);
  const send = (status, html, headers = {}) =>
    response.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", ...headers }).end(html);
  const token = /(?:^|; )node_saml=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
  if (url.pathname.startsWith("/secure/")) {
    const profile = sessions.get(token);
    if (profile) return send(200, attributesPage(url.pathname.slice("/secure/".length), profile));
    const target = settings.url + url.pathname;
    if (settings.idp.binding === "HTTP-POST") return send(200, await saml.getAuthorizeFormAsync(target));
    return send(302, "", { location: await saml.getAuthorizeUrlAsync(target, undefined, {}) });
  }
  if (url.pathname === "/acs" && request.method === "POST") {
    const form = await body(request);
    try {
      const { profile } = await saml.validatePostResponseAsync(Object.fromEntries(form));
      const fresh = randomBytes(24).toString("base64url");
      sessions.set(fresh, profile);
      const asked = form.get("RelayState") ?? "";
      const target = asked.startsWith(`${settings.url}/secure/`) ? asked : `${settings.url}/secure/push`;
      return send(303, "", { location: target, "set-cookie": `node_saml=${fresh}; Path=/; Secure; HttpOnly; SameSite=Lax` });
    } catch (error) {
      return send(403, page("Refused", `<p>${escape(error.message)}</p>`));
    }
  }
  if (url.pathname === "/logout" && sessions.has(token)) {
    return send(302, "", { location: await logout.getLogoutUrlAsync(sessions.get(token), "", {}) });
  }
  if (url.pathname === "/sls" && request.method === "POST") {
    // The gateway's answer to our LogoutRequest. We asked by redirect, but the product publishes an endpoint for POST alone.
    const { loggedOut } = await saml.validatePostResponseAsync(Object.fromEntries(await body(request)));
    if (!loggedOut) return send(403, page("Refused", "<p>not logged out</p>"));
    sessions.delete(token);
    return send(303, "", { location: `${settings.url}/left` });
  }
  if (url.pathname === "/left") return send(200, page("Logged out", ""));
  if (url.pathname === "/metadata") return response.writeHead(200, { "content-type": "application/samlmetadata+xml" }).end(metadata());
  return send(404, page("Not found", ""));
}

function metadata() {
  const certificate = read(settings.certificate);
  return saml.generateServiceProviderMetadata(certificate, certificate);
}

if (process.argv[3] === "metadata") {
  console.log(metadata());
} else {
  createServer({ key: read(settings.tlsKey), cert: read(settings.tlsCertificate) }, (request, response) =>
    route(request, response).catch((error) => response.writeHead(500).end(page("Error", `<pre>${escape(error.stack)}</pre>`))),
  ).listen(settings.port, "127.0.0.1");
}
