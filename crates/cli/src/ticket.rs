//! `countersign ticket`: tickets and evidence, looked at or verified.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use countersign::SystemClock;
use countersign::core::Clock as _;
use countersign::ticket::{
    AgentId, Caller, EVIDENCE_TYP, Evidence, Gate, KeyRing, MAX_SEALED, MAX_TOKEN, MemoryGuard,
    NotEvidence, Prepared, Refusal, SessionId, TenantId, Ticket, Timestamp, ToolName, UserId,
};
use countersign_canon::{Digest, Limits, Value};

use crate::input::{self, Source};
use crate::output::{Answer, Failure, Json, Out, array, quote, relative, shown, table, utc};

const AFTER: &str = "\
Exit codes:
  0  shown, or valid
  1  not valid
  2  unusable input, or bad usage";

const INSPECT: &str = "\
Reads one compact token, a ticket or evidence, from FILE or standard input. Writes its header and \
claims, with times in UTC. Nothing is verified: anybody can write such a text.

Exit codes:
  0  shown
  2  unreadable, or not of the form of a ticket or evidence

Example:
  countersign ticket inspect ticket.jwt";

const VERIFY: &str = "\
Reads one compact token from FILE or standard input: a ticket, or evidence, by its typ. Writes valid and \
what was verified, or not valid and the gate's code (expired, bad_signature, effect_mismatch, …).

Of a ticket: signature by a key of the JWK set, times, form; with --issuer and --audience for whom it \
is; with --request that the sealed request, byte for byte, is the one that it permits.
Of evidence: signature and form; with --request that it is about that request. It does not expire.

NOT checked here, because only the gate can: that the caller is the one whom the ticket names, that \
tool and caller still are what they were (the ticket's own word is taken), and that the ticket was not \
spent (replay). A valid answer is no admission. Nothing is spent either.

Exit codes:
  0  valid
  1  not valid; the code says why
  2  unusable input, or bad usage

Examples:
  countersign ticket verify --jwks jwks.json --audience my-gate ticket.jwt
  countersign ticket verify --jwks jwks.json --request sealed.json ticket.jwt
  countersign --json ticket verify --jwks jwks.json evidence.jwt";

/// Look at tickets and evidence, or verify them.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Inspect(Inspect),
    Verify(Verify),
}

/// Show header and claims, without believing them.
#[derive(Debug, clap::Args)]
#[command(after_help = INSPECT)]
struct Inspect {
    /// The time to tell spans from, in seconds since 1970, instead of now.
    #[arg(long, value_name = "UNIX", allow_negative_numbers = true)]
    at: Option<i64>,

    /// The file; standard input without it, or for `-`.
    file: Option<PathBuf>,
}

/// Verify a ticket or evidence: signature, times, and the request that it is for.
#[derive(Debug, clap::Args)]
#[command(after_help = VERIFY)]
struct Verify {
    /// The JWK set with the keys to believe; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    jwks: PathBuf,

    /// The issuer that the ticket must name.
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,

    /// The gate that the ticket must be for.
    #[arg(long, value_name = "NAME")]
    audience: Option<String>,

    /// The sealed request that it must belong to, exactly as it travels; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,

    /// The time to verify for, in seconds since 1970, instead of now.
    #[arg(long, value_name = "UNIX", allow_negative_numbers = true)]
    at: Option<i64>,

    /// The file of the token; standard input without it, or for `-`.
    file: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, json: bool) -> Result<Answer, Failure> {
    match &args.command {
        Command::Inspect(args) => inspect(args, json),
        Command::Verify(args) => verify(args, json),
    }
}

fn now(at: Option<i64>) -> Timestamp {
    at.map_or_else(|| SystemClock::default().now(), Timestamp::from_seconds)
}

/// The token, without white space around it.
fn token(source: Source<'_>, json: bool) -> Result<Ticket, Failure> {
    let bytes = input::read(source, 2 * MAX_TOKEN, json)?;
    // What is not UTF-8 is no token either way.
    Ok(Ticket::from_compact(String::from_utf8_lossy(&bytes).trim().to_owned()))
}

/// Header and claims, not verified.
fn peek(ticket: &Ticket) -> Option<(Value, Value)> {
    ticket.dangerous_peek().map(|(header, claims)| (header.value(), claims.value()))
}

fn inspect(args: &Inspect, json: bool) -> Result<Answer, Failure> {
    let ticket = token(Source::of(args.file.as_deref()), json)?;
    let Some((header, claims)) = peek(&ticket) else {
        let message = "not of the form of a ticket or evidence".to_owned();
        return Err(Failure::Unusable("token_malformed", message));
    };
    let now = now(args.at);
    let mut out = Out::new();
    if json {
        let times = times(&claims).fold(Json::new(), |json, (name, seconds)| {
            json.raw(name, &moment(seconds, now).done())
        });
        let line = Json::new()
            .raw("verified", "false")
            .value("header", &header)
            .value("claims", &claims)
            .raw("times", &times.done());
        out.line(&line.done())?;
    } else {
        out.line("NOT VERIFIED: anybody can write this. `countersign ticket verify` verifies it.")?;
        out.line("")?;
        out.bytes(table(&rows(&header, &claims, now)).as_bytes())?;
    }
    out.flush()?;
    Ok(Answer::Yes)
}

fn moment(seconds: i64, now: Timestamp) -> Json {
    let relative = relative(seconds, now.seconds());
    Json::new().text("utc", &utc(seconds)).text("relative", &relative)
}

/// The claims that are times, in seconds.
fn times(claims: &Value) -> impl Iterator<Item = (&'static str, i64)> + '_ {
    let time = |name| Some((name, seconds(name, claims.get(name)?)?));
    ["iat", "nbf", "exp", "at_ms"].into_iter().filter_map(time)
}

fn seconds(name: &str, value: &Value) -> Option<i64> {
    match name {
        "iat" | "nbf" | "exp" => value.as_i64(),
        "iat_ms" | "at_ms" => Some(value.as_i64()?.div_euclid(1000)),
        _ => None,
    }
}

fn rows(header: &Value, claims: &Value, now: Timestamp) -> Vec<Vec<String>> {
    let members = |value: &Value| -> Vec<(String, Value)> {
        let object = value.as_object().into_iter().flatten();
        object.map(|(name, value)| (name.to_owned(), value.clone())).collect()
    };
    let row = |(name, value): (String, Value)| {
        let text = match seconds(&name, &value) {
            Some(at) => format!("{}  {}", utc(at), relative(at, now.seconds())),
            None => shown(&value),
        };
        let label = shown(&Value::from(name));
        vec![format!("  {label}"), text]
    };
    let mut rows = vec![vec!["header".to_owned()]];
    rows.extend(members(header).into_iter().map(row));
    rows.push(vec!["claims".to_owned()]);
    rows.extend(members(claims).into_iter().map(row));
    rows
}

/// What verifying found.
enum Verdict {
    Valid { checked: Vec<&'static str>, not_checked: Vec<&'static str> },
    Invalid { code: &'static str, message: String },
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Self::Invalid { code: refusal.code(), message: refusal.to_string() }
    }
}

fn verify(args: &Verify, json: bool) -> Result<Answer, Failure> {
    let source = Source::of(args.file.as_deref());
    let jwks = Source::of(Some(&args.jwks));
    let request = args.request.as_deref().map(|path| Source::of(Some(path)));
    let stdin = [Some(source), Some(jwks), request].into_iter().flatten();
    if stdin.filter(|source| *source == Source::Stdin).count() > 1 {
        let message = "standard input can be only one of token, --jwks and --request".to_owned();
        return Err(Failure::Usage(message));
    }
    let ring = KeyRing::from_jwks(&input::read(jwks, Limits::DEFAULT.max_bytes, json)?)
        .map_err(|error| Failure::Jwks(jwks.name(), error))?;
    let sealed = request.map(|source| input::read(source, MAX_SEALED, json)).transpose()?;
    let ticket = token(source, json)?;

    let peeked = peek(&ticket);
    let typ = peeked.as_ref().and_then(|(header, _)| header.get("typ")?.as_str());
    let is_evidence = typ == Some(EVIDENCE_TYP);
    let claims = peeked.as_ref().map_or(&Value::Null, |(_, claims)| claims);
    let verdict = if is_evidence {
        if args.issuer.is_some() || args.audience.is_some() {
            let message = "evidence names no issuer and no audience".to_owned();
            return Err(Failure::Usage(message));
        }
        evidence(&ticket, &ring, sealed.as_deref())
    } else {
        of_ticket(args, &ticket, claims, ring, sealed.as_deref())
    };
    let what = if is_evidence { "evidence" } else { "ticket" };

    let mut out = Out::new();
    let answer = if matches!(verdict, Verdict::Valid { .. }) { Answer::Yes } else { Answer::No };
    if json {
        out.line(&to_json(what, &verdict, peeked.as_ref()))?;
    } else {
        match verdict {
            Verdict::Valid { checked, not_checked } => {
                out.line(&format!("valid: {what}"))?;
                out.line(&format!("checked: {}", checked.join(", ")))?;
                out.line(&format!("NOT checked: {}", not_checked.join(", ")))?;
                if claims.get("dialled_elsewhere").and_then(Value::as_bool) == Some(true) {
                    out.line("WARNING: dialled elsewhere: this was not sent to the real provider")?;
                }
                let header = peeked.as_ref().map_or(&Value::Null, |(header, _)| header);
                out.bytes(table(&rows(header, claims, now(args.at))).as_bytes())?;
            }
            Verdict::Invalid { code, message } => {
                out.line(&format!("not valid: {code}: {message}"))?;
            }
        }
    }
    out.flush()?;
    Ok(answer)
}

fn to_json(what: &str, verdict: &Verdict, peeked: Option<&(Value, Value)>) -> String {
    let list = |names: &[&str]| array(names.iter().map(|name| quote(name)));
    match verdict {
        Verdict::Valid { checked, not_checked } => {
            let json = Json::new()
                .raw("valid", "true")
                .text("what", what)
                .raw("checked", &list(checked))
                .raw("not_checked", &list(not_checked));
            // A signed text has one spelling, so what was peeked at is what was verified.
            let json = peeked.iter().fold(json, |json, (header, claims)| {
                json.value("header", header).value("claims", claims)
            });
            json.done()
        }
        Verdict::Invalid { code, message } => Json::new()
            .raw("valid", "false")
            .text("what", what)
            .text("code", code)
            .text("message", message)
            .done(),
    }
}

fn of_ticket(
    args: &Verify,
    ticket: &Ticket,
    claims: &Value,
    ring: KeyRing,
    sealed: Option<&[u8]>,
) -> Verdict {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let now = now(args.at);
    // Where a claim cannot be read the gate is asked all the same: it refuses the claims as a whole
    // once the signature holds, and the caller made up here fits no ticket.
    let tool = ToolName::new(text("tool")).ok().zip(text("schema").parse::<Digest>().ok());
    let caller = caller(claims).or_else(nobody);
    let Some(caller) = caller else { return Refusal::TicketMalformed.into() };
    let gate = Gate::new(
        args.issuer.as_deref().unwrap_or_else(|| text("iss")),
        args.audience.as_deref().unwrap_or_else(|| text("aud")),
        ring,
        BTreeMap::from_iter(tool),
        // Never asked: nothing is admitted here.
        Arc::new(MemoryGuard::new(1, now)),
    );
    let checked = match gate.check(ticket, &caller, now) {
        Ok(checked) => checked,
        Err(refusal) => return refusal.into(),
    };
    if let Some(sealed) = sealed
        && let Err(refusal) = checked.open(sealed)
    {
        return refusal.into();
    }
    let optional = [
        ("issuer", args.issuer.is_some()),
        ("audience", args.audience.is_some()),
        ("request", sealed.is_some()),
    ];
    let names = |given: bool| optional.iter().filter(move |(_, g)| *g == given).map(|(n, _)| *n);
    Verdict::Valid {
        checked: ["signature", "form", "times"].into_iter().chain(names(true)).collect(),
        not_checked: ["caller", "tool definition", "freezes", "replay"]
            .into_iter()
            .chain(names(false))
            .collect(),
    }
}

/// Whom a ticket names, on its own word.
fn caller(claims: &Value) -> Option<Caller> {
    let text = |name: &str| claims.get(name)?.as_str();
    let mut agents = Vec::new();
    let mut next = claims.get("act");
    while let Some(act) = next {
        agents.push(AgentId::new(act.get("sub")?.as_str()?).ok()?);
        next = act.get("act");
    }
    let (agent, chain) = agents.split_first()?;
    let caller = Caller::dangerous_assert(
        TenantId::new(text("tenant")?).ok()?,
        UserId::new(text("sub")?).ok()?,
        agent.clone(),
        SessionId::new(text("sid")?).ok()?,
    );
    caller.with_chain(chain.to_vec()).ok()
}

fn nobody() -> Option<Caller> {
    const NOBODY: &str = "nobody";
    Some(Caller::dangerous_assert(
        TenantId::new(NOBODY).ok()?,
        UserId::new(NOBODY).ok()?,
        AgentId::new(NOBODY).ok()?,
        SessionId::new(NOBODY).ok()?,
    ))
}

fn evidence(token: &Ticket, ring: &KeyRing, sealed: Option<&[u8]>) -> Verdict {
    let evidence = Evidence::from_compact(token.as_compact().to_owned());
    let said = match evidence.verify(ring) {
        Ok(said) => said.value(),
        Err(error) => {
            let code = match error {
                NotEvidence::Malformed => "evidence_malformed",
                NotEvidence::UnknownKey => Refusal::UnknownKey.code(),
                NotEvidence::RevokedKey => Refusal::RevokedKey.code(),
                NotEvidence::BadSignature => Refusal::BadSignature.code(),
                _ => "not_evidence",
            };
            return Verdict::Invalid { code, message: error.to_string() };
        }
    };
    let mut checked = vec!["signature", "form"];
    let mut not_checked = Vec::new();
    match sealed {
        Some(sealed) => match is_about(&said, sealed) {
            Ok(()) => checked.push("request"),
            Err(refusal) => return refusal.into(),
        },
        None => not_checked.push("request"),
    }
    not_checked.push("that nothing else happened");
    Verdict::Valid { checked, not_checked }
}

/// Whether evidence is about a sealed request, by the comparisons of the gate.
fn is_about(said: &Value, sealed: &[u8]) -> Result<(), Refusal> {
    let prepared = Prepared::from_bytes(sealed).map_err(|_| Refusal::SealedMalformed)?;
    let says = |name: &str, what: &str| said.get(name).and_then(Value::as_str) == Some(what);
    if !says("tool", prepared.tool().as_str()) {
        return Err(Refusal::ToolMismatch);
    }
    if !says("arguments", &prepared.arguments().digest().to_hex()) {
        return Err(Refusal::ArgumentsMismatch);
    }
    let same = says("effect_id", &prepared.effect_id().to_string())
        && says("binding", prepared.binding().as_str())
        && says("authorised", &prepared.digest().to_hex());
    if same { Ok(()) } else { Err(Refusal::EffectMismatch) }
}
