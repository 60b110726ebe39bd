//! What is logged. A process of its own, because the subscriber is the process's.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]
#![expect(clippy::panic, reason = "helpers of tests may fail as tests do")]

#[path = "vault/support.rs"]
#[expect(dead_code, reason = "shared with the other tests")]
mod support;

use std::sync::{Arc, Mutex};

use support::*;

const TOKEN: &str = "ya29.CANARY-provider-access-token";

#[test]
fn inv_07_nothing_that_is_logged_holds_a_secret() {
    /// Collects whatever a log line says.
    #[derive(Default)]
    struct Collector(Arc<Mutex<String>>);
    struct Fields<'a>(&'a mut String);
    impl tracing::field::Visit for Fields<'_> {
        fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn core::fmt::Debug) {
            use core::fmt::Write as _;
            write!(self.0, "{}={value:?} ", field.name()).unwrap();
        }
    }
    impl tracing::Subscriber for Collector {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            event.record(&mut Fields(&mut self.0.lock().unwrap()));
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }
    let log = Arc::new(Mutex::new(String::new()));
    tracing::subscriber::set_global_default(Collector(Arc::clone(&log))).unwrap();
    {
        let refused = format!(r#"{{"error":"access_denied","error_description":"{TOKEN}"}}"#);
        let rig = Rig::new(Provider::queue([token(TOKEN, 3_600, "a"), json(403, &refused)]));
        rig.ready(&account(selector(&["a"]), "ada@example.com")).unwrap();
        rig.ready(&selector(&["a"])).unwrap_err();
    }
    let log = log.lock().unwrap().clone();
    assert!(log.contains("outcome=\"ok\"") && log.contains("denied_by_identity_provider"), "{log}");
    assert!(!log.contains("CANARY"), "{log}");
    assert!(!log.contains("ada@"), "{log}");
}
