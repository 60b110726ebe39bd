//! Approvers.

use std::io::{BufReader, Cursor, Read};
use std::sync::Arc;

use async_trait::async_trait;
use countersign_approval::{Callback, Decision, Terminal};
use countersign_core::{
    Approval, ApprovalMethod, ApprovalRequest, Approver, Digest, Tier, Timestamp, UserId, Verdict,
};
use countersign_testkit::conformance::approver::{self, Person};

use crate::{catches, passes};

/// A line that nobody ever writes to.
struct Silence;

impl Read for Silence {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        loop {
            std::thread::park();
        }
    }
}

fn terminal(person: Person) -> Arc<dyn Approver> {
    let types = |line: &str| Cursor::new(line.repeat(100).into_bytes());
    Arc::new(match person {
        Person::Agrees => Terminal::with(types("yes\n"), std::io::sink()),
        Person::Declines => Terminal::with(types("no\n"), std::io::sink()),
        Person::IsSilent => Terminal::with(BufReader::new(Silence), std::io::sink()),
        Person::IsAway => Terminal::with(types(""), std::io::sink()),
        _ => panic!("nobody mumbles on a terminal: what is not yes is no"),
    })
}

#[test]
fn the_terminal_conforms() {
    let make = |person| match person {
        Person::Mumbles => {
            Arc::new(Terminal::with(Cursor::new("yess\n".repeat(9).into_bytes()), std::io::sink()))
        }
        person => terminal(person),
    };
    passes(async || approver::all(&make).await);
}

#[test]
fn the_callback_conforms() {
    let make = |person| -> Arc<dyn Approver> {
        Arc::new(Callback::new(move |_| async move {
            match person {
                Person::Agrees => Decision::Approve,
                Person::Declines => Decision::Decline,
                Person::IsSilent => std::future::pending().await,
                Person::IsAway => Decision::Unreachable,
                _ => panic!("a callback that fails"),
            }
        }))
    };
    passes(async || approver::all(&make).await);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    AlwaysYes,
    SilenceIsYes,
    NonsenseIsYes,
    DeadLineIsNo,
    NoIsUnreachable,
    OverstatesItsStrength,
    ClaimsAStrongerMethod,
    ApprovesForSomebodyElse,
    ShowsAnotherPreview,
    FixedDigest,
    BelievesAnyReference,
    Renames,
}

/// Asks later, by reference, with consent as evidence.
#[derive(Debug)]
struct Flawed(Flaw, Person);

impl Flawed {
    fn yes(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        let mut approval: Approval = request.consent("flawed", now);
        match self.0 {
            Flaw::ClaimsAStrongerMethod => {
                let (issuer, acr) = ("https://idp.example/".to_owned(), "mfa".to_owned());
                approval.method = ApprovalMethod::OutOfBand { issuer, acr, auth_time: now };
            }
            Flaw::ApprovesForSomebodyElse => approval.by = UserId::new("auth0|admin").unwrap(),
            Flaw::ShowsAnotherPreview => approval.shown = Digest::of(b"a summary"),
            Flaw::FixedDigest => approval.digest = Digest::of(b"everything"),
            _ => {}
        }
        Verdict::Approved(Box::new(approval))
    }

    fn answer(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        match (self.1, self.0) {
            (Person::Agrees, _) | (_, Flaw::AlwaysYes) => self.yes(request, now),
            (Person::IsSilent, Flaw::SilenceIsYes) => self.yes(request, now),
            (Person::Mumbles, Flaw::NonsenseIsYes) => self.yes(request, now),
            (Person::Declines, Flaw::NoIsUnreachable) => Verdict::Unreachable,
            (Person::IsAway, Flaw::DeadLineIsNo) => Verdict::Declined,
            (Person::Declines | Person::Mumbles, _) => Verdict::Declined,
            (Person::IsSilent, _) => Verdict::Pending(request.digest.to_hex()),
            _ => Verdict::Unreachable,
        }
    }
}

#[async_trait]
impl Approver for Flawed {
    fn name(&self) -> &'static str {
        if self.0 == Flaw::Renames && self.1 == Person::Declines { "other" } else { "flawed" }
    }
    fn strength(&self) -> Tier {
        if self.0 == Flaw::OverstatesItsStrength { Tier::S } else { Tier::B }
    }
    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        if self.1 == Person::IsAway {
            return self.answer(request, now);
        }
        Verdict::Pending(request.digest.to_hex())
    }
    async fn poll(&self, request: &ApprovalRequest, reference: &str, now: Timestamp) -> Verdict {
        if reference != request.digest.to_hex() && self.0 != Flaw::BelievesAnyReference {
            return Verdict::Unreachable;
        }
        self.answer(request, now)
    }
}

#[test]
fn a_broken_approver_is_caught() {
    passes(async || approver::all(&|person| Arc::new(Flawed(Flaw::None, person))).await);
    let strength = "Approver: a yes is evidence for the stated strength";
    let unclear = "Approver: anything but a clear yes is not approved";
    let flaws = [
        (Flaw::AlwaysYes, unclear),
        (Flaw::SilenceIsYes, unclear),
        (Flaw::NonsenseIsYes, unclear),
        (Flaw::DeadLineIsNo, "Approver: not being able to ask is unreachable"),
        (Flaw::NoIsUnreachable, "Approver: a no is declined"),
        (Flaw::OverstatesItsStrength, strength),
        (Flaw::ClaimsAStrongerMethod, "Approver: evidence never claims more than the stated"),
        (Flaw::ApprovesForSomebodyElse, strength),
        (Flaw::ShowsAnotherPreview, strength),
        (Flaw::FixedDigest, strength),
        (Flaw::BelievesAnyReference, "Approver: a reference that it did not give out"),
        (Flaw::Renames, "Approver: the name is short and stable"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            approver::all(&|person| Arc::new(Flawed(flaw, person))).await;
        });
    }
}
