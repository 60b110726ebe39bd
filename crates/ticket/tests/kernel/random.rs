//! Random effects, random changes.

use countersign_canon::{Canonical, Object, Value};
use countersign_ticket::{
    Alphabet, Connection, Hole, Method, Place, Prepared, Report, Scope, Selector, Step, Timestamp,
};
use proptest::prelude::*;

use crate::common::{World, at, caller, effect, jti, silent, tool};

fn arguments() -> impl Strategy<Value = Canonical> {
    prop::collection::vec((".{0,8}", ".{0,16}"), 0..4)
        .prop_map(|members| Value::from(members.into_iter().collect::<Object>()).to_canonical())
}

fn url() -> impl Strategy<Value = String> {
    (
        "[a-z]{1,8}(\\.[a-z]{1,5}){1,2}",
        "(/[A-Za-z0-9_~-]{1,8}){1,4}",
        "(\\?[a-z]{1,4}=[A-Z0-9]{0,6})?",
    )
        .prop_map(|(host, path, query)| format!("https://{host}{path}{query}"))
}

prop_compose! {
    fn step(first: bool)(
        get in any::<bool>(),
        url in url(),
        headers in prop::collection::btree_map("x-[a-z]{1,8}", "[!-~]{1,12}", 0..3),
        body in prop::collection::vec(any::<u8>(), 0..40),
        at_body in any::<prop::sample::Index>(),
        holes in (any::<bool>(), any::<bool>()),
        credential in any::<bool>(),
        pages in 1u16..4,
    ) -> Step {
        let method = if get { Method::Get } else { Method::Patch };
        let mut step = Step::new(method, &url).unwrap();
        for (name, value) in &headers {
            step = step.header(name, value).unwrap();
        }
        let mut filled = Vec::new();
        if !first && holes.0 {
            filled.push(Hole::new(Place::Url, url.len(), "/a", Alphabet::Unreserved, 8));
        }
        if !get {
            let offset = at_body.index(body.len() + 1);
            step = step.body(body).unwrap();
            if !first && holes.1 {
                filled.push(Hole::new(Place::Body, offset, "/b/0", Alphabet::Digits, 9));
            }
        }
        let paged = get && !filled.is_empty();
        step = step.holes(filled).unwrap();
        if paged {
            step = step.pages(pages).unwrap();
        }
        if credential { step } else { step.without_credential() }
    }
}

fn wire() -> impl Strategy<Value = Prepared> {
    let steps = (step(true), prop::collection::vec(step(false), 0..3));
    (arguments(), steps, prop::collection::vec("[a-z.]{1,6}", 0..3)).prop_map(
        |(arguments, (first, mut rest), scopes)| {
            rest.insert(0, first);
            let scopes = scopes.iter().map(|s| Scope::new(s).unwrap()).collect();
            let selector = Selector::new(Connection::new("github").unwrap(), scopes);
            Prepared::wire(effect(1), tool(), arguments, Some(selector), rest).unwrap()
        },
    )
}

fn prepared() -> impl Strategy<Value = Prepared> {
    prop_oneof![
        3 => wire(),
        1 => arguments().prop_map(|arguments| Prepared::local(effect(1), tool(), arguments)),
    ]
}

/// Everything that goes out, with answers that fill every hole.
fn sent(world: &World, ticket: &str, bytes: &[u8], now: Timestamp) -> Option<Vec<String>> {
    let mut admitted = world.travelled(ticket, bytes, &caller(), now).ok()?;
    let mut sent = Vec::new();
    while let Some(outgoing) = admitted.next(now).unwrap() {
        sent.push(format!("{:?} {:?}", outgoing.request(), outgoing.call()));
        admitted.report(Report::Answered(200, br#"{"a":"x.y","b":["42"]}"#));
    }
    Some(sent)
}

proptest! {
    #[test]
    fn inv_09_a_changed_byte_of_a_random_effect_is_refused_and_spends_nothing(
        prepared in prepared(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..8),
    ) {
        let world = World::new();
        let sealed = world.seal(prepared, 1, at(1));
        let (ticket, bytes) = (sealed.ticket().as_compact(), sealed.prepared().to_bytes());
        prop_assert_eq!(&Prepared::from_bytes(&bytes).unwrap(), sealed.prepared());
        for (index, change) in changes {
            let mut changed = bytes.clone();
            changed[index.index(bytes.len())] ^= change;
            if let Ok(read) = Prepared::from_bytes(&changed) {
                prop_assert_eq!(read.to_bytes(), changed.as_slice(), "another spelling");
            }
            prop_assert!(world.travelled(ticket, &changed, &caller(), at(1)).is_err());

            let mut changed = ticket.as_bytes().to_vec();
            let at_index = index.index(changed.len());
            changed[at_index] ^= change;
            let text = String::from_utf8_lossy(&changed);
            prop_assert!(world.travelled(&text, &bytes, &caller(), at(1)).is_err());
        }
        prop_assert!(world.guard.is_empty());
        prop_assert!(world.travelled(ticket, &bytes, &caller(), at(1)).is_ok());
    }

    #[test]
    fn inv_02_what_travelled_is_sent_as_what_stayed_would_be(prepared in prepared()) {
        let world = World::new();
        let sealed = world.seal(prepared.clone(), 1, at(1));
        let bytes = sealed.prepared().to_bytes();
        let there = sent(&world, sealed.ticket().as_compact(), &bytes, at(1)).unwrap();
        let mut here = World::new().admit(sealed, at(1)).unwrap();
        let mut digests = Vec::new();
        for there in there {
            let outgoing = here.next(at(1)).unwrap().unwrap();
            prop_assert_eq!(format!("{:?} {:?}", outgoing.request(), outgoing.call()), there);
            digests.push(outgoing.digest());
            here.report(Report::Answered(200, br#"{"a":"x.y","b":["42"]}"#));
        }
        prop_assert!(here.next(at(1)).unwrap().is_none());
        prop_assert_eq!(here.lent().iter().map(|l| l.digest).collect::<Vec<_>>(), digests);
    }

    #[test]
    fn inv_12_the_same_inputs_give_the_same_ticket(prepared in prepared(), id in any::<u8>()) {
        let world = World::new();
        let issue = || {
            let sealed = world.issuer.issue(silent(prepared.clone()), jti(id), at(1)).unwrap();
            sealed.ticket().as_compact().to_owned()
        };
        prop_assert_eq!(issue(), issue());
    }
}
