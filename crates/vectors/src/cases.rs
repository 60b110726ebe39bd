//! How a case of a ticket is made: a good one, with what is special about it.

use countersign_ticket::{Caller, Sealed, SigningKey, Ticket};
use serde_json::{Value, json};

use crate::world::{caller, caller_json};
use crate::{Made, Source, forge};

/// The cases so far, and what a case has unless it says otherwise.
pub(crate) struct Cases<'s> {
    pub(crate) source: &'s Source,
    pub(crate) main: SigningKey,
    pub(crate) good: Ticket,
    pub(crate) sealed: Vec<u8>,
    pub(crate) made: Vec<Value>,
}

/// What is special about a case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) code: Option<&'static str>,
    pub(crate) gate: &'static str,
    pub(crate) caller: Caller,
    pub(crate) now_ms: i64,
    pub(crate) ticket: Value,
    pub(crate) sealed: Value,
}

impl Cases<'_> {
    /// The good case under another name, to be changed.
    pub(crate) fn like_good(&self, name: &str, code: &'static str) -> Made<Case> {
        Ok(Case {
            name: name.to_owned(),
            code: Some(code),
            gate: "main",
            caller: caller()?,
            now_ms: self.source.now().millis(),
            ticket: self.good.as_compact().into(),
            sealed: crate::bytes::write(&self.sealed),
        })
    }

    pub(crate) fn add(&mut self, case: &Case) {
        let whole = json!({
            "name": case.name,
            "code": case.code,
            "gate": case.gate,
            "caller": caller_json(&case.caller),
            "now_ms": case.now_ms,
            "ticket": case.ticket,
            "sealed": case.sealed,
        });
        self.made.push(whole);
    }

    pub(crate) fn good(&mut self, name: &str, sealed: &Sealed, by: Caller) -> Made<()> {
        let ticket = sealed.ticket().as_compact().into();
        let sealed = crate::bytes::write(&sealed.prepared().to_bytes());
        let case = self.like_good(name, "")?;
        self.add(&Case { code: None, caller: by, ticket, sealed, ..case });
        Ok(())
    }

    pub(crate) fn ticket(
        &mut self,
        name: &str,
        code: &'static str,
        ticket: impl Into<Value>,
    ) -> Made<()> {
        let case = self.like_good(name, code)?;
        self.add(&Case { ticket: ticket.into(), ..case });
        Ok(())
    }

    pub(crate) fn sealed(
        &mut self,
        name: &str,
        code: &'static str,
        sealed: impl Into<Value>,
    ) -> Made<()> {
        let case = self.like_good(name, code)?;
        self.add(&Case { sealed: sealed.into(), ..case });
        Ok(())
    }

    pub(crate) fn at(
        &mut self,
        name: &str,
        code: Option<&'static str>,
        second: i64,
        ms: i64,
    ) -> Made<()> {
        let now_ms = self.source.second(second) * 1000 + ms;
        let case = self.like_good(name, "")?;
        self.add(&Case { code, now_ms, ..case });
        Ok(())
    }

    pub(crate) fn claim(
        &mut self,
        name: &str,
        code: &'static str,
        key: &str,
        value: Value,
    ) -> Made<()> {
        let ticket = forge::with(&self.main, &self.good, key, value)?;
        self.ticket(name, code, ticket)
    }

    /// A payload of which the text is changed, signed.
    pub(crate) fn payload(
        &mut self,
        name: &str,
        change: impl FnOnce(String) -> String,
    ) -> Made<()> {
        let (payload, _) = forge::payload(self.good.as_compact())?;
        let payload = change(String::from_utf8(payload)?);
        let ticket = forge::ticket(&self.main, payload.as_bytes())?;
        self.ticket(name, "ticket_malformed", ticket)
    }

    /// Any header over the good payload, signed.
    pub(crate) fn header(&mut self, name: &str, code: &'static str, header: &str) -> Made<()> {
        let (payload, _) = forge::payload(self.good.as_compact())?;
        let ticket = forge::sign(&self.main, header.as_bytes(), &payload)?;
        self.ticket(name, code, ticket)
    }
}
