//! `countersign tools`: the built-in connectors and their tools.

use std::collections::BTreeMap;

use countersign::connectors::GoogleCalendar;
use countersign::core::{Connector, Role, Tool, Trust};
use countersign::ticket::{Account, Connection, Scope, Tier, ToolName};
use countersign_canon::Value;

use crate::output::{Answer, Failure, Json, Out, array, quote, shown, table, visible};

const AFTER: &str = "\
Reads nothing. Writes a table; with the name of a tool all about that one, its schema included; with \
--json an array of objects with everything.

An argument marked * is required. A scope is shown without its common https://www.googleapis.com/auth/.

Exit codes:
  0  written
  1  there is no such tool
  2  bad usage

Examples:
  countersign tools
  countersign tools google_calendar_create_event
  countersign --json tools | jq '.[] | {name, effect, scopes}'";

/// List the built-in tools: effect, severity, scopes, arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    /// Only this tool, with its schema.
    tool: Option<String>,

    #[command(flatten)]
    accounts: Accounts,
}

/// Whose credential the built-in connectors name. It is sealed into every request.
#[derive(Debug, clap::Args)]
pub(crate) struct Accounts {
    /// The connection at the identity provider [default: google-oauth2].
    #[arg(long, value_name = "NAME")]
    connection: Option<Connection>,

    /// Which of several accounts on the connection (`login_hint`).
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<Account>,
}

/// The built-in connectors, by the tools that they have.
#[derive(Debug)]
pub(crate) struct Catalogue {
    connectors: Vec<Box<dyn Connector>>,
    by_tool: BTreeMap<ToolName, usize>,
}

impl Catalogue {
    pub(crate) fn new(accounts: &Accounts) -> Self {
        let mut calendar = GoogleCalendar::new();
        if let Some(connection) = &accounts.connection {
            calendar = calendar.connection(connection);
        }
        if let Some(account) = &accounts.account {
            calendar = calendar.account(account.clone());
        }
        let connectors: Vec<Box<dyn Connector>> = vec![Box::new(calendar)];
        let by_tool = connectors
            .iter()
            .enumerate()
            .flat_map(|(at, c)| c.tools().into_iter().map(move |tool| (tool.name().clone(), at)))
            .collect();
        Self { connectors, by_tool }
    }

    /// The connector that has a tool.
    pub(crate) fn connector(&self, tool: &ToolName) -> Option<&dyn Connector> {
        self.connectors.get(*self.by_tool.get(tool)?).map(AsRef::as_ref)
    }

    fn tools(&self) -> Vec<Tool> {
        self.connectors.iter().flat_map(|connector| connector.tools()).collect()
    }
}

pub(crate) fn run(args: &Args, json: bool) -> Result<Answer, Failure> {
    let mut tools = Catalogue::new(&args.accounts).tools();
    tools.retain(|tool| args.tool.as_ref().is_none_or(|name| tool.name().as_str() == name));
    let mut out = Out::new();
    match (&args.tool, tools.as_slice()) {
        (Some(name), []) if !json => {
            out.line(&format!("there is no tool {}", visible(name)))?;
        }
        (Some(_), [tool]) if !json => {
            out.bytes(table(&details(tool)).as_bytes())?;
            out.line("schema")?;
            out.line(&indented(&tool.schema().value(), 0))?;
        }
        (_, tools) if json => out.line(&array(tools.iter().map(object)))?,
        (_, tools) => out.bytes(table(&overview(tools)).as_bytes())?,
    }
    out.flush()?;
    Ok(if tools.is_empty() { Answer::No } else { Answer::Yes })
}

fn overview(tools: &[Tool]) -> Vec<Vec<String>> {
    let head = ["TOOL", "EFFECT", "SEVERITY", "SCOPES", "ARGUMENTS"].map(str::to_owned).to_vec();
    let row = |tool: &Tool| {
        vec![
            tool.name().to_string(),
            tool.effect().as_str().to_owned(),
            tool.severity().to_string(),
            scopes(tool, true),
            arguments(tool),
        ]
    };
    [head].into_iter().chain(tools.iter().map(row)).collect()
}

fn details(tool: &Tool) -> Vec<Vec<String>> {
    let roles = tool.roles().iter().map(|(name, role)| format!("{name}={}", role.as_str()));
    let floor = tool.floor().map_or("none", Tier::as_str).to_owned();
    let private = if tool.returns().private { ", private" } else { "" };
    let rows = [
        ("tool", tool.name().to_string()),
        ("description", tool.description().to_owned()),
        ("effect", tool.effect().as_str().to_owned()),
        ("severity", format!("{} of 5", tool.severity())),
        ("lowest tier", floor),
        ("connection", tool.connection().map_or("none".to_owned(), ToString::to_string)),
        ("scopes", scopes(tool, false)),
        ("arguments", arguments(tool)),
        ("roles", roles.collect::<Vec<_>>().join(" ")),
        ("returns", format!("{}{private}", trust(tool.returns().trust))),
        ("digest", tool.digest().to_hex()),
    ];
    rows.into_iter().map(|(name, text)| vec![name.to_owned(), visible(&text)]).collect()
}

fn scopes(tool: &Tool, short: bool) -> String {
    const COMMON: &str = "https://www.googleapis.com/auth/";
    let text = |scope: &Scope| match scope.as_str().strip_prefix(COMMON) {
        Some(rest) if short => rest.to_owned(),
        _ => scope.to_string(),
    };
    tool.scopes().iter().map(text).collect::<Vec<_>>().join(" ")
}

/// The names of the arguments, required ones first and marked.
fn arguments(tool: &Tool) -> String {
    let schema = tool.schema().value();
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let all = schema.get("properties").and_then(Value::as_object);
    let optional =
        all.into_iter().flat_map(countersign_canon::Object::keys).filter(|k| !required.contains(k));
    let names = required.iter().map(|name| format!("{name}*")).chain(optional.map(str::to_owned));
    names.collect::<Vec<_>>().join(" ")
}

fn object(tool: &Tool) -> String {
    let roles = tool
        .roles()
        .iter()
        .fold(Json::new(), |json, (name, role): (_, &Role)| json.text(name, role.as_str()));
    let returns = Json::new()
        .text("trust", trust(tool.returns().trust))
        .raw("private", if tool.returns().private { "true" } else { "false" });
    Json::new()
        .text("name", tool.name().as_str())
        .text("description", tool.description())
        .text("effect", tool.effect().as_str())
        .raw("severity", &tool.severity().to_string())
        .optional("floor", tool.floor().map(Tier::as_str))
        .optional("connection", tool.connection().map(Connection::as_str))
        .raw("scopes", &array(tool.scopes().iter().map(|scope| quote(scope.as_str()))))
        .raw("roles", &roles.done())
        .raw("returns", &returns.done())
        .value("schema", &tool.schema().value())
        .text("digest", &tool.digest().to_hex())
        .done()
}

fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::Own => "own",
        Trust::Directory => "directory",
        Trust::Untrusted => "untrusted",
    }
}

/// JSON over several lines. As deep as the value, so for schemas of ours alone.
fn indented(value: &Value, depth: usize) -> String {
    let (inner, outer) = ("  ".repeat(depth.saturating_add(1)), "  ".repeat(depth));
    let lines: Vec<String> = match value {
        Value::Object(object) if !object.is_empty() => object
            .iter()
            .map(|(key, value)| {
                format!("{inner}{}: {}", quote(key), indented(value, depth.saturating_add(1)))
            })
            .collect(),
        Value::String(text) => return quote(text),
        other => return shown(other),
    };
    format!("{{\n{}\n{outer}}}", lines.join(",\n"))
}
