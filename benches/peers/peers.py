"""The same work in Python: canonical form and SHA-256 from bytes, and a ticket admitted.

    python peers.py <folder with the inputs> [--quick]

Prints one JSON object, shaped like that of the `bench` program. Contenders of a group take turns.
"""

import base64
import hashlib
import json
import statistics
import sys
import time
from pathlib import Path

import nacl.signing
import rfc8785

folder = Path(sys.argv[1])
quick = "--quick" in sys.argv
rounds, shortest = (7, 2e-3) if quick else (25, 3e-3)
groups = []


def measure(name, about, contenders):
    """Every contender once a round, in an order that rotates; the median of the rounds."""
    counts = []
    for _, _, operation in contenders:
        count = 1
        while (took := operation(count)) < shortest / 4:
            count *= 4
        counts.append(max(1, int(count * shortest / took * 1.2)))
    times = [[] for _ in contenders]
    for turn in range(rounds):
        for place in range(len(contenders)):
            at = (turn + place) % len(contenders)
            took = contenders[at][2](counts[at])
            times[at].append(took / counts[at] * 1e9)
    rows = []
    for (contender, note, _), own in zip(contenders, times):
        own.sort()
        last = len(own) - 1
        ratio = statistics.median(own) / statistics.median(times[0])
        rows.append(
            {
                "name": contender,
                "note": note,
                "median": statistics.median(own),
                "p10": own[round(last * 0.1)],
                "p90": own[round(last * 0.9)],
                "ratio": ratio,
            }
        )
    groups.append({"name": name, "about": about, "rows": rows})


def repeated(function, value):
    def operation(count):
        start = time.perf_counter()
        for _ in range(count):
            function(value)
        return time.perf_counter() - start

    return operation


def dumped(data):
    text = json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def jcs(data):
    return hashlib.sha256(rfc8785.dumps(json.loads(data))).digest()


NOT_JCS = "not RFC 8785; keeps the last of duplicate keys"
JCS = "keeps the last of duplicate keys"
for path in sorted(folder.glob("*_*.json")):
    if path.stem == "calls_4k":
        continue
    data = path.read_bytes()
    contenders = [
        ("Python json.dumps(sort_keys) + hashlib", NOT_JCS, repeated(dumped, data)),
        ("Python rfc8785 + hashlib", JCS, repeated(jcs, data)),
    ]
    measure(f"canon {path.stem}", "Python", contenders)

calls = json.loads((folder / "calls_4k.json").read_bytes())
key = nacl.signing.VerifyKey(bytes.fromhex(calls["key"]))
tickets = [
    (call["ticket"].encode(), call["arguments"].encode(), call["body"].encode())
    for call in calls["calls"]
]


def decode(part):
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def admit(ticket, digest, used):
    """What a careful service does with a ticket: signature, claims, payload, once."""
    text, arguments, body = ticket
    signed, _, signature = text.rpartition(b".")
    key.verify(signed, decode(signature))
    claims = json.loads(decode(signed.partition(b".")[2]))
    assert claims["nbf"] <= 1_800_000_000 < claims["exp"]
    assert claims["iss"] == "https://countersign.example/issuer"
    assert claims["aud"] == "https://countersign.example/gate"
    assert claims["sub"] == "auth0|5f7c8ec7c33c6c004bbafe82"
    assert claims["tool"] == "gmail_send_message"
    assert digest(arguments).hex() == claims["arguments"]
    hashlib.sha256(body).digest()
    effect = claims["effect_id"]
    assert effect not in used
    used[effect] = claims["exp"]


def admitted(digest):
    def operation(count):
        took = 0.0
        while count > 0:
            used = {}
            batch = tickets[:count]
            start = time.perf_counter()
            for ticket in batch:
                admit(ticket, digest, used)
            took += time.perf_counter() - start
            count -= len(batch)
        return took

    return operation


DICT = "a dict for the replay set; the body is hashed, not compared"
contenders = [
    ("Python json.dumps(sort_keys) + hashlib + PyNaCl", DICT, admitted(dumped)),
    ("Python rfc8785 + hashlib + PyNaCl", DICT, admitted(jcs)),
]
measure("gate 4k", "Python", contenders)
version = ".".join(map(str, sys.version_info[:3]))
print(json.dumps({"groups": groups, "figures": {}, "version": f"Python {version}"}))
