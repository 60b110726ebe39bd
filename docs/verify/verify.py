#!/usr/bin/env python3
"""Checks countersign's formats without any of its code: docs/ticket-spec.md in Python.

    pip install -r requirements.txt
    python verify.py [--documents FILE] [FOLDER ...]      (the folder is ../vectors unless one is given)

Stock packages do what they can: `json` reads, `rfc8785` writes canonical JSON, `PyJWT` (with
`cryptography`) verifies Ed25519. What they let through and the formats refuse is checked here, and
the output says what that is. Exit code 1 if anything is not as the vectors say.
"""

import base64
import hashlib
import ipaddress
import json
import re
import sys
import unicodedata
from pathlib import Path

import jwt
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_TOKEN, MAX_EVIDENCE, MAX_BODY = 16 * 1024, 1024 * 1024, 36_700_160
MAX_SEALED = MAX_BODY // 3 * 4 + 4 * 1024 * 1024
MAX_LIFETIME, MAX_SKEW, MAX_KEYS = 300, 30, 64
SAFE = 2**53 - 1


class Refused(Exception):
    """Refused, with the code that the specification gives it."""


def ensure(holds, code):
    if not holds:
        raise Refused(code)


# --- Section 1: canonical JSON ---------------------------------------------------------------------


def parse(data, max_bytes=1 << 20):
    """The value of a JSON text, read strictly; integers beyond 2^53 - 1 become floats."""
    ensure(len(data) <= max_bytes, "too_large")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("invalid_utf8") from None
    ensure(not text.startswith("\ufeff"), "byte_order_mark")
    ensure(text.strip(" \t\r\n"), "empty")
    try:
        value = json.loads(
            text,
            object_pairs_hook=members,
            parse_int=integer,
            parse_float=number,
            parse_constant=constant,
        )
    except RecursionError:
        raise Refused("too_deep") from None
    except json.JSONDecodeError:
        raise Refused("syntax") from None
    ensure(depth(value) <= 128, "too_deep")
    return value


def members(pairs):
    value = dict(pairs)
    ensure(len(value) == len(pairs), "duplicate_key")
    return value


def integer(literal):
    if len(literal.lstrip("-")) <= 16 and abs(int(literal)) <= SAFE:
        return int(literal)
    # Beyond that only what is its own canonical text, so that no two integers share a digest.
    double = float(literal) if len(literal.lstrip("-")) <= 21 else 0.0
    ensure(rfc8785.dumps(double) == literal.encode(), "integer_too_large")
    return double


def number(literal):
    double = float(literal)
    ensure(abs(double) != float("inf"), "number_not_finite")
    return double


def constant(name):
    raise Refused("syntax")  # NaN, Infinity, -Infinity


def depth(value):
    if isinstance(value, (dict, list)):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0)
    return 0


def canonicalize(data, max_bytes=1 << 20):
    value = parse(data, max_bytes)
    try:
        canonical = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        raise Refused("lone_surrogate") from None
    ensure(len(canonical) <= max_bytes, "too_large")
    return canonical


def require_canonical(data, max_bytes=1 << 20):
    ensure(canonicalize(data, max_bytes) == data, "not_canonical")
    return parse(data, max_bytes)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def digest_of(value):
    """SHA-256 over the canonical JSON of a value made here."""
    return sha256(rfc8785.dumps(value))


# --- Section 2: identifiers ------------------------------------------------------------------------

HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def printable(longest):
    def rule(value):
        return (
            isinstance(value, str)
            and 1 <= len(value.encode()) <= longest
            and not HIDDEN.search(value)
            and not any(unicodedata.category(c) == "Cc" for c in value)
        )

    return rule


def pattern(regex):
    compiled = re.compile(regex, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def one_of(*words):
    return lambda value: isinstance(value, str) and value in words


def optional(rule):
    return lambda value: value is None or rule(value)


def text(value):
    return isinstance(value, str)


def whole(low=-SAFE, high=SAFE):
    return lambda value: type(value) is int and low <= value <= high


def list_of(rule):
    return lambda value: isinstance(value, list) and all(map(rule, value))


def shaped(value, rules):
    """An object with exactly these members."""
    return isinstance(value, dict) and value.keys() == rules.keys() and all(
        rule(value[name]) for name, rule in rules.items()
    )


NAME = pattern(r"[A-Za-z0-9._-]{1,128}")
TOOL = pattern(r"[a-z0-9_]{1,64}")
SCOPE = pattern(r"[!#-\[\]-~]{1,255}")
DIGEST = pattern(r"[0-9a-f]{64}")
EFFECT_ID = pattern(r"[0-9a-f]{32}")
JTI = pattern(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
PERSON = printable(256)
ACCOUNT = printable(320)

# --- Section 3: keys and signatures ----------------------------------------------------------------

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
# The y coordinates of the eight points of small order.
SMALL = {0, 1, P - 1, ORDER_8, P - ORDER_8}


def coordinate(point):
    return (int.from_bytes(point, "little") & (2**255 - 1)) % P


def on_curve(point):
    y2 = coordinate(point) ** 2 % P
    x2 = (y2 - 1) * pow(D * y2 + 1, -1, P) % P
    return x2 == 0 or pow(x2, (P - 1) // 2, P) == 1


def usable(key):
    canonical = int.from_bytes(key, "little") & (2**255 - 1) < P
    return canonical and on_curve(key) and coordinate(key) not in SMALL


def unbase64url(text, code):
    """Exactly the one spelling: no padding, no spare bits, no other characters."""
    ensure(re.fullmatch(r"[A-Za-z0-9_-]*", text, re.ASCII) and len(text) % 4 != 1, code)
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    ensure(base64url(data) == text, code)
    return data


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def thumbprint(x):
    """RFC 7638."""
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": x}
    return base64url(hashlib.sha256(rfc8785.dumps(jwk)).digest())


def signature_holds(key, message, signature):
    # OpenSSL compares R byte for byte and wants S below the group order, but takes an R of small
    # order, with which the signer has committed to nothing.
    if not usable(key) or coordinate(signature[:32]) in SMALL:
        return False
    algorithm = jwt.get_algorithm_by_name("EdDSA")
    return algorithm.verify(message, Ed25519PublicKey.from_public_bytes(key), signature)


def read_jwks(data):
    """The keys of a set by their ids; refused with jwks, weak, taken or full."""
    try:
        jwks = parse(data)
        rfc8785.dumps(jwks)
    except (Refused, rfc8785.CanonicalizationError, UnicodeEncodeError):
        raise Refused("jwks") from None
    ensure(isinstance(jwks, dict) and isinstance(jwks.get("keys"), list), "jwks")
    ring = {}
    for jwk in jwks["keys"]:
        ours = isinstance(jwk, dict) and jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519"
        ensure(ours and "d" not in jwk, "jwks")
        ensure(jwk.get("alg", "EdDSA") == "EdDSA" and jwk.get("use", "sig") == "sig", "jwks")
        ensure(text(jwk.get("x")), "jwks")
        x = unbase64url(jwk["x"], "jwks")
        ensure(len(x) == 32, "jwks")
        ensure(usable(x), "weak")
        kid = jwk.get("kid", thumbprint(jwk["x"]))
        ensure(NAME(kid), "jwks")
        ensure(kid not in ring and x not in ring.values(), "taken")
        ensure(len(ring) < MAX_KEYS, "full")
        ring[kid] = x
    return ring


def verify_jws(token, longest, typ, keys):
    """The payload of a signed text, in the order of the gate."""
    malformed = "ticket_malformed"
    ensure(len(token.encode()) <= longest, "ticket_too_large")
    ensure(token.count(".") >= 2, malformed)
    signed, _, last = token.rpartition(".")
    head, _, body = signed.partition(".")
    signature = unbase64url(last, malformed)
    ensure(len(signature) == 64, malformed)
    header = canonical_part(head)
    rules = {"alg": one_of("EdDSA"), "kid": NAME, "typ": one_of(typ)}
    ensure(shaped(header, rules), malformed)
    key = next((key for key in keys if key["kid"] == header["kid"]), None)
    ensure(key is not None, "unknown_key")
    ensure(key["state"] != "revoked", "revoked_key")
    x = unbase64url(key["x"], malformed)
    ensure(signature_holds(x, signed.encode(), signature), "bad_signature")
    payload = canonical_part(body)
    # PyJWT as a whole must agree with what it was used for in parts.
    public = Ed25519PublicKey.from_public_bytes(x)
    assert jwt.PyJWS().decode(token, public, algorithms=["EdDSA"]) == rfc8785.dumps(payload)
    return payload


def canonical_part(part):
    data = unbase64url(part, "ticket_malformed")
    try:
        return require_canonical(data)
    except Refused:
        raise Refused("ticket_malformed") from None


# --- Section 4: sealed requests and digests --------------------------------------------------------

RESERVED = set(
    "authorization connection content-length cookie expect forwarded host http2-settings keep-alive "
    "te trailer transfer-encoding upgrade via x-http-method x-http-method-override "
    "x-method-override".split()
)
HOLE = {
    "alphabet": one_of("digits", "hex", "base64url", "unreserved"),
    "in": one_of("url", "body"),
    "max": whole(1, 65535),
    "offset": whole(0),
    "pointer": lambda value: text(value) and value[:1] == "/" and len(value.encode()) <= 256,
}
ALPHABETS = {
    "digits": "[0-9]+",
    "hex": "[0-9a-f]+",
    "base64url": "[A-Za-z0-9_=-]+",
    "unreserved": "[A-Za-z0-9._~-]+",
}


def header_ok(pair):
    if not (isinstance(pair, list) and len(pair) == 2 and all(map(text, pair))):
        return False
    name, value = pair
    return (
        re.fullmatch(r"[a-z0-9-]{1,64}", name, re.ASCII) is not None
        and name not in RESERVED
        and not name.startswith(("proxy-", "x-forwarded-"))
        and re.fullmatch(r"[ -~]{1,4096}", value, re.ASCII) is not None
        and value.strip(" ") == value
    )


STEP = {
    "body": text,
    "credential": lambda value: isinstance(value, bool),
    "headers": list_of(header_ok),
    "holes": list_of(lambda hole: shaped(hole, HOLE)),
    "method": one_of("GET", "POST", "PUT", "PATCH", "DELETE"),
    "pages": whole(1, 100),
    "url": text,
}
SELECTOR = {"account": optional(ACCOUNT), "connection": NAME, "scopes": list_of(SCOPE)}
COMMON = {
    "arguments": text,
    "binding": one_of("wire", "arguments"),
    "effect_id": EFFECT_ID,
    "tool": TOOL,
    "type": one_of("countersign-prepared"),
    "v": whole(1, 1),
}
WIRE = COMMON | {
    "credential": optional(lambda value: shaped(value, SELECTOR)),
    "steps": list_of(lambda value: shaped(value, STEP)),
}


def host_ok(host):
    if host.startswith("[") and host.endswith("]"):
        try:
            address = ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
        plain = address.scope_id is None and address.ipv4_mapped is None
        return plain and str(address) == host[1:-1]
    labels = host.split(".")
    if not all(re.fullmatch(r"[a-z0-9-]+", label, re.ASCII) for label in labels):
        return False
    if labels[-1].startswith("0x") or labels[-1].isdigit():
        try:
            return str(ipaddress.IPv4Address(host)) == host
        except ValueError:
            return False
    return True


def origin_length(url):
    """The length of a URL's origin, or None if the URL may not be sealed."""
    match = re.fullmatch(r"(https?)://([^/]*)(/.*)", url, re.ASCII | re.DOTALL)
    if match is None or len(url.encode()) > 8 * 1024:
        return None
    scheme, authority, rest = match.groups()
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, None
    if not host_ok(host):
        return None
    if port is not None:
        default = "443" if scheme == "https" else "80"
        if not re.fullmatch(r"[1-9][0-9]{0,4}", port, re.ASCII) or int(port) > 65535 or port == default:
            return None
    # Every percent sign begins an escape in capitals; everything else is as RFC 3986 has it.
    if not re.fullmatch(r"(?:[A-Za-z0-9\-._~!$&()*+,;=:@/?]|%[0-9A-F]{2})*", rest, re.ASCII):
        return None
    path = rest.partition("?")[0]
    decoded = path
    for escape, plain in (("%2E", "."), ("%2F", "/"), ("%5C", "/"), ("%3B", ";")):
        decoded = decoded.replace(escape, plain)
    if "//" in path or any(part.partition(";")[0] in (".", "..") for part in decoded.split("/")):
        return None
    return len(scheme) + 3 + len(authority)


def unbase64(text):
    """Standard base64 in its one spelling, or None."""
    if len(text) % 4 or not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text, re.ASCII):
        return None
    data = base64.b64decode(text)
    return data if base64.b64encode(data).decode() == text else None


def step_ok(step):
    origin, body = origin_length(step["url"]), unbase64(step["body"])
    if origin is None or body is None or len(body) > MAX_BODY:
        return False
    get, holes, names = step["method"] == "GET", step["holes"], [name for name, _ in step["headers"]]
    if get and body or len(names) > 64 or len(holes) > 64 or len(set(names)) != len(names):
        return False
    if step["pages"] > 1 and not (get and holes):
        return False
    start = {"url": origin + 1, "body": 0}
    end = {"url": len(step["url"]), "body": len(body)}
    for hole in holes:
        place, offset = hole["in"], hole["offset"]
        inside_escape = place == "url" and "%" in step["url"][max(offset - 2, 0) : offset]
        if not start[place] <= offset <= end[place] or inside_escape:
            return False
        start[place] = offset
    return True


def read_sealed(data):
    """A sealed request, or sealed_malformed."""
    malformed = "sealed_malformed"
    ensure(len(data) <= MAX_SEALED, malformed)
    try:
        sealed = require_canonical(data, MAX_SEALED)
        ensure(isinstance(sealed, dict), malformed)
        ensure(shaped(sealed, WIRE if sealed.get("binding") == "wire" else COMMON), malformed)
        require_canonical(sealed["arguments"].encode())
    except Refused:
        raise Refused(malformed) from None
    if sealed["binding"] == "wire":
        credential, steps = sealed["credential"], sealed["steps"]
        ensure(1 <= len(steps) <= 16 and all(map(step_ok, steps)), malformed)
        ensure(not steps[0]["holes"], malformed)
        ensure(credential or not any(step["credential"] for step in steps), malformed)
        scopes = credential["scopes"] if credential else []
        ensure(scopes == sorted(set(scopes)), malformed)
        ensure(sum(len(unbase64(step["body"])) for step in steps) <= MAX_BODY, malformed)
    return sealed


def arguments_digest(sealed):
    return sha256(sealed["arguments"].encode())


def effect_digest(sealed):
    effect = {"binding": sealed["binding"], "effect_id": sealed["effect_id"]}
    if sealed["binding"] == "wire":
        steps = [step | {"body": sha256(unbase64(step["body"]))} for step in sealed["steps"]]
        effect |= {"credential": sealed["credential"], "steps": steps}
    else:
        effect |= {"arguments": arguments_digest(sealed)}
    return digest_of(effect | {"type": "countersign-effect", "v": 1})


def request_digest(method, url, headers, body):
    request = {"body": sha256(body), "headers": headers, "method": method, "url": url}
    return digest_of(request | {"type": "countersign-request", "v": 1})


def approval_digest(sealed, approved):
    approval = {
        "arguments": arguments_digest(sealed),
        "effect": effect_digest(sealed),
        "effect_id": sealed["effect_id"],
        "tool": sealed["tool"],
    }
    return digest_of(approval | approved | {"type": "countersign-approval", "v": 1})


def pointed(value, pointer):
    """RFC 6901."""
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]*", token, re.ASCII):
            value = value[int(token)] if int(token) < len(value) else None
        else:
            value = value.get(token) if isinstance(value, dict) else None
    return value


def fill(step, answer):
    """URL and body with the holes filled, from the last to the first so that offsets stay true."""
    url, body = step["url"], unbase64(step["body"])
    for hole in reversed(step["holes"]):
        value, at = pointed(answer, hole["pointer"]), hole["offset"]
        assert text(value) and len(value) <= hole["max"]
        assert re.fullmatch(ALPHABETS[hole["alphabet"]], value, re.ASCII)
        if hole["in"] == "url":
            url = url[:at] + value + url[at:]
        else:
            body = body[:at] + value.encode() + body[at:]
    return url, body


# --- Section 5: tickets and the gate ---------------------------------------------------------------


def act_chain(act):
    """The acting agent and those that delegated to it; malformed in any other shape."""
    agents = []
    while act is not None:
        keys = {"sub"} | ({"act"} if isinstance(act, dict) and "act" in act else set())
        ensure(isinstance(act, dict) and act.keys() == keys and PERSON(act["sub"]), "ticket_malformed")
        ensure("act" not in act or act["act"] is not None, "ticket_malformed")
        agents.append(act["sub"])
        act = act.get("act")
    ensure(1 <= len(agents) <= 5, "ticket_malformed")
    return agents


CLAIMS = {
    "account": optional(text),
    "act": lambda value: act_chain(value) != [],
    "approval": DIGEST,
    "arguments": DIGEST,
    "aud": text,
    "binding": one_of("wire", "arguments"),
    "connection": optional(text),
    "effect": DIGEST,
    "effect_id": EFFECT_ID,
    "epochs": lambda value: list_of(whole(0, 2**32 - 1))(value) and len(value) == 4,
    "exp": whole(),
    "iat": whole(),
    "iat_ms": whole(),
    "iss": text,
    "jti": JTI,
    "nbf": whole(),
    "policy": printable(128),
    "preview": DIGEST,
    "schema": DIGEST,
    "scopes": list_of(text),
    "sid": PERSON,
    "sub": PERSON,
    "tenant": PERSON,
    "tier": one_of("C", "B", "A", "S"),
    "tool": TOOL,
}
CONFIRMED = CLAIMS | {"cnf": lambda value: shaped(value, {"jkt": text})}


def check(gate, caller, now_ms, ticket):
    """The first move of the gate: everything that the ticket alone can be asked."""
    claims = verify_jws(ticket, MAX_TOKEN, "countersign-ticket+jwt", gate["keys"])
    rules = CONFIRMED if isinstance(claims, dict) and "cnf" in claims else CLAIMS
    ensure(shaped(claims, rules), "ticket_malformed")
    ensure(claims["iat"] == claims["iat_ms"] // 1000, "ticket_malformed")
    now = now_ms // 1000
    ensure(max(claims["iat"], claims["nbf"]) <= now + MAX_SKEW, "not_yet_valid")
    ensure(now < claims["exp"], "expired")
    ensure(claims["exp"] - claims["iat"] <= MAX_LIFETIME, "lifetime_too_long")
    ensure(claims["iss"] == gate["issuer"], "wrong_issuer")
    ensure(claims["aud"] == gate["audience"], "wrong_audience")
    agent, *chain = act_chain(claims["act"])
    ours = {
        "tenant": claims["tenant"],
        "user": claims["sub"],
        "agent": agent,
        "session": claims["sid"],
        "chain": chain,
    }
    ensure(ours == caller, "wrong_caller")
    ensure("cnf" not in claims, "unconfirmed")
    ensure(claims["tool"] in gate["tools"], "unknown_tool")
    ensure(claims["schema"] == gate["tools"][claims["tool"]], "schema_changed")
    return claims


def open_sealed(claims, data):
    """The second move: whether these are the bytes that were approved."""
    sealed = read_sealed(data)
    ensure(sealed["tool"] == claims["tool"], "tool_mismatch")
    ensure(arguments_digest(sealed) == claims["arguments"], "arguments_mismatch")
    same = (sealed["effect_id"], sealed["binding"]) == (claims["effect_id"], claims["binding"])
    ensure(same and effect_digest(sealed) == claims["effect"], "effect_mismatch")
    return sealed


def gate_says(gate, case):
    """The refusal of a gate, or None where it would claim the effect."""
    try:
        claims = check(gate, case["caller"], case["now_ms"], read_bytes(case["ticket"]).decode())
        open_sealed(claims, read_bytes(case["sealed"]))
    except Refused as refused:
        return str(refused)
    return None


# --- Section 6: evidence ---------------------------------------------------------------------------

EVIDENCE = {
    "approval": DIGEST,
    "arguments": DIGEST,
    "at_ms": whole(),
    "authorised": DIGEST,
    "binding": one_of("wire", "arguments"),
    "effect_id": EFFECT_ID,
    "jti": JTI,
    "kind": one_of("executed", "refused"),
    "policy": printable(128),
    "tier": one_of("C", "B", "A", "S"),
    "tool": TOOL,
    "type": one_of("countersign-evidence"),
    "v": whole(1, 1),
}
REFUSED = EVIDENCE | {"code": text}
LENT = {"digest": DIGEST, "step": whole(0)}
RESPONSE = {"body": DIGEST, "status": whole(0, 65535)}
EXECUTED = EVIDENCE | {
    "dialled_elsewhere": lambda value: isinstance(value, bool),
    "executed": DIGEST,
    "outcome": one_of("committed", "failed", "unknown"),
    "requests": list_of(lambda value: shaped(value, LENT)),
    "response": optional(lambda value: shaped(value, RESPONSE)),
}
WORDS = {"ticket_too_large": "malformed", "ticket_malformed": "malformed"}


def verify_evidence(token, keys):
    try:
        payload = verify_jws(token, MAX_EVIDENCE, "countersign-evidence+jwt", keys)
    except Refused as refused:
        raise Refused(WORDS.get(str(refused), str(refused))) from None
    executed = isinstance(payload, dict) and payload.get("kind") == "executed"
    ensure(shaped(payload, EXECUTED if executed else REFUSED), "malformed")
    return payload


# --- The vectors -----------------------------------------------------------------------------------


class Tally:
    passed, failed = 0, 0

    def check(self, name, said, expected):
        if said == expected:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED  {name}: {said!r}, not {expected!r}")


def read_bytes(value):
    if isinstance(value, str):
        return value.encode()
    if "hex" in value:
        return bytes.fromhex(value["hex"])
    return "".join(text * times for text, times in value["repeat"]).encode()


def attempt(function, *args):
    try:
        return function(*args), None
    except Refused as refused:
        return None, str(refused)


def stock(data):
    """What plain `json` and `rfc8785` make of it."""
    try:
        return rfc8785.dumps(json.loads(data))
    except (ValueError, RecursionError, rfc8785.CanonicalizationError):
        return None


SYNTAX = "unexpected_end unexpected_byte trailing_bytes invalid_escape control_character number_syntax"


def canon_file(tally, file):
    for case in file["accepted"]:
        canonical, code = attempt(canonicalize, read_bytes(case["input"]))
        tally.check(f"canon: {case['name']}", (canonical, code), (case["canonical"].encode(), None))
        tally.check(f"canon: {case['name']}: digest", sha256(canonical or b""), case["sha256"])
    unseen = {}
    for case in file["refused"]:
        data = read_bytes(case["input"])
        # `json` does not say which rule of the grammar was broken, nor at which byte.
        expected = "syntax" if case["code"] in SYNTAX.split() else case["code"]
        tally.check(f"canon: {case['name']}", attempt(canonicalize, data)[1], expected)
        if stock(data) is not None:
            unseen.setdefault(case["code"], []).append(case["name"])
    for case in file["not_canonical"]:
        data = read_bytes(case["input"])
        tally.check(f"canon: {case['name']}", attempt(require_canonical, data)[1], case["code"])
    print("Refused here, but not by plain json.loads and rfc8785.dumps:")
    for code, names in sorted(unseen.items()):
        print(f"  {code}: {'; '.join(names)}")


def effects_file(tally, file):
    for case in file["effects"]:
        name = f"effect: {case['name']}"
        sealed, code = attempt(read_sealed, read_bytes(case["sealed"]))
        tally.check(name, code, None)
        if sealed is None:
            continue
        tally.check(f"{name}: arguments", arguments_digest(sealed), case["arguments"])
        tally.check(f"{name}: digest", effect_digest(sealed), case["effect"])
        tally.check(f"{name}: approval", approval_digest(sealed, case["approved"]), case["approval"])
        for number, sent in enumerate(case["sent"]):
            if sealed["binding"] == "arguments":
                tally.check(f"{name}: sent {number}", arguments_digest(sealed), sent["digest"])
                continue
            url, body = filled(sealed, sent["step"], case["answers"], number)
            headers = sealed["steps"][sent["step"]]["headers"]
            said = request_digest(sent["method"], url, headers, body)
            tally.check(f"{name}: sent {number}", said, sent["digest"])
            tally.check(f"{name}: sent {number}: URL", url, sent["url"])
            tally.check(f"{name}: sent {number}: body", body, unbase64(sent["body"]))
    for case in file["refused"]:
        code = attempt(read_sealed, read_bytes(case["sealed"]))[1]
        tally.check(f"sealed: {case['name']}", code, "sealed_malformed")


def filled(sealed, step, answers, number):
    """A step's URL and body, its holes filled from the answer before."""
    step = sealed["steps"][step]
    return fill(step, parse(answers[number - 1].encode()) if step["holes"] else None)


def tickets_file(tally, file):
    cases = {case["name"]: file["usual"] | case for case in file["cases"]}
    for name, case in cases.items():
        tally.check(f"ticket: {name}", gate_says(file["gates"][case["gate"]], case), case["code"])
    for change in file["mutations"]:
        case = dict(cases[change["of"]])
        data, at = case[change["part"]].encode(), change["at"]
        case[change["part"]] = (data[:at] + change["to"].encode() + data[at + 1 :]).decode()
        said = gate_says(file["gates"][case["gate"]], case)
        tally.check(f"ticket: {change['part']} changed at {at}", said, change["code"])
    print(f"{len(file['mutations'])} tickets and requests with one byte changed, all to be refused")


def evidence_file(tally, file):
    for case in file["cases"]:
        name = f"evidence: {case['name']}"
        token = read_bytes(case["evidence"]).decode()
        payload, code = attempt(verify_evidence, token, file["keys"])
        tally.check(name, code, case["code"])
        if payload is None or "payload" not in case:
            continue
        tally.check(f"{name}: payload", payload, case["payload"])
        claims = json.loads(unbase64url(case["ticket"].split(".")[1], "ticket_malformed"))
        sealed = read_sealed(case["sealed"].encode())
        for member in "approval arguments binding effect_id jti policy tier tool".split():
            tally.check(f"{name}: {member}", payload[member], claims[member])
        tally.check(f"{name}: authorised", payload["authorised"], effect_digest(sealed))
        tally.check(f"{name}: executed", payload.get("executed", claims["effect"]), claims["effect"])
        for number, lent in enumerate(payload.get("requests", [])):
            digest = arguments_digest(sealed)
            if sealed["binding"] == "wire":
                step = sealed["steps"][lent["step"]]
                url, body = filled(sealed, lent["step"], case["answers"], number)
                digest = request_digest(step["method"], url, step["headers"], body)
            tally.check(f"{name}: request {number}", lent["digest"], digest)


def jwks_file(tally, file):
    for key in file["keys"]:
        tally.check(f"jwks: {key['name']}: id", thumbprint(key["x"]), key["kid"])
        ring = attempt(read_jwks, key["jwks"].encode())
        tally.check(f"jwks: {key['name']}", ring, ({key["kid"]: unbase64url(key["x"], "")}, None))
    for case in file["taken"]:
        ring, code = attempt(read_jwks, case["jwks"].encode())
        tally.check(f"jwks: {case['name']}", (sorted(ring or {}), code), (case["kids"], None))
    for case in file["refused"]:
        code = attempt(read_jwks, case["jwks"].encode())[1]
        tally.check(f"jwks: {case['name']}", code, case["code"])


def documents_file(tally, path):
    """Canonical forms of documents that were made just now: input and form, in base64."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        document, canonical = (base64.b64decode(part) for part in line.split(" "))
        tally.check(f"{path.name}:{number}: {document!r}", stock(document), canonical)


FILES = {
    "canon.json": canon_file,
    "effects.json": effects_file,
    "tickets.json": tickets_file,
    "evidence.json": evidence_file,
    "jwks.json": jwks_file,
}


def main(args):
    tally = Tally()
    if args[:1] == ["--documents"]:
        documents_file(tally, Path(args[1]))
        args = args[2:]
    for folder in args or [Path(__file__).parent.parent / "vectors"]:
        for name, run in FILES.items():
            run(tally, json.loads((Path(folder) / name).read_text("utf-8")))
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
