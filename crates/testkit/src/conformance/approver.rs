//! [`Approver`]: a clear yes, or none.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{ApprovalRequest, Approver, Prepared, Rendered, Tier, Verdict};
use countersign_ticket::{Assessed, Terms, Unfit};

use super::{broken, done, holds, same};
use crate::fixtures::{NOW, caller_of, note, prepared, terms};

/// What the person does who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Person {
    /// Says yes.
    Agrees,
    /// Says no.
    Declines,
    /// Answers something that is neither.
    Mumbles,
    /// Does not answer.
    IsSilent,
    /// Cannot be asked: the line is dead.
    IsAway,
}

/// Makes the approver under test, with a person at the other end.
pub type Make<'a> = &'a (dyn Fn(Person) -> Arc<dyn Approver> + Sync);

/// Runs every clause.
pub async fn all(make: Make<'_>) {
    has_a_name_and_a_strength(make);
    brings_evidence_that_the_kernel_accepts(make).await;
    brings_evidence_for_the_question_alone(make).await;
    takes_nothing_else_for_a_yes(make).await;
    knows_only_its_own_references(make).await;
}

/// A question, and what it is about.
struct Question {
    assessed: Assessed,
    request: ApprovalRequest,
}

fn question(effect: Prepared, tier: Tier, user: &str, text: &str) -> Question {
    let preview = Rendered::new(text.to_owned(), "suite-1", 0);
    let terms = Terms { preview: preview.digest(), ..terms(tier) };
    let caller = caller_of("acme", user, "planner", "s-1");
    let assessed = Assessed::new(effect, caller.clone(), terms);
    let request = ApprovalRequest {
        digest: assessed.approval_digest(),
        caller,
        tool: assessed.prepared().tool().clone(),
        tier,
        preview,
        why: "a note is written".to_owned(),
        asked: NOW,
    };
    Question { assessed, request }
}

fn ordinary(tier: Tier) -> Question {
    question(prepared(note()), tier, "auth0|u1", "Write a note\n  text: hello\n")
}

/// How long a person may take who answers at once.
const QUICK: Duration = Duration::from_secs(5);
/// How long the suite looks at a person who does not answer.
const MOMENT: Duration = Duration::from_millis(100);

async fn within(limit: Duration, verdict: impl Future<Output = Verdict>) -> Option<Verdict> {
    tokio::time::timeout(limit, verdict).await.ok()
}

/// Asks, and polls while it is pending. None if there is no answer yet: an approver may wait for the
/// person as long as whoever asks is patient.
async fn look(
    approver: &dyn Approver,
    request: &ApprovalRequest,
    limit: Duration,
) -> Option<Verdict> {
    let mut verdict = within(limit, approver.ask(request, NOW)).await?;
    for _ in 0..20 {
        let Verdict::Pending(reference) = &verdict else { break };
        let reference = reference.clone();
        verdict = within(limit, approver.poll(request, &reference, NOW)).await?;
    }
    Some(verdict)
}

/// Asks a person who answers at once.
async fn ask(approver: &dyn Approver, request: &ApprovalRequest) -> Verdict {
    let verdict = look(approver, request, QUICK).await;
    verdict.unwrap_or_else(|| {
        broken("Approver: an answer that was given is heard", format!("nothing within {QUICK:?}"))
    })
}

/// The name is short, stable and a code; the strength does not change.
pub fn has_a_name_and_a_strength(make: Make<'_>) {
    let clause = "Approver: the name is short and stable";
    let (one, other) = (make(Person::Agrees), make(Person::Declines));
    same(clause, one.name(), other.name());
    same("Approver: the strength is stable", one.strength(), other.strength());
    holds(clause, super::is_code(one.name()) && one.name().len() <= 32, one.name());
    let clause = "Approver: evidence of strength C is no evidence";
    holds(clause, one.strength() > Tier::C, "its strength is C");
}

/// A yes is evidence that the kernel accepts for every tier up to the stated strength, and not above
/// it: who approved, which digest, which preview, when and how.
pub async fn brings_evidence_that_the_kernel_accepts(make: Make<'_>) {
    let clause = "Approver: a yes is evidence for the stated strength";
    let approver = make(Person::Agrees);
    for tier in [Tier::B, Tier::A, Tier::S] {
        let question = ordinary(tier);
        let verdict = ask(approver.as_ref(), &question.request).await;
        if tier > approver.strength() {
            // It may refuse to ask; if it asks, its evidence must not pass.
            if let Verdict::Approved(approval) = verdict {
                let have = approval.method.strength();
                let clause = "Approver: evidence never claims more than the stated strength";
                holds(clause, have <= approver.strength(), have);
                let unfit = question.assessed.approve(*approval, NOW).err();
                same(clause, unfit, Some(Unfit::TooWeak { need: tier, have }));
            }
            continue;
        }
        let Verdict::Approved(approval) = verdict else {
            broken(clause, format!("tier {tier}: {verdict:?}"))
        };
        same(clause, &approval.by, question.request.caller.user());
        same(clause, approval.renderer.as_str(), question.request.preview.renderer);
        let approved = question.assessed.approve(*approval, NOW);
        done(clause, approved.map(|_| ()));
    }
}

/// Evidence for one question fits no other: not another effect, preview, person or tier.
pub async fn brings_evidence_for_the_question_alone(make: Make<'_>) {
    let clause = "Approver: an approval fits one digest";
    let approver = make(Person::Agrees);
    let tier = approver.strength();
    let first = ordinary(tier);
    let Verdict::Approved(approval) = ask(approver.as_ref(), &first.request).await else {
        broken(clause, "a yes is no approval")
    };
    let effect = first.assessed.prepared().clone();
    let others = [
        ordinary(tier),
        question(effect.clone(), tier, "auth0|u1", "Read a note\n"),
        question(effect, tier, "auth0|u2", "Write a note\n  text: hello\n"),
    ];
    for other in others {
        let unfit = other.assessed.approve((*approval).clone(), NOW).err();
        same(clause, unfit, Some(Unfit::OtherDigest));
        let Verdict::Approved(own) = ask(approver.as_ref(), &other.request).await else {
            broken(clause, "a yes is no approval")
        };
        same(clause, own.digest, other.request.digest);
        same(
            "Approver: the preview that was shown is the question's",
            own.shown,
            other.request.preview.digest(),
        );
        same("Approver: the caller's user approves", &own.by, other.request.caller.user());
    }
}

/// No, silence, nonsense and a dead line are no approval, however often one asks. A dead line is
/// `Unreachable`, and a clear no is `Declined`.
pub async fn takes_nothing_else_for_a_yes(make: Make<'_>) {
    let clause = "Approver: anything but a clear yes is not approved";
    for person in [Person::Declines, Person::Mumbles, Person::IsSilent, Person::IsAway] {
        let approver = make(person);
        for _ in 0..3 {
            let question = ordinary(approver.strength());
            let verdict = match person {
                Person::IsSilent => look(approver.as_ref(), &question.request, MOMENT).await,
                _ => Some(ask(approver.as_ref(), &question.request).await),
            };
            let approved = matches!(verdict, Some(Verdict::Approved(_)));
            holds(clause, !approved, format!("{person:?}"));
            match person {
                Person::Declines => {
                    same("Approver: a no is declined", verdict, Some(Verdict::Declined));
                }
                Person::IsAway => {
                    let clause = "Approver: not being able to ask is unreachable";
                    same(clause, verdict, Some(Verdict::Unreachable));
                }
                Person::Agrees | Person::Mumbles | Person::IsSilent => {}
            }
        }
    }
}

/// A reference that it did not give out, or gave out for another question, approves nothing, also
/// where the person at the other end says yes to everything.
pub async fn knows_only_its_own_references(make: Make<'_>) {
    let clause = "Approver: a reference that it did not give out approves nothing";
    for person in [Person::Agrees, Person::IsSilent] {
        let approver = make(person);
        let (one, other) = (ordinary(approver.strength()), ordinary(approver.strength()));
        let long = "x".repeat(100_000);
        for reference in ["", "0", "approved", "../../etc/passwd", "\0", "é", &long] {
            let verdict = within(MOMENT, approver.poll(&one.request, reference, NOW)).await;
            let approved = matches!(verdict, Some(Verdict::Approved(_)));
            holds(clause, !approved, format!("{person:?}"));
        }
        let asked = within(MOMENT, approver.ask(&one.request, NOW)).await;
        if let Some(Verdict::Pending(reference)) = asked {
            holds("Approver: a reference names something", !reference.is_empty(), "it is empty");
            let polled = within(MOMENT, approver.poll(&other.request, &reference, NOW)).await;
            if let Some(Verdict::Approved(approval)) = polled {
                let unfit = other.assessed.approve(*approval, NOW).err();
                let clause = "Approver: a reference approves its own question alone";
                same(clause, unfit, Some(Unfit::OtherDigest));
            }
        }
    }
}
