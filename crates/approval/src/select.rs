//! Which approver is asked.

use countersign_core::{Approver, Tier};

/// The weakest registered approver that is strong enough, the first of several; none means refuse.
///
/// ```
/// use std::sync::Arc;
///
/// use countersign_approval::{Terminal, select};
/// use countersign_core::{Approver, Tier};
///
/// let approvers: Vec<Arc<dyn Approver>> = vec![Arc::new(Terminal::new())];
/// assert_eq!(select(&approvers, Tier::B).map(|a| a.name()), Some("terminal"));
/// assert!(select(&approvers, Tier::A).is_none(), "never downgraded");
/// ```
pub fn select<A: AsRef<dyn Approver>>(approvers: &[A], tier: Tier) -> Option<&A> {
    let strong = approvers.iter().filter(|a| a.as_ref().strength() >= tier);
    strong.min_by_key(|a| a.as_ref().strength())
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use countersign_core::{ApprovalRequest, Timestamp, Verdict};

    use super::*;

    #[derive(Debug)]
    struct Fake(&'static str, Tier);

    #[async_trait]
    impl Approver for Fake {
        fn name(&self) -> &'static str {
            self.0
        }
        fn strength(&self) -> Tier {
            self.1
        }
        async fn ask(&self, _: &ApprovalRequest, _: Timestamp) -> Verdict {
            Verdict::Unreachable
        }
        async fn poll(&self, _: &ApprovalRequest, _: &str, _: Timestamp) -> Verdict {
            Verdict::Unreachable
        }
    }

    #[test]
    fn inv_04_the_weakest_that_is_strong_enough_is_asked_and_never_a_weaker_one() {
        let fakes =
            [Fake("s", Tier::S), Fake("b1", Tier::B), Fake("b2", Tier::B), Fake("c", Tier::C)];
        let approvers: Vec<Box<dyn Approver>> =
            fakes.into_iter().map(|f| Box::new(f) as Box<dyn Approver>).collect();
        let name = |tier| select(&approvers, tier).map(|a| a.name());
        assert_eq!(Tier::ALL.map(name), [Some("c"), Some("b1"), Some("s"), Some("s")]);
        let weak = approvers.get(1..).unwrap();
        assert!(select(weak, Tier::A).is_none());
        assert!(select(&approvers[..0], Tier::C).is_none());
    }
}
