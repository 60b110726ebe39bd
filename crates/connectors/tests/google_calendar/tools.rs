//! What is declared of the tools.

use countersign_connectors::GoogleCalendar;
use countersign_core::{Connector, Effect, Role, Trust};

use crate::support::{CREATE, DELETE, GET, LIST, PATCH};

#[test]
fn all_five_tools_register_with_their_severity_effect_and_least_scope() {
    let expected = [
        (LIST, 1, Effect::Read, "calendar.events.readonly"),
        (GET, 1, Effect::Read, "calendar.events.readonly"),
        (CREATE, 3, Effect::Outward, "calendar.events"),
        (PATCH, 3, Effect::Outward, "calendar.events"),
        (DELETE, 3, Effect::Destructive, "calendar.events"),
    ];
    let tools = GoogleCalendar::new().tools();
    assert_eq!(tools.len(), expected.len());
    for (tool, (name, severity, effect, scope)) in tools.iter().zip(expected) {
        assert_eq!(tool.name().as_str(), name);
        assert_eq!(tool.severity(), severity, "{name}");
        assert_eq!(tool.effect(), effect, "{name}");
        assert_eq!(tool.connection().unwrap().as_str(), "google-oauth2");
        let scopes: Vec<_> = tool.scopes().iter().map(ToString::to_string).collect();
        assert_eq!(scopes, [format!("https://www.googleapis.com/auth/{scope}")]);
        assert_eq!(tool.returns().trust, Trust::Untrusted);
        assert!(tool.returns().private);
        assert!(!tool.description().is_empty());
    }
}

#[test]
fn every_argument_has_a_role_and_every_role_an_argument() {
    for tool in GoogleCalendar::new().tools() {
        let schema = tool.schema().value();
        let properties: Vec<_> =
            schema.get("properties").unwrap().as_object().unwrap().keys().collect();
        let mut roles: Vec<_> = tool.roles().keys().map(String::as_str).collect();
        roles.sort_unstable();
        assert_eq!(properties, roles, "{}", tool.name());
        for (argument, role) in tool.roles() {
            let expected = match argument.as_str() {
                "calendar_id" | "event_id" => Role::Target,
                "attendees" => Role::Recipient,
                "summary" | "description" | "location" => Role::FreeText,
                _ => Role::Plain,
            };
            assert_eq!(*role, expected, "{argument}");
        }
    }
}
