//! The gate: tickets admitted, and refused.

use bench_work::sample::Group;
use bench_work::world::{Change, World, garbage, time};
use countersign_ticket::{Prepared, Refusal};

use crate::Run;

/// Sizes of the arguments and of the body, each, in bytes.
const SIZES: [(usize, &str); 3] = [(256, "256"), (4096, "4k"), (65_536, "64k")];

pub(crate) fn run(run: &mut Run) {
    for (size, name) in SIZES {
        let world = World::new(size);
        let world = &world;
        let ticket = world.call(Change::Nothing).ticket.as_compact().len();
        let about = format!(
            "a ticket of {ticket} bytes, arguments of {size} bytes and a body of {size} bytes; a fresh ticket each time"
        );
        let mut group = Group::new(format!("gate {name}"), about);
        group.each(
            "bare: verify_strict + SHA-256 of arguments and body",
            "believes the claims, remembers nothing",
            || world.bare(),
            |bare| {
                let digests = world.verify_bare(&bare);
                (bare, digests)
            },
        );
        group.each(
            "gate, request in memory",
            "",
            || world.call(Change::Nothing),
            |call| world.admit(call).expect("admitted"),
        );
        group.each(
            "gate, the sealed bytes",
            "reads the request from its bytes",
            || {
                let call = world.call(Change::Nothing);
                (call.ticket, call.prepared.to_bytes())
            },
            |(ticket, bytes)| {
                let admitted = world.admit_bytes(&ticket, &bytes).expect("admitted");
                (ticket, bytes, admitted)
            },
        );
        group.each(
            "check alone",
            "no request, no claim",
            || world.call(Change::Nothing),
            |call| {
                world.check(&call.ticket).expect("checked");
                call
            },
        );
        group.each(
            "bare: verify_strict",
            "only the signature",
            || world.bare(),
            |bare| {
                world.verify_signature(&bare);
                bare
            },
        );
        group.each(
            "bare: verification as the gate does it",
            "only the signature",
            || world.bare(),
            |bare| {
                assert!(world.key.verify(&bare.signed, &bare.signature), "a good signature");
                bare
            },
        );
        group.each(
            "issue",
            "signs",
            || {
                let number = world.number();
                (world.approved(number), number)
            },
            |(approved, number)| world.issue(approved, number),
        );
        let (number, template) = (world.number(), world.prepared(1, Change::Nothing).to_bytes());
        group.repeat("read a sealed request", "no ticket", move || {
            Prepared::from_bytes(&template).expect("sealed bytes")
        });
        let prepared = world.prepared(number, Change::Nothing);
        group.repeat("digest of an effect", "", move || prepared.digest());
        run.group(group);
    }
}

pub(crate) fn refusals(run: &mut Run) {
    let world = World::new(4096);
    let world = &world;
    let about = "refused, beside one that is admitted; arguments and body of 4 KiB";
    let mut group = Group::new("refusals", about);
    group.each(
        "admitted",
        "",
        || world.call(Change::Nothing),
        |call| world.admit(call).expect("admitted"),
    );
    let refused = |change, refusal| {
        (
            move || world.call(change),
            move |call| {
                assert_eq!(world.admit(call).map(drop), Err(refusal));
            },
        )
    };
    let (input, operation) = refused(Change::Arguments, Refusal::ArgumentsMismatch);
    group.each("other arguments", "one letter", input, operation);
    let (input, operation) = refused(Change::Body, Refusal::EffectMismatch);
    group.each("another body", "one letter", input, operation);
    group.each(
        "forged signature",
        "",
        || world.forged(),
        |call| {
            assert_eq!(world.admit(call).map(drop), Err(Refusal::BadSignature));
        },
    );
    let spent = || {
        let number = world.number();
        let (ticket, _) = world.sealed(number).into_parts();
        let call = |ticket| bench_work::world::Call {
            ticket,
            prepared: world.prepared(number, Change::Nothing),
        };
        let again = countersign_ticket::Ticket::from_compact(ticket.as_compact().to_owned());
        drop(world.admit(call(ticket)).expect("admitted once"));
        call(again)
    };
    group.each("replayed", "", spent, |call| {
        assert_eq!(world.admit(call).map(drop), Err(Refusal::Spent));
    });
    let late = time().plus_seconds(3_600);
    group.each(
        "expired",
        "",
        || world.call(Change::Nothing),
        |call| {
            let refused = world.gate.check(&call.ticket, &world.caller, late).map(drop);
            assert_eq!(refused, Err(Refusal::Expired));
            call
        },
    );
    run.group(group);

    let mut group = Group::new("garbage", "texts that are no ticket; the first is an empty one");
    for (name, ticket) in garbage() {
        group.repeat(name, "", move || {
            let refusal = world.check(&ticket).expect_err("no ticket");
            let expected = [Refusal::TicketMalformed, Refusal::TicketTooLarge];
            assert!(expected.contains(&refusal), "{refusal}");
        });
    }
    run.group(group);
}
