#!/usr/bin/env node
// Checks countersign's formats without any of its code: docs/ticket-spec.md in JavaScript.
//
//     npm ci
//     node verify.mjs [--documents FILE] [FOLDER ...]      (the folder is ../vectors unless one is given)
//
// Stock packages do what they can: `JSON.parse` reads, `canonicalize` writes canonical JSON, `jose`
// and WebCrypto verify Ed25519. `JSON.parse` keeps the last of two members with one name and rounds
// large integers, and nobody can ask it whether it did: the output lists the vectors that it cannot
// see. Nothing signed and no sealed request is among them, because those have to be canonical to the
// byte. Exit code 1 if anything is not as the vectors say.

import { createHash, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

globalThis.crypto ??= webcrypto; // Node 18
const { default: stock } = await import("canonicalize");
const jose = await import("jose");

const MAX_TOKEN = 16 * 1024, MAX_EVIDENCE = 1024 * 1024, MAX_BODY = 36_700_160;
const MAX_SEALED = (MAX_BODY / 3 | 0) * 4 + 4 * 1024 * 1024;
const MAX_LIFETIME = 300, MAX_SKEW = 30, MAX_KEYS = 64;

/** Refused, with the code that the specification gives it. */
class Refused extends Error {}

function ensure(holds, code) {
  if (!holds) throw new Refused(code);
}

// --- Section 1: canonical JSON ---------------------------------------------------------------------

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parse(data, maxBytes = 1 << 20) {
  ensure(data.length <= maxBytes, "too_large");
  let text, value;
  try {
    text = utf8.decode(data);
  } catch {
    throw new Refused("invalid_utf8");
  }
  ensure(!text.startsWith("\ufeff"), "byte_order_mark");
  ensure(/[^ \t\r\n]/.test(text), "empty");
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refused("syntax");
  }
  walk(value, 0);
  return value;
}

function walk(value, depth) {
  if (typeof value === "number") ensure(Number.isFinite(value), "number_not_finite");
  if (typeof value === "string") ensure(!/\p{Surrogate}/u.test(value), "lone_surrogate");
  if (typeof value !== "object" || value === null) return;
  ensure(depth < 128, "too_deep");
  for (const [key, inner] of Object.entries(value)) {
    walk(key, depth);
    walk(inner, depth + 1);
  }
}

function canonicalize(data, maxBytes = 1 << 20) {
  const canonical = Buffer.from(stock(parse(data, maxBytes)));
  ensure(canonical.length <= maxBytes, "too_large");
  return canonical;
}

/** A repeated member or a rounded integer is not written again as it was: here both are seen. */
function requireCanonical(data, maxBytes = 1 << 20) {
  ensure(canonicalize(data, maxBytes).equals(data), "not_canonical");
  return parse(data, maxBytes);
}

const hash = (data) => createHash("sha256").update(data).digest();
const sha256 = (data) => hash(data).toString("hex");
const digestOf = (value) => sha256(stock(value));

// --- Section 2: identifiers ------------------------------------------------------------------------

const HIDDEN = new RegExp(
  "[\\p{Cc}\\u{ad}\\u{34f}\\u{61c}\\u{115f}\\u{1160}\\u{17b4}\\u{17b5}\\u{180b}-\\u{180f}" +
    "\\u{200b}-\\u{200f}\\u{2028}-\\u{202e}\\u{2060}-\\u{206f}\\u{3164}\\u{fe00}-\\u{fe0f}" +
    "\\u{feff}\\u{ffa0}\\u{fff0}-\\u{fffb}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}" +
    "\\u{e0000}-\\u{e0fff}]",
  "u",
);

const text = (value) => typeof value === "string";
const bool = (value) => typeof value === "boolean";
const printable = (longest) => (value) =>
  text(value) && value !== "" && Buffer.byteLength(value) <= longest && !HIDDEN.test(value);
const pattern = (regex) => (value) => text(value) && regex.test(value);
const oneOf = (...words) => (value) => text(value) && words.includes(value);
const optional = (rule) => (value) => value === null || rule(value);
const whole = (low = Number.MIN_SAFE_INTEGER, high = Number.MAX_SAFE_INTEGER) => (value) =>
  Number.isSafeInteger(value) && low <= value && value <= high;
const listOf = (rule) => (value) => Array.isArray(value) && value.every((item) => rule(item));
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** An object with exactly these members. */
const shaped = (rules) => (value) =>
  isObject(value) &&
  Object.keys(value).length === Object.keys(rules).length &&
  Object.entries(rules).every(([name, rule]) => Object.hasOwn(value, name) && rule(value[name]));

const NAME = pattern(/^[A-Za-z0-9._-]{1,128}$/);
const TOOL = pattern(/^[a-z0-9_]{1,64}$/);
const SCOPE = pattern(/^[!#-[\]-~]{1,255}$/);
const DIGEST = pattern(/^[0-9a-f]{64}$/);
const EFFECT_ID = pattern(/^[0-9a-f]{32}$/);
const JTI = pattern(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
const PERSON = printable(256);
const ACCOUNT = printable(320);

// --- Section 3: keys and signatures ----------------------------------------------------------------

const P = 2n ** 255n - 19n;
const mod = (n) => ((n % P) + P) % P;
function power(base, exponent) {
  let result = 1n;
  for (base = mod(base); exponent > 0n; exponent >>= 1n, base = mod(base * base)) {
    if (exponent & 1n) result = mod(result * base);
  }
  return result;
}
const inverse = (n) => power(n, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
// The y coordinates of the eight points of small order.
const SMALL = new Set([0n, 1n, P - 1n, ORDER_8, P - ORDER_8]);

const written = (point) =>
  BigInt("0x" + Buffer.from(point).reverse().toString("hex")) & (2n ** 255n - 1n);
const coordinate = (point) => mod(written(point));

function onCurve(point) {
  const y2 = mod(coordinate(point) ** 2n);
  const x2 = mod((y2 - 1n) * inverse(D * y2 + 1n));
  return x2 === 0n || power(x2, (P - 1n) / 2n) === 1n;
}

const usable = (key) => written(key) < P && onCurve(key) && !SMALL.has(coordinate(key));

/** Exactly the one spelling: no padding, no spare bits, no other characters. */
function unbase64url(text, code) {
  ensure(/^[A-Za-z0-9_-]*$/.test(text), code);
  const data = Buffer.from(text, "base64url");
  ensure(data.toString("base64url") === text, code);
  return data;
}

/** RFC 7638. */
const thumbprint = (x) => hash(stock({ crv: "Ed25519", kty: "OKP", x })).toString("base64url");

async function signatureHolds(key, message, signature) {
  // OpenSSL compares R byte for byte and wants S below the group order, but takes an R of small
  // order, with which the signer has committed to nothing.
  if (!usable(key) || SMALL.has(coordinate(signature.subarray(0, 32)))) return false;
  return crypto.subtle.verify("Ed25519", await imported(key), signature, message);
}

const imported = (key) =>
  jose.importJWK({ kty: "OKP", crv: "Ed25519", x: key.toString("base64url") }, "EdDSA");

/** The keys of a set by their ids; refused with jwks, weak, taken or full. */
function readJwks(data) {
  let jwks;
  try {
    jwks = parse(data);
  } catch {
    throw new Refused("jwks");
  }
  ensure(isObject(jwks) && Array.isArray(jwks.keys), "jwks");
  const ring = new Map();
  for (const jwk of jwks.keys) {
    ensure(isObject(jwk) && jwk.kty === "OKP" && jwk.crv === "Ed25519" && !("d" in jwk), "jwks");
    ensure((jwk.alg ?? "EdDSA") === "EdDSA" && (jwk.use ?? "sig") === "sig", "jwks");
    ensure(jwk.alg !== null && jwk.use !== null && text(jwk.x), "jwks");
    const x = unbase64url(jwk.x, "jwks");
    ensure(x.length === 32, "jwks");
    ensure(usable(x), "weak");
    const kid = jwk.kid === undefined ? thumbprint(jwk.x) : jwk.kid;
    ensure(NAME(kid), "jwks");
    ensure(!ring.has(kid) && ![...ring.values()].some((known) => known.equals(x)), "taken");
    ensure(ring.size < MAX_KEYS, "full");
    ring.set(kid, x);
  }
  return ring;
}

/** The payload of a signed text, in the order of the gate. */
async function verifyJws(token, longest, typ, keys) {
  const malformed = "ticket_malformed";
  ensure(Buffer.byteLength(token) <= longest, "ticket_too_large");
  const [first, last] = [token.indexOf("."), token.lastIndexOf(".")];
  ensure(first !== last, malformed);
  const signed = token.slice(0, last);
  const signature = unbase64url(token.slice(last + 1), malformed);
  ensure(signature.length === 64, malformed);
  const header = canonicalPart(token.slice(0, first));
  ensure(shaped({ alg: oneOf("EdDSA"), kid: NAME, typ: oneOf(typ) })(header), malformed);
  const key = keys.find((key) => key.kid === header.kid);
  ensure(key !== undefined, "unknown_key");
  ensure(key.state !== "revoked", "revoked_key");
  const x = unbase64url(key.x, malformed);
  ensure(await signatureHolds(x, Buffer.from(signed), signature), "bad_signature");
  const payload = canonicalPart(token.slice(first + 1, last));
  // jose as a whole must agree with what it was used for in parts.
  const agreed = await jose.compactVerify(token, await imported(x), { algorithms: ["EdDSA"] });
  if (!Buffer.from(stock(payload)).equals(agreed.payload)) throw new Error("jose disagrees");
  return payload;
}

function canonicalPart(part) {
  const data = unbase64url(part, "ticket_malformed");
  try {
    return requireCanonical(data);
  } catch {
    throw new Refused("ticket_malformed");
  }
}

// --- Section 4: sealed requests and digests --------------------------------------------------------

const RESERVED = (
  "authorization connection content-length cookie expect forwarded host http2-settings keep-alive " +
  "te trailer transfer-encoding upgrade via x-http-method x-http-method-override x-method-override"
).split(" ");

function headerOk(pair) {
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(text)) return false;
  const [name, value] = pair;
  return (
    /^[a-z0-9-]{1,64}$/.test(name) &&
    !RESERVED.includes(name) &&
    !/^(proxy-|x-forwarded-)/.test(name) &&
    /^[ -~]{1,4096}$/.test(value) &&
    !/^ | $/.test(value)
  );
}

const ALPHABETS = {
  digits: /^[0-9]+$/,
  hex: /^[0-9a-f]+$/,
  base64url: /^[A-Za-z0-9_=-]+$/,
  unreserved: /^[A-Za-z0-9._~-]+$/,
};
const HOLE = {
  alphabet: oneOf(...Object.keys(ALPHABETS)),
  in: oneOf("url", "body"),
  max: whole(1, 65535),
  offset: whole(0),
  pointer: (value) => text(value) && value.startsWith("/") && Buffer.byteLength(value) <= 256,
};
const STEP = {
  body: text,
  credential: bool,
  headers: listOf(headerOk),
  holes: listOf(shaped(HOLE)),
  method: oneOf("GET", "POST", "PUT", "PATCH", "DELETE"),
  pages: whole(1, 100),
  url: text,
};
const SELECTOR = { account: optional(ACCOUNT), connection: NAME, scopes: listOf(SCOPE) };
const COMMON = {
  arguments: text,
  binding: oneOf("wire", "arguments"),
  effect_id: EFFECT_ID,
  tool: TOOL,
  type: oneOf("countersign-prepared"),
  v: whole(1, 1),
};
const WIRE = { ...COMMON, credential: optional(shaped(SELECTOR)), steps: listOf(shaped(STEP)) };

function hostOk(host) {
  if (host.startsWith("[") && host.endsWith("]")) {
    // WHATWG prints an address as RFC 5952 does, but one that holds an IPv4 address in hexadecimal.
    if (!/^\[[0-9a-f:]+\]$/.test(host) || /^\[::ffff:[0-9a-f]+:[0-9a-f]+\]$/.test(host)) return false;
    try {
      return new URL(`http://${host}/`).hostname === host;
    } catch {
      return false;
    }
  }
  const labels = host.split(".");
  if (!labels.every((label) => /^[a-z0-9-]+$/.test(label))) return false;
  if (!/^(0x.*|[0-9]+)$/.test(labels.at(-1))) return true;
  return labels.length === 4 && labels.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && part <= 255);
}

/** The length of a URL's origin, or undefined if the URL may not be sealed. */
function originLength(url) {
  const match = /^(https?):\/\/([^/]*)(\/[^]*)$/.exec(url);
  if (match === null || Buffer.byteLength(url) > 8 * 1024) return undefined;
  const [, scheme, authority, rest] = match;
  const colon = authority.endsWith("]") ? -1 : authority.lastIndexOf(":");
  if (!hostOk(colon < 0 ? authority : authority.slice(0, colon))) return undefined;
  if (colon >= 0) {
    const port = authority.slice(colon + 1);
    const standard = scheme === "https" ? "443" : "80";
    if (!/^[1-9][0-9]{0,4}$/.test(port) || port > 65535 || port === standard) return undefined;
  }
  // Every percent sign begins an escape in capitals; everything else is as RFC 3986 has it.
  if (!/^(?:[A-Za-z0-9\-._~!$&()*+,;=:@/?]|%[0-9A-F]{2})*$/.test(rest)) return undefined;
  const [path] = rest.split("?");
  const decoded = path
    .replaceAll("%2E", ".")
    .replaceAll("%2F", "/")
    .replaceAll("%5C", "/")
    .replaceAll("%3B", ";");
  const dots = decoded.split("/").some((part) => [".", ".."].includes(part.split(";")[0]));
  return path.includes("//") || dots ? undefined : scheme.length + 3 + authority.length;
}

/** Standard base64 in its one spelling, or undefined. */
function unbase64(text) {
  const data = Buffer.from(text, "base64");
  return data.toString("base64") === text ? data : undefined;
}

function stepOk({ method, url, body, headers, holes, pages }) {
  const origin = originLength(url);
  const bytes = unbase64(body);
  if (origin === undefined || bytes === undefined || bytes.length > MAX_BODY) return false;
  const names = new Set(headers.map(([name]) => name));
  if (method === "GET" && bytes.length > 0) return false;
  if (headers.length > 64 || holes.length > 64 || names.size !== headers.length) return false;
  if (pages > 1 && !(method === "GET" && holes.length > 0)) return false;
  const start = { url: origin + 1, body: 0 };
  const end = { url: url.length, body: bytes.length };
  return holes.every(({ in: place, offset }) => {
    const insideEscape = place === "url" && url.slice(Math.max(offset - 2, 0), offset).includes("%");
    const fits = start[place] <= offset && offset <= end[place] && !insideEscape;
    start[place] = offset;
    return fits;
  });
}

/** A sealed request, or sealed_malformed. */
function readSealed(data) {
  const malformed = "sealed_malformed";
  ensure(data.length <= MAX_SEALED, malformed);
  let sealed;
  try {
    sealed = requireCanonical(data, MAX_SEALED);
    ensure(shaped(sealed?.binding === "wire" ? WIRE : COMMON)(sealed), malformed);
    requireCanonical(Buffer.from(sealed.arguments));
  } catch {
    throw new Refused(malformed);
  }
  if (sealed.binding === "wire") {
    const { credential, steps } = sealed;
    ensure(1 <= steps.length && steps.length <= 16 && steps.every(stepOk), malformed);
    ensure(steps[0].holes.length === 0, malformed);
    ensure(credential !== null || !steps.some((step) => step.credential), malformed);
    const scopes = credential?.scopes ?? [];
    ensure(scopes.every((scope, index) => index === 0 || scopes[index - 1] < scope), malformed);
    const bodies = steps.reduce((sum, step) => sum + unbase64(step.body).length, 0);
    ensure(bodies <= MAX_BODY, malformed);
  }
  return sealed;
}

const argumentsDigest = (sealed) => sha256(sealed.arguments);

function effectDigest(sealed) {
  const { binding, effect_id, credential } = sealed;
  const common = { binding, effect_id, type: "countersign-effect", v: 1 };
  if (binding === "arguments") return digestOf({ ...common, arguments: argumentsDigest(sealed) });
  const steps = sealed.steps.map((step) => ({ ...step, body: sha256(unbase64(step.body)) }));
  return digestOf({ ...common, credential, steps });
}

const requestDigest = (method, url, headers, body) =>
  digestOf({ body: sha256(body), headers, method, type: "countersign-request", url, v: 1 });

const approvalDigest = (sealed, approved) =>
  digestOf({
    ...approved,
    arguments: argumentsDigest(sealed),
    effect: effectDigest(sealed),
    effect_id: sealed.effect_id,
    tool: sealed.tool,
    type: "countersign-approval",
    v: 1,
  });

/** RFC 6901. */
const pointed = (value, pointer) =>
  pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((inner, token) => (Object.hasOwn(inner ?? {}, token) ? inner[token] : undefined), value);

/** URL and body with the holes filled, from the last to the first so that offsets stay true. */
function fill(step, answer) {
  let url = step.url, body = unbase64(step.body);
  for (const hole of [...step.holes].reverse()) {
    const value = pointed(answer, hole.pointer), at = hole.offset;
    if (!text(value) || value.length > hole.max || !ALPHABETS[hole.alphabet].test(value)) {
      throw new Error("the answer does not fit a hole");
    }
    if (hole.in === "url") url = url.slice(0, at) + value + url.slice(at);
    else body = Buffer.concat([body.subarray(0, at), Buffer.from(value), body.subarray(at)]);
  }
  return { url, body };
}

// --- Section 5: tickets and the gate ---------------------------------------------------------------

/** The acting agent and those that delegated to it, or undefined for any other shape. */
function actChain(act) {
  const agents = [];
  for (let at = act; ; at = at.act) {
    const more = isObject(at) && Object.hasOwn(at, "act");
    if (!shaped(more ? { sub: PERSON, act: isObject } : { sub: PERSON })(at)) return undefined;
    agents.push(at.sub);
    if (!more) return agents.length <= 5 ? agents : undefined;
  }
}

const CLAIMS = {
  account: optional(text),
  act: (value) => actChain(value) !== undefined,
  approval: DIGEST,
  arguments: DIGEST,
  aud: text,
  binding: oneOf("wire", "arguments"),
  connection: optional(text),
  effect: DIGEST,
  effect_id: EFFECT_ID,
  epochs: (value) => listOf(whole(0, 2 ** 32 - 1))(value) && value.length === 4,
  exp: whole(),
  iat: whole(),
  iat_ms: whole(),
  iss: text,
  jti: JTI,
  nbf: whole(),
  policy: printable(128),
  preview: DIGEST,
  schema: DIGEST,
  scopes: listOf(text),
  sid: PERSON,
  sub: PERSON,
  tenant: PERSON,
  tier: oneOf("C", "B", "A", "S"),
  tool: TOOL,
};
const CONFIRMED = { ...CLAIMS, cnf: shaped({ jkt: text }) };

/** The first move of the gate: everything that the ticket alone can be asked. */
async function check(gate, caller, nowMs, ticket) {
  const claims = await verifyJws(ticket, MAX_TOKEN, "countersign-ticket+jwt", gate.keys);
  const confirmed = isObject(claims) && Object.hasOwn(claims, "cnf");
  ensure(shaped(confirmed ? CONFIRMED : CLAIMS)(claims), "ticket_malformed");
  ensure(claims.iat === Math.floor(claims.iat_ms / 1000), "ticket_malformed");
  const now = Math.floor(nowMs / 1000);
  ensure(Math.max(claims.iat, claims.nbf) <= now + MAX_SKEW, "not_yet_valid");
  ensure(now < claims.exp, "expired");
  ensure(claims.exp - claims.iat <= MAX_LIFETIME, "lifetime_too_long");
  ensure(claims.iss === gate.issuer, "wrong_issuer");
  ensure(claims.aud === gate.audience, "wrong_audience");
  const [agent, ...chain] = actChain(claims.act);
  const ours = { agent, chain, session: claims.sid, tenant: claims.tenant, user: claims.sub };
  ensure(stock(ours) === stock(caller), "wrong_caller");
  ensure(!confirmed, "unconfirmed");
  ensure(Object.hasOwn(gate.tools, claims.tool), "unknown_tool");
  ensure(claims.schema === gate.tools[claims.tool], "schema_changed");
  return claims;
}

/** The second move: whether these are the bytes that were approved. */
function openSealed(claims, data) {
  const sealed = readSealed(data);
  ensure(sealed.tool === claims.tool, "tool_mismatch");
  ensure(argumentsDigest(sealed) === claims.arguments, "arguments_mismatch");
  const same = sealed.effect_id === claims.effect_id && sealed.binding === claims.binding;
  ensure(same && effectDigest(sealed) === claims.effect, "effect_mismatch");
}

/** The refusal of a gate, or null where it would claim the effect. */
async function gateSays(gate, { caller, now_ms, ticket, sealed }) {
  const [, code] = await attempt(async () => {
    const claims = await check(gate, caller, now_ms, readBytes(ticket).toString());
    openSealed(claims, readBytes(sealed));
  });
  return code;
}

// --- Section 6: evidence ---------------------------------------------------------------------------

const REFUSED = {
  approval: DIGEST,
  arguments: DIGEST,
  at_ms: whole(),
  authorised: DIGEST,
  binding: oneOf("wire", "arguments"),
  code: text,
  effect_id: EFFECT_ID,
  jti: JTI,
  kind: oneOf("refused"),
  policy: printable(128),
  tier: oneOf("C", "B", "A", "S"),
  tool: TOOL,
  type: oneOf("countersign-evidence"),
  v: whole(1, 1),
};
const EXECUTED = {
  ...REFUSED,
  dialled_elsewhere: bool,
  executed: DIGEST,
  kind: oneOf("executed"),
  outcome: oneOf("committed", "failed", "unknown"),
  requests: listOf(shaped({ digest: DIGEST, step: whole(0) })),
  response: optional(shaped({ body: DIGEST, status: whole(0, 65535) })),
};
delete EXECUTED.code;

async function verifyEvidence(token, keys) {
  const [payload, code] = await attempt(() =>
    verifyJws(token, MAX_EVIDENCE, "countersign-evidence+jwt", keys),
  );
  ensure(code === null, code?.startsWith("ticket_") ? "malformed" : code);
  ensure(shaped(EXECUTED)(payload) || shaped(REFUSED)(payload), "malformed");
  return payload;
}

// --- The vectors -----------------------------------------------------------------------------------

let passed = 0, failed = 0;

function same(name, said, expected) {
  if (stock(said) === stock(expected)) {
    passed += 1;
  } else {
    failed += 1;
    console.log(`FAILED  ${name}: ${stock(said)}, not ${stock(expected)}`);
  }
}

function readBytes(value) {
  if (text(value)) return Buffer.from(value);
  if (value.hex !== undefined) return Buffer.from(value.hex, "hex");
  return Buffer.from(value.repeat.map(([text, times]) => text.repeat(times)).join(""));
}

async function attempt(run) {
  try {
    return [await run(), null];
  } catch (error) {
    if (error instanceof Refused) return [null, error.message];
    throw error;
  }
}

const SYNTAX = ["unexpected_end", "unexpected_byte", "trailing_bytes", "invalid_escape"];
SYNTAX.push("control_character", "number_syntax");
const UNSEEN = ["duplicate_key", "integer_too_large"];

async function canonFile(file) {
  for (const { name, input, canonical, sha256: digest } of file.accepted) {
    const [said, code] = await attempt(() => canonicalize(readBytes(input)));
    same(`canon: ${name}`, [said?.toString(), code], [canonical, null]);
    same(`canon: ${name}: digest`, sha256(said ?? ""), digest);
  }
  const unseen = {};
  for (const { name, input, code } of file.refused) {
    const [, said] = await attempt(() => canonicalize(readBytes(input)));
    if (said === null && UNSEEN.includes(code)) {
      (unseen[code] ??= []).push(name);
      continue;
    }
    // `JSON.parse` does not say which rule of the grammar was broken, nor at which byte.
    same(`canon: ${name}`, said, SYNTAX.includes(code) ? "syntax" : code);
  }
  for (const { name, input, code } of file.not_canonical) {
    const [, said] = await attempt(() => requireCanonical(readBytes(input)));
    same(`canon: ${name}`, said, code);
  }
  console.log("Refused by the formats, but not to be seen through JSON.parse (not counted):");
  for (const [code, names] of Object.entries(unseen)) console.log(`  ${code}: ${names.join("; ")}`);
}

/** A step's URL and body, its holes filled from the answer before. */
function filled(sealed, step, answers, number) {
  const found = sealed.steps[step];
  return fill(found, found.holes.length ? parse(Buffer.from(answers[number - 1])) : undefined);
}

async function effectsFile(file) {
  for (const vector of file.effects) {
    const name = `effect: ${vector.name}`;
    const [sealed, code] = await attempt(() => readSealed(readBytes(vector.sealed)));
    same(name, code, null);
    if (sealed === null) continue;
    same(`${name}: arguments`, argumentsDigest(sealed), vector.arguments);
    same(`${name}: digest`, effectDigest(sealed), vector.effect);
    same(`${name}: approval`, approvalDigest(sealed, vector.approved), vector.approval);
    for (const [number, sent] of vector.sent.entries()) {
      if (sealed.binding === "arguments") {
        same(`${name}: sent ${number}`, argumentsDigest(sealed), sent.digest);
        continue;
      }
      const { url, body } = filled(sealed, sent.step, vector.answers, number);
      const { headers } = sealed.steps[sent.step];
      same(`${name}: sent ${number}`, requestDigest(sent.method, url, headers, body), sent.digest);
      same(`${name}: sent ${number}: URL`, url, sent.url);
      same(`${name}: sent ${number}: body`, body.toString("base64"), sent.body);
    }
  }
  for (const { name, sealed } of file.refused) {
    const [, code] = await attempt(() => readSealed(readBytes(sealed)));
    same(`sealed: ${name}`, code, "sealed_malformed");
  }
}

async function ticketsFile(file) {
  const cases = new Map(file.cases.map((one) => [one.name, { ...file.usual, ...one }]));
  for (const [name, one] of cases) {
    same(`ticket: ${name}`, await gateSays(file.gates[one.gate], one), one.code);
  }
  for (const { of, part, at, to, code } of file.mutations) {
    const one = { ...cases.get(of) };
    const data = readBytes(one[part]);
    data.write(to, at);
    one[part] = data.toString();
    same(`ticket: ${part} changed at ${at}`, await gateSays(file.gates[one.gate], one), code);
  }
  const count = file.mutations.length;
  console.log(`${count} tickets and requests with one byte changed, all to be refused`);
}

async function evidenceFile(file) {
  for (const vector of file.cases) {
    const name = `evidence: ${vector.name}`;
    const token = readBytes(vector.evidence).toString();
    const [payload, code] = await attempt(() => verifyEvidence(token, file.keys));
    same(name, code, vector.code);
    if (payload === null || vector.payload === undefined) continue;
    same(`${name}: payload`, payload, vector.payload);
    const claims = JSON.parse(Buffer.from(vector.ticket.split(".")[1], "base64url"));
    const sealed = readSealed(readBytes(vector.sealed));
    for (const member of "approval arguments binding effect_id jti policy tier tool".split(" ")) {
      same(`${name}: ${member}`, payload[member], claims[member]);
    }
    same(`${name}: authorised`, payload.authorised, effectDigest(sealed));
    same(`${name}: executed`, payload.executed ?? claims.effect, claims.effect);
    for (const [number, lent] of (payload.requests ?? []).entries()) {
      let digest = argumentsDigest(sealed);
      if (sealed.binding === "wire") {
        const { method, headers } = sealed.steps[lent.step];
        const { url, body } = filled(sealed, lent.step, vector.answers, number);
        digest = requestDigest(method, url, headers, body);
      }
      same(`${name}: request ${number}`, lent.digest, digest);
    }
  }
}

async function jwksFile(file) {
  const kids = (ring) => (ring === null ? null : [...ring.keys()].sort());
  for (const { name, x, kid, jwks } of file.keys) {
    same(`jwks: ${name}: id`, thumbprint(x), kid);
    const jwk = { kty: "OKP", crv: "Ed25519", x };
    same(`jwks: ${name}: id by jose`, await jose.calculateJwkThumbprint(jwk), kid);
    const [ring, code] = await attempt(() => readJwks(readBytes(jwks)));
    same(`jwks: ${name}`, [kids(ring), code], [[kid], null]);
  }
  for (const { name, jwks, kids: expected } of file.taken) {
    const [ring, code] = await attempt(() => readJwks(readBytes(jwks)));
    same(`jwks: ${name}`, [kids(ring), code], [expected, null]);
  }
  const unseen = [];
  for (const { name, jwks, code } of file.refused) {
    const [, said] = await attempt(() => readJwks(readBytes(jwks)));
    // The one member that stands twice.
    if (said === null && /"keys":.*"keys":/.test(jwks)) unseen.push(name);
    else same(`jwks: ${name}`, said, code);
  }
  console.log(`The same in key sets (not counted): ${unseen.join("; ")}`);
}

/** Canonical forms of documents that were made just now: input and form, in base64. */
function documentsFile(path) {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  for (const [number, line] of lines.entries()) {
    const [document, canonical] = line.split(" ").map((part) => Buffer.from(part, "base64").toString());
    same(`${path}:${number + 1}`, stock(JSON.parse(document)), canonical);
  }
}

const FILES = {
  "canon.json": canonFile,
  "effects.json": effectsFile,
  "tickets.json": ticketsFile,
  "evidence.json": evidenceFile,
  "jwks.json": jwksFile,
};

let args = process.argv.slice(2);
if (args[0] === "--documents") {
  documentsFile(args[1]);
  args = args.slice(2);
}
if (args.length === 0) args = [join(dirname(fileURLToPath(import.meta.url)), "..", "vectors")];
for (const folder of args) {
  for (const [name, run] of Object.entries(FILES)) {
    await run(JSON.parse(readFileSync(join(folder, name), "utf8")));
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
