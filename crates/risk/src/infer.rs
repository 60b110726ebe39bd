//! Tools that nobody described: what their annotations, names and fields let one guess.
//!
//! Everything here is a guess and is shown as one. A guess can raise what is assumed, never lower it
//! below what the annotations of a trusted server allow; without those, a tool writes, destroys and
//! reaches the open world, as the Model Context Protocol's own defaults say (schema, `ToolAnnotations`).

use countersign_canon::{Object, Value, parse};
use countersign_core::{Effect, Role, Tier, Tool, ToolSpec, Trust};

/// The annotations of an MCP tool. What is not said has the protocol's default, which is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "the protocol's four hints, as they are sent")]
pub struct Hints {
    /// `readOnlyHint`, by default false.
    pub read_only: Option<bool>,
    /// `destructiveHint`, by default true.
    pub destructive: Option<bool>,
    /// `idempotentHint`, by default false. Nothing follows from it here.
    pub idempotent: Option<bool>,
    /// `openWorldHint`, by default true.
    pub open_world: Option<bool>,
}

/// Whose word the hints are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a server is trusted or it is not")]
pub enum Server {
    /// The operator vouches for it: its hints are believed.
    Trusted,
    /// Anybody's: its hints may raise, never lower.
    Untrusted,
}

/// One thing that was guessed, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guess {
    /// `effect`, `severity`, `role`.
    pub what: &'static str,
    /// What was guessed.
    pub value: String,
    /// From what: `annotations`, `protocol default`, `name: WORD`, `field: NAME`, `format of NAME`.
    pub because: String,
}

/// A declaration made of guesses.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Inferred {
    /// The declaration: at least tier B unless a trusted server says that it reads, returning private
    /// text by outsiders. Description and connection are the caller's to add, the schema is
    /// [`Inferred::with_schema`]'s.
    pub spec: ToolSpec,
    /// What was guessed. A guess of `effect` that is laxer than the declaration is shown too and was
    /// not followed.
    pub guesses: Vec<Guess>,
}

/// What words in a tool's name say it does.
const VERBS: [(Effect, u8, &str); 6] = [
    (Effect::Financial, 5, "pay transfer refund purchase buy payout withdraw wire charge"),
    (
        Effect::Credential,
        5,
        "password credential credentials token secret key permission permissions scope role roles",
    ),
    (Effect::Destructive, 5, "delete destroy purge wipe erase drop truncate terminate uninstall"),
    (
        Effect::Destructive,
        4,
        "remove cancel clear overwrite reset revoke kick run exec execute eval shell",
    ),
    (Effect::Credential, 4, "invite share grant add_user collaborator member"),
    (
        Effect::Outward,
        3,
        "send post publish reply forward notify email message comment upload push merge",
    ),
];

/// Verbs of names that read.
const READS: &str = "get list read search find fetch show describe count lookup query check view";

/// Field names and what they are for.
const FIELDS: [(Role, &str); 7] = [
    (
        Role::Recipient,
        "to cc bcc recipient recipients email emails user user_id username user_email participant \
         participants attendee attendees member members assignee channel payee account \
         account_number iban phone phone_number customer_id",
    ),
    (
        Role::Target,
        "id ids name path file file_path file_id filename event_id email_id message_id thread_id \
         document_id folder_id repo repository owner branch project database table resource object \
         hotel restaurant company order_id reservation_id booking_id issue_number pull_number key",
    ),
    (Role::Url, "url urls uri link href endpoint webhook callback site website"),
    (Role::Amount, "amount price total sum quantity value"),
    (Role::Currency, "currency currency_code"),
    (
        Role::FreeText,
        "body text content message subject title description comment note notes html markdown \
         query_text prompt command code script",
    ),
    (
        Role::Plain,
        "date start end start_time end_time start_date end_date from_date to_date limit offset page \
         page_size n count sort order query filter language timezone permission visibility recurring",
    ),
];

/// Most properties of a schema that are given a role.
const MAX_FIELDS: usize = 512;

impl Inferred {
    /// Adds the tool's JSON Schema, and what the names and formats of its properties say that they are
    /// for. A property that says nothing is free text, as is what the schema does not name.
    #[must_use]
    pub fn with_schema(mut self, json: &str) -> Self {
        let schema = parse(json.as_bytes()).ok();
        let properties = schema.as_ref().and_then(|s| s.get("properties")?.as_object());
        for (name, property) in properties.into_iter().flat_map(Object::iter).take(MAX_FIELDS) {
            let guess = match format(property) {
                Some(role) => Some((role, format!("format of {name}"))),
                None => role(name).map(|role| (role, format!("field: {name}"))),
            };
            if let Some((role, because)) = guess {
                self.spec = self.spec.role(name, role);
                self.guesses.push(Guess { what: "role", value: role.as_str().to_owned(), because });
            }
        }
        self.spec = self.spec.schema(json);
        self
    }
}

/// The guesses that the arguments of a call of an inferred tool are judged by: those with a role.
pub fn roles(tool: &Tool, arguments: &Value) -> Vec<Guess> {
    let arguments = arguments.as_object().into_iter().flat_map(Object::iter).take(MAX_FIELDS);
    let of = |(name, _): (&str, &Value)| {
        let role = tool.roles().get(name)?.as_str().to_owned();
        Some(Guess { what: "role", value: role, because: format!("field: {name}") })
    };
    arguments.filter_map(of).collect()
}

/// What a field is for by its name: by the whole of it, or by its last word if that says where something
/// goes, what is acted on, or how much. `recipientEmail` and `recipient-email` are `recipient_email`.
pub fn role(field: &str) -> Option<Role> {
    let name = snake(field);
    let known = |name: &str| FIELDS.iter().find(|(_, names)| is_one_of(names, name));
    if let Some((role, _)) = known(&name) {
        return Some(*role);
    }
    let words = name.rsplit('_').find(|word| *word != "list")?;
    let (role, _) = known(words)?;
    // A name can make a field stricter, not exempt it from what free text is looked at for.
    (!matches!(role, Role::FreeText | Role::Plain)).then_some(*role)
}

/// What the format of a property, or of the items of a list, says it is.
fn format(property: &Value) -> Option<Role> {
    let of = |schema: &Value| match schema.get("format")?.as_str()? {
        "uri" | "uri-reference" | "iri" | "iri-reference" | "url" => Some(Role::Url),
        "email" | "idn-email" => Some(Role::Recipient),
        _ => None,
    };
    of(property).or_else(|| of(property.get("items")?))
}

/// A name in small letters with `_` between its words.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len());
    let mut small = false;
    for c in name.chars().take(128) {
        if c.is_ascii_uppercase() && small {
            snake.push('_');
        }
        small = c.is_ascii_lowercase() || c.is_ascii_digit();
        snake.push(if matches!(c, '-' | '.' | ' ') { '_' } else { c.to_ascii_lowercase() });
    }
    snake
}

/// A name in the two other ways in which names are written.
fn spellings(name: &str) -> [String; 2] {
    let mut camel = String::with_capacity(name.len());
    for (i, word) in name.split('_').enumerate() {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        camel.push_str(&if i == 0 { first.to_owned() } else { first.to_ascii_uppercase() });
        camel.push_str(rest);
    }
    [camel, name.replace('_', "-")]
}

/// Declares a tool from its name and hints. Fields with a known name get a role, also those of a tool
/// without a schema; all others count as free text.
pub fn infer(name: &str, hints: Hints, server: Server) -> Inferred {
    let mut guesses = Vec::new();
    let believed = if server == Server::Trusted { hints } else { Hints::default() };
    let source = if believed == Hints::default() { "protocol default" } else { "annotations" };
    let open = believed.open_world.unwrap_or(true);
    let read_only = believed.read_only.unwrap_or(false);
    let destroys = believed.destructive.unwrap_or(true);
    let (mut effect, mut severity) = match (read_only, destroys, open) {
        // What it reveals is not said, so it is private.
        (true, _, _) => (Effect::Read, 2),
        (false, false, false) => (Effect::Write, 2),
        (false, false, true) => (Effect::Outward, 3),
        (false, true, _) => (Effect::Destructive, 4),
    };
    let mut guess = |what, value: &str, because: &str| {
        guesses.push(Guess { what, value: value.to_owned(), because: because.to_owned() });
    };
    guess("effect", effect.as_str(), source);
    guess("severity", &severity.to_string(), source);
    let words = || name.split('_').filter(|word| !word.is_empty());
    for (does, grade, verbs) in VERBS {
        let Some(word) = words().find(|word| is_one_of(verbs, word)) else { continue };
        // A hint of reading does not make a deletion harmless, and a verb makes nothing milder.
        if grade > severity || effect == Effect::Read {
            (effect, severity) = (does, severity.max(grade));
            guess("effect", does.as_str(), &format!("name: {word}"));
            guess("severity", &severity.to_string(), &format!("name: {word}"));
        }
    }
    if let Some(word) = words().next().filter(|word| is_one_of(READS, word))
        && effect != Effect::Read
    {
        guess("effect", "read (not followed)", &format!("name: {word}"));
    }
    let mut spec =
        ToolSpec::new(name).effect(effect).severity(severity).returns(Trust::Untrusted, true);
    if effect != Effect::Read || source == "protocol default" {
        spec = spec.floor(Tier::B);
    }
    for (role, fields) in FIELDS {
        for field in fields.split_ascii_whitespace() {
            spec = spec.role(field, role);
            for spelling in spellings(field) {
                spec = spec.role(&spelling, role);
            }
        }
    }
    Inferred { spec, guesses }
}

/// Whether a name says that the tool reads, and no more than that.
pub(crate) fn only_reads(name: &str) -> bool {
    let words = || name.split('_').filter(|word| !word.is_empty());
    let reads = words().next().is_some_and(|word| is_one_of(READS, word));
    reads && !words().any(|word| VERBS.iter().any(|(.., verbs)| is_one_of(verbs, word)))
}

fn is_one_of(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: [Option<bool>; 3] = [None, Some(false), Some(true)];
    const NAMES: [&str; 8] = [
        "get_events",
        "frobnicate",
        "delete_repository",
        "send_mail",
        "pay_invoice",
        "share_file",
        "update_password",
        "list_and_delete",
    ];

    fn all_hints() -> Vec<Hints> {
        let mut all = Vec::new();
        for read_only in ANY {
            for destructive in ANY {
                for open_world in ANY {
                    all.push(Hints { read_only, destructive, idempotent: None, open_world });
                }
            }
        }
        all
    }

    fn grade(name: &str, hints: Hints, server: Server) -> (Effect, u8, Option<Tier>) {
        let tool = infer(name, hints, server).spec.register().unwrap();
        (tool.effect(), tool.severity(), tool.floor())
    }

    #[test]
    fn what_nobody_said_anything_about_is_taken_at_its_worst() {
        for name in ["get_events", "frobnicate"] {
            let got = grade(name, Hints::default(), Server::Untrusted);
            assert_eq!(got, (Effect::Destructive, 4, Some(Tier::B)), "{name}");
        }
    }

    #[test]
    fn hints_of_a_server_that_is_not_trusted_never_lower() {
        for name in NAMES {
            let bare = grade(name, Hints::default(), Server::Untrusted);
            for hints in all_hints() {
                let got = grade(name, hints, Server::Untrusted);
                assert!(got.1 >= bare.1 && got.2 >= bare.2, "{name} {hints:?}");
                assert_ne!(got.0, Effect::Read);
            }
        }
    }

    #[test]
    fn a_name_is_never_laxer_than_what_a_trusted_server_says() {
        for hints in all_hints() {
            let said = grade("frobnicate", hints, Server::Trusted).1;
            for name in NAMES {
                assert!(grade(name, hints, Server::Trusted).1 >= said, "{name} {hints:?}");
            }
        }
        let read_only = Hints { read_only: Some(true), ..Hints::default() };
        assert_eq!(grade("get_events", read_only, Server::Trusted), (Effect::Read, 2, None));
        assert_eq!(grade("delete_repository", read_only, Server::Trusted).0, Effect::Destructive);
        assert_eq!(grade("list_and_delete", read_only, Server::Trusted).1, 5);
    }

    #[test]
    fn a_name_that_reads_and_does_something_else_too_does_not_only_read() {
        for name in ["list_directory", "get_events", "search"] {
            assert!(only_reads(name), "{name}");
        }
        for name in
            ["frobnicate", "list_and_delete", "get_and_purge", "delete_list", "get_password"]
        {
            assert!(!only_reads(name), "{name}");
        }
    }

    #[test]
    fn a_guess_says_what_it_was_made_of() {
        let inferred = infer("pay_invoice", Hints::default(), Server::Untrusted);
        let of = |what, because: &str| {
            inferred.guesses.iter().any(|g| g.what == what && g.because == because)
        };
        assert!(of("effect", "protocol default") && of("severity", "name: pay"));
        let reads = infer("get_events", Hints::default(), Server::Untrusted);
        assert!(reads.guesses.iter().any(|g| g.value == "read (not followed)"));
        let tool = inferred.spec.register().unwrap();
        assert_eq!((tool.role("to"), tool.role("url")), (Role::Recipient, Role::Url));
        assert_eq!(tool.role("whatever"), Role::FreeText);
    }

    #[test]
    fn a_schema_says_what_fields_are_for_by_name_and_format() {
        let schema = r#"{"type":"object","properties":{
            "recipientEmail":{},"file-id":{},"webhookUrl":{},"cc_list":{"type":"array"},"callback":{},
            "homepage":{"type":"string","format":"uri"},"who":{"items":{"format":"email"}},
            "message_body":{},"reply_filter":{},"chargeAmount":{},"strange":{}}}"#;
        let inferred = infer("frobnicate", Hints::default(), Server::Untrusted).with_schema(schema);
        let guessed = |because: &str| {
            let guess = inferred.guesses.iter().find(|g| g.because == because);
            guess.map(|g| (g.what, g.value.as_str()))
        };
        assert_eq!(guessed("field: recipientEmail"), Some(("role", "recipient")));
        assert_eq!(guessed("format of homepage"), Some(("role", "url")));
        assert_eq!(guessed("format of who"), Some(("role", "recipient")));
        let tool = inferred.spec.clone().register().unwrap();
        for (field, role) in [
            ("recipientEmail", Role::Recipient),
            ("file-id", Role::Target),
            ("webhookUrl", Role::Url),
            ("cc_list", Role::Recipient),
            ("homepage", Role::Url),
            ("who", Role::Recipient),
            ("chargeAmount", Role::Amount),
            ("message_body", Role::FreeText),
            ("reply_filter", Role::FreeText),
            ("strange", Role::FreeText),
        ] {
            assert_eq!(tool.role(field), role, "{field}");
        }
        assert_ne!(tool.schema().as_str(), "{}");
        let bad = infer("frobnicate", Hints::default(), Server::Untrusted).with_schema("[");
        assert!(bad.spec.register().is_err(), "a schema that cannot be read is refused");
    }

    #[test]
    fn without_a_schema_known_fields_have_their_role_however_they_are_written() {
        let tool =
            infer("frobnicate", Hints::default(), Server::Untrusted).spec.register().unwrap();
        for (field, role) in [
            ("userEmail", Role::Recipient),
            ("user-email", Role::Recipient),
            ("fileId", Role::Target),
            ("to", Role::Recipient),
        ] {
            assert_eq!(tool.role(field), role, "{field}");
        }
        let arguments = parse(br#"{"userEmail":"a@x","note":"b","whatever":1}"#).unwrap();
        let guessed: Vec<_> =
            roles(&tool, &arguments).into_iter().map(|g| (g.value, g.because)).collect();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            guessed,
            [pair("free_text", "field: note"), pair("recipient", "field: userEmail")]
        );
    }
}
