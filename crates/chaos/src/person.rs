//! The person who is asked: answers by a fixed rule, and remembers every question outside of the
//! process that asks.

use async_trait::async_trait;
use countersign::core::{ApprovalRequest, Approver, Digest, Tier, Timestamp, Verdict};

use crate::notebook::Notebook;

/// The page on which every question is written down, by its approval digest, one line each time.
pub const ASKED: &str = "asked";

/// Decides by the first byte of the approval digest: most at once, some later, few with no.
#[derive(Debug)]
pub struct Person {
    notebook: Notebook,
}

enum Mind {
    AtOnce,
    Later,
    No,
}

impl Person {
    /// A person who writes into a notebook.
    pub fn new(notebook: Notebook) -> Self {
        Self { notebook }
    }

    /// Whether the answer to a question is or will be yes.
    pub fn says_yes(digest: &Digest) -> bool {
        !matches!(Self::mind(digest), Mind::No)
    }

    fn mind(digest: &Digest) -> Mind {
        match digest.as_bytes().first().map_or(0, |byte| byte % 16) {
            0..=7 => Mind::AtOnce,
            8..=14 => Mind::Later,
            _ => Mind::No,
        }
    }

    fn approve(request: &ApprovalRequest, now: Timestamp) -> Verdict {
        Verdict::Approved(Box::new(request.consent("chaos", now)))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Approver for Person {
    fn name(&self) -> &'static str {
        "person"
    }

    fn strength(&self) -> Tier {
        Tier::B
    }

    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        let digest = request.digest.to_hex();
        self.notebook.note(ASKED, &digest);
        match Self::mind(&request.digest) {
            Mind::AtOnce => Self::approve(request, now),
            Mind::Later => Verdict::Pending(digest),
            Mind::No => Verdict::Declined,
        }
    }

    /// The answer came while nobody listened. A question that never arrived has no answer.
    async fn poll(&self, request: &ApprovalRequest, reference: &str, now: Timestamp) -> Verdict {
        let digest = request.digest.to_hex();
        let known = self.notebook.tally(ASKED).is_ok_and(|asked| asked.contains_key(&digest));
        if !known || !(reference.is_empty() || reference == digest) {
            return Verdict::Unreachable;
        }
        match Self::mind(&request.digest) {
            Mind::AtOnce | Mind::Later => Self::approve(request, now),
            Mind::No => Verdict::Declined,
        }
    }
}
