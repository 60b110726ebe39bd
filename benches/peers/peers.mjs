// The same work in JavaScript: canonical form and SHA-256 from bytes, and a ticket admitted.
//
//     node peers.mjs <folder with the inputs> [--quick]
//
// Prints one JSON object, shaped like that of the `bench` program.

import { readFileSync, readdirSync } from "node:fs";
import { createHash, createPublicKey, verify } from "node:crypto";
import { join } from "node:path";

// `cargo xtask bench` copies this file to where the package was installed.
import canonicalize from "canonicalize";

const folder = process.argv[2];
const quick = process.argv.includes("--quick");
const [rounds, shortest] = quick ? [7, 2e6] : [25, 3e6];
const groups = [];

const elapsed = (start) => Number(process.hrtime.bigint() - start);

function measure(name, contenders) {
  const counts = contenders.map(([, , operation]) => {
    // The compiler needs a while to see what is hot.
    const until = process.hrtime.bigint() + BigInt(quick ? 5e7 : 2e8);
    while (process.hrtime.bigint() < until) operation(1);
    let count = 1;
    let took = operation(count);
    while (took < shortest / 4) {
      count *= 4;
      took = operation(count);
    }
    return Math.max(1, Math.floor(((count * shortest) / took) * 1.2));
  });
  const times = contenders.map(() => []);
  for (let turn = 0; turn < rounds; turn++) {
    for (let place = 0; place < contenders.length; place++) {
      const at = (turn + place) % contenders.length;
      times[at].push(contenders[at][2](counts[at]) / counts[at]);
    }
  }
  const at = (own, q) => own[Math.round((own.length - 1) * q)];
  times.forEach((own) => own.sort((a, b) => a - b));
  const rows = contenders.map(([contender, note], index) => ({
    name: contender,
    note,
    median: at(times[index], 0.5),
    p10: at(times[index], 0.1),
    p90: at(times[index], 0.9),
    ratio: at(times[index], 0.5) / at(times[0], 0.5),
  }));
  groups.push({ name, about: "Node", rows });
}

const hash = (data) => createHash("sha256").update(data).digest();
const digest = (data) => hash(canonicalize(JSON.parse(data.toString("utf8"))));

for (const file of readdirSync(folder).sort()) {
  if (file === "calls_4k.json" || !file.endsWith(".json")) continue;
  const data = readFileSync(join(folder, file));
  const operation = (count) => {
    const start = process.hrtime.bigint();
    for (let n = 0; n < count; n++) digest(data);
    return elapsed(start);
  };
  const note = "keeps the last of duplicate keys, rounds large integers";
  measure(`canon ${file.replace(".json", "")}`, [
    ["Node canonicalize + node:crypto", note, operation],
  ]);
}

const { key, calls } = JSON.parse(readFileSync(join(folder, "calls_4k.json"), "utf8"));
const publicKey = createPublicKey({
  key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(key, "hex").toString("base64url") },
  format: "jwk",
});
const tickets = calls.map(({ ticket, arguments: text, body }) => ({
  ticket,
  arguments: Buffer.from(text),
  body: Buffer.from(body),
}));

function must(holds) {
  if (!holds) throw new Error("a good ticket was refused");
}

function admit({ ticket, arguments: text, body }, used) {
  const dot = ticket.lastIndexOf(".");
  const signed = ticket.slice(0, dot);
  const signature = Buffer.from(ticket.slice(dot + 1), "base64url");
  must(verify(null, Buffer.from(signed), publicKey, signature));
  const payload = Buffer.from(signed.slice(signed.indexOf(".") + 1), "base64url");
  const claims = JSON.parse(payload.toString("utf8"));
  must(claims.nbf <= 1_800_000_000 && 1_800_000_000 < claims.exp);
  must(claims.iss === "https://countersign.example/issuer");
  must(claims.aud === "https://countersign.example/gate");
  must(claims.sub === "auth0|5f7c8ec7c33c6c004bbafe82");
  must(claims.tool === "gmail_send_message");
  must(digest(text).toString("hex") === claims.arguments);
  hash(body);
  must(!used.has(claims.effect_id));
  used.set(claims.effect_id, claims.exp);
}

const admitted = (count) => {
  let took = 0;
  while (count > 0) {
    const used = new Map();
    const batch = tickets.slice(0, count);
    const start = process.hrtime.bigint();
    for (const ticket of batch) admit(ticket, used);
    took += elapsed(start);
    count -= batch.length;
  }
  return took;
};
measure("gate 4k", [
  [
    "Node canonicalize + node:crypto",
    "a Map for the replay set; the body is hashed, not compared",
    admitted,
  ],
]);
console.log(JSON.stringify({ groups, figures: {}, version: `Node ${process.version}` }));
