//! Every state of several plans, reached and tried: the real [`Admitted`] beside a model of it that
//! was written from the design and not from the code.
#![expect(clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::collections::{HashSet, VecDeque};

use countersign_ticket::{
    Admitted, Alphabet, Hole, MAX_ATTEMPTS, Method, Place, PlanError, Prepared, Report, Step,
};

use crate::common::{World, arguments, at, effect, post, tool, wire};

/// One step of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Without holes.
    Plain,
    /// With a hole that the answer before it must fill.
    Filled,
    /// The further pages of a listing: so many at most, and none where the answer names none.
    Listing(u16),
    /// A call of a local tool.
    Local,
}

use Kind::{Filled, Listing, Local, Plain};

const PLANS: &[&[Kind]] = &[
    &[Plain],
    &[Local],
    &[Plain, Plain],
    &[Plain, Filled],
    &[Plain, Listing(2)],
    &[Plain, Filled, Plain],
    &[Plain, Listing(3), Filled],
    &[Plain, Listing(2), Listing(2), Plain],
    &[Plain, Filled, Plain, Filled, Listing(2)],
];

/// What a provider answers with success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Answer {
    Fits,
    WrongAlphabet,
    TooLong,
    Missing,
    Null,
    Empty,
    NotText,
    NotJson,
}

impl Answer {
    const ALL: [Self; 8] = [
        Self::Fits,
        Self::WrongAlphabet,
        Self::TooLong,
        Self::Missing,
        Self::Null,
        Self::Empty,
        Self::NotText,
        Self::NotJson,
    ];

    fn body(self) -> &'static [u8] {
        match self {
            Self::Fits => br#"{"id":"42"}"#,
            Self::WrongAlphabet => br#"{"id":"4/"}"#,
            Self::TooLong => br#"{"id":"4242"}"#,
            Self::Missing => b"{}",
            Self::Null => br#"{"id":null}"#,
            Self::Empty => br#"{"id":""}"#,
            Self::NotText => br#"{"id":42}"#,
            Self::NotJson => b"42 and more",
        }
    }

    /// Whether a listing that stands on this answer has no further page.
    fn ends_a_listing(self) -> bool {
        matches!(self, Self::Missing | Self::Null | Self::Empty)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Standing {
    Out,
    Ready,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    ended: bool,
    step: usize,
    page: u16,
    attempts: u8,
    standing: Standing,
    answer: Option<Answer>,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Next { expired: bool },
    Success(Answer),
    NotSent,
    InDoubt,
    Status(u16),
}

/// What lending may come to: one of these refusals, nothing any more, or this step.
#[derive(Debug, PartialEq, Eq)]
enum Lending {
    Refused(Vec<Why>),
    Through,
    Lent(usize),
}

/// A [`PlanError`] without the text of a hole's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Expired,
    StillOut,
    Ended,
    Attempts,
    Hole,
}

impl State {
    const START: Self = Self {
        ended: false,
        step: 0,
        page: 0,
        attempts: 0,
        standing: Standing::Ready,
        answer: None,
    };

    /// Grows with everything that changes, and is bounded: so every plan ends.
    fn rank(&self) -> impl PartialOrd {
        (self.ended, self.step, self.page, self.attempts, self.standing)
    }

    fn next(mut self, plan: &[Kind], expired: bool) -> (Self, Lending) {
        if self.ended {
            return (self, Lending::Refused(vec![Why::Ended]));
        }
        if self.standing == Standing::Out {
            return (self, Lending::Refused(vec![Why::StillOut]));
        }
        while matches!(plan.get(self.step), Some(Listing(_)))
            && self.answer.is_some_and(Answer::ends_a_listing)
        {
            (self.step, self.page) = (self.step + 1, 0);
        }
        let Some(kind) = plan.get(self.step) else { return (self, Lending::Through) };
        let hole = matches!(kind, Filled | Listing(_)) && self.answer != Some(Answer::Fits);
        let reasons = [
            (hole, Why::Hole),
            (expired, Why::Expired),
            (self.attempts >= MAX_ATTEMPTS, Why::Attempts),
        ];
        let reasons: Vec<_> =
            reasons.into_iter().filter(|(holds, _)| *holds).map(|r| r.1).collect();
        if !reasons.is_empty() {
            return (self, Lending::Refused(reasons));
        }
        self.attempts += 1;
        self.standing = Standing::Out;
        (self, Lending::Lent(self.step))
    }

    fn report(mut self, plan: &[Kind], act: Act) -> Self {
        if self.ended || self.standing == Standing::Ready {
            return self;
        }
        self.standing = Standing::Ready;
        match act {
            Act::NotSent | Act::Next { .. } => {}
            Act::InDoubt | Act::Status(_) => self.ended = true,
            Act::Success(answer) => {
                let pages = if let Listing(pages) = plan[self.step] { pages } else { 1 };
                self.answer = Some(answer);
                self.attempts = 0;
                self.page += 1;
                if self.page >= pages {
                    (self.step, self.page) = (self.step + 1, 0);
                }
            }
        }
        self
    }
}

fn url(step: usize) -> String {
    format!("https://mail.example.com/v1/{step}?id=")
}

fn prepare(plan: &[Kind]) -> Prepared {
    if plan == [Local] {
        return Prepared::local(effect(1), tool(), arguments());
    }
    let step = |(number, kind): (usize, &Kind)| {
        let url = url(number);
        let hole = Hole::new(Place::Url, url.len(), "/id", Alphabet::Digits, 3);
        match kind {
            Plain | Local => post(&url),
            Filled => post(&url).holes(vec![hole]).unwrap(),
            Listing(pages) => {
                let step = Step::new(Method::Get, &url).unwrap();
                step.holes(vec![hole]).unwrap().pages(*pages).unwrap()
            }
        }
    };
    wire(1, plan.iter().enumerate().map(step).collect())
}

/// Lends for real.
fn lend(real: &mut Admitted, plan: &[Kind], expired: bool) -> Lending {
    let before = real.lent().len();
    let now = if expired { 61 } else { 60 };
    let lending = match real.next(at(now)) {
        Ok(None) => Lending::Through,
        Ok(Some(outgoing)) => {
            let request = outgoing.request().map(|request| request.url.to_owned());
            let step = real.lent().last().unwrap().step;
            let expected = match plan[step] {
                Local => None,
                Plain => Some(url(step)),
                Filled | Listing(_) => Some(url(step) + "42"),
            };
            assert_eq!(request, expected);
            Lending::Lent(step)
        }
        Err(PlanError::Expired) => Lending::Refused(vec![Why::Expired]),
        Err(PlanError::StillOut) => Lending::Refused(vec![Why::StillOut]),
        Err(PlanError::Ended) => Lending::Refused(vec![Why::Ended]),
        Err(PlanError::Attempts) => Lending::Refused(vec![Why::Attempts]),
        Err(PlanError::Hole(_)) => Lending::Refused(vec![Why::Hole]),
        Err(other) => panic!("the model knows no {other}"),
    };
    let lent = usize::from(matches!(lending, Lending::Lent(_)));
    assert_eq!(real.lent().len(), before + lent, "what is lent is noted, and nothing else");
    lending
}

fn act(real: &mut Admitted, plan: &[Kind], act: Act) -> Option<Lending> {
    let report = match act {
        Act::Next { expired } => return Some(lend(real, plan, expired)),
        Act::Success(answer) => Report::Answered(200, answer.body()),
        Act::NotSent => Report::NotSent,
        Act::InDoubt => Report::InDoubt,
        Act::Status(status) => Report::Answered(status, Answer::Fits.body()),
    };
    real.report(report);
    None
}

fn acts() -> Vec<Act> {
    let mut acts = vec![Act::Next { expired: false }, Act::Next { expired: true }];
    acts.extend(Answer::ALL.map(Act::Success));
    acts.extend([Act::NotSent, Act::InDoubt, Act::Status(199), Act::Status(302), Act::Status(500)]);
    acts
}

/// Goes through every state of a plan: how many there are, and how many acts were compared.
fn explore(plan: &[Kind]) -> (usize, usize) {
    let prepared = prepare(plan);
    let mut known = HashSet::from([State::START]);
    let mut queue = VecDeque::from([(State::START, Vec::new())]);
    let mut compared = 0;
    while let Some((state, path)) = queue.pop_front() {
        for one in acts() {
            // The real thing again, by the way on which the state was found.
            let mut real = World::new().admitted(prepared.clone());
            for earlier in &path {
                act(&mut real, plan, *earlier);
            }
            let answer = act(&mut real, plan, one);
            let (after, expected) = match one {
                Act::Next { expired } => {
                    let (after, lending) = state.next(plan, expired);
                    (after, Some(lending))
                }
                report => (state.report(plan, report), None),
            };
            compared += 1;
            match (&answer, &expected) {
                (Some(Lending::Refused(one)), Some(Lending::Refused(all))) => {
                    assert!(all.contains(&one[0]), "{plan:?} {state:?}: {one:?}, not {all:?}");
                }
                _ => assert_eq!(answer, expected, "{plan:?} {state:?} {one:?}"),
            }
            if let Act::Next { expired } = one {
                let lent = matches!(answer, Some(Lending::Lent(_)));
                assert!(!lent || !(expired || state.ended || state.attempts == MAX_ATTEMPTS));
            }
            assert!(after == state || after.rank() > state.rank(), "{plan:?} {state:?} {one:?}");
            if known.insert(after) {
                queue.push_back((after, path.iter().copied().chain([one]).collect()));
            }
        }
    }
    (known.len(), compared)
}

#[test]
fn inv_01_in_every_state_of_a_plan_the_step_of_the_model_is_lent_and_every_plan_ends() {
    let (mut states, mut compared) = (0, 0);
    for plan in PLANS {
        let (more, acts) = explore(plan);
        states += more;
        compared += acts;
    }
    println!("{states} states of {} plans, {compared} acts compared", PLANS.len());
    assert!(states > 500);
}
