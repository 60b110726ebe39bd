//! `counts <operation> <prepared> <done>`: makes the inputs of one operation for `prepared` times, and
//! does it `done` times, so that two runs with other numbers done differ by those operations alone.
//!
//! `counts --list` names the operations. Run under callgrind by `cargo xtask test --only counts`.

use std::hint::black_box;
use std::process::ExitCode;

use bench_work::inputs;
use bench_work::now;
use bench_work::random::Random;
use bench_work::world::{Change, World, caller, garbage, time};
use countersign_ticket::{
    Caller, Claim, EffectId, Epochs, Jti, MemoryGuard, Refusal, ReplayGuard as _,
};

/// An operation that was given its inputs: done so often.
type Ready = Box<dyn FnMut(usize)>;

fn repeat<R>(mut operation: impl FnMut() -> R + 'static) -> Ready {
    Box::new(move |count| (0..count).for_each(|_| drop(black_box(operation()))))
}

/// Uses up inputs that were made before. What is left, and what comes out, is never dropped: the
/// process ends first.
fn each<I: 'static, R: 'static>(
    prepared: usize,
    input: impl FnMut(usize) -> I,
    mut operation: impl FnMut(I) -> R + 'static,
) -> Ready {
    let mut inputs = (0..prepared).map(input).collect::<Vec<_>>().into_iter();
    let mut outputs = Vec::with_capacity(prepared);
    Box::new(move |count| outputs.extend(inputs.by_ref().take(count).map(&mut operation)))
}

/// Names with how often each is done: cheap ones more often.
const OPERATIONS: [(&str, usize); 18] = [
    ("canonicalize calendar_400", 200),
    ("canonicalize email_4k", 100),
    ("canonicalize nested_64k", 10),
    ("canonicalize nested_64k, canonical", 10),
    ("canonicalize numbers_64k", 10),
    ("canonicalize escaped_64k", 10),
    ("canonicalize unicode_64k", 10),
    ("digest calendar_400", 200),
    ("verify", 40),
    ("issue", 40),
    ("check", 40),
    ("admit", 40),
    ("admit bytes", 40),
    ("refuse arguments", 40),
    ("refuse signature", 40),
    ("refuse garbage", 500),
    ("claim", 20_000),
    ("claim twice", 20_000),
];

fn ready(operation: &str, prepared: usize) -> Option<Ready> {
    if let Some(name) = operation.strip_prefix("canonicalize ") {
        let input = match name.strip_suffix(", canonical") {
            Some(name) => inputs::named(name).canonical(),
            None => inputs::named(name).bytes,
        };
        return Some(repeat(move || countersign_canon::canonicalize(&input).expect("accepted")));
    }
    if let Some(name) = operation.strip_prefix("digest ") {
        let input = inputs::named(name).bytes;
        return Some(repeat(move || countersign_canon::digest(&input).expect("accepted")));
    }
    if operation.starts_with("claim") {
        return Some(claims(operation == "claim twice", prepared));
    }
    let world: &'static World = Box::leak(Box::new(World::new(256)));
    let call = |change| move |_| world.call(change);
    Some(match operation {
        "verify" => each(
            prepared,
            |_| world.bare(),
            |bare| {
                assert!(world.key.verify(&bare.signed, &bare.signature));
                bare
            },
        ),
        "issue" => each(
            prepared,
            |_| {
                let number = world.number();
                (world.approved(number), number)
            },
            |(approved, number)| world.issue(approved, number),
        ),
        "check" => each(prepared, call(Change::Nothing), |call| {
            world.check(&call.ticket).expect("checked");
            call
        }),
        "admit" => {
            each(prepared, call(Change::Nothing), |call| world.admit(call).expect("admitted"))
        }
        "admit bytes" => each(
            prepared,
            |_| {
                let call = world.call(Change::Nothing);
                (call.ticket, call.prepared.to_bytes())
            },
            |(ticket, bytes)| {
                let admitted = world.admit_bytes(&ticket, &bytes).expect("admitted");
                (ticket, bytes, admitted)
            },
        ),
        "refuse arguments" => each(prepared, call(Change::Arguments), |call| {
            assert_eq!(world.admit(call).map(drop), Err(Refusal::ArgumentsMismatch));
        }),
        "refuse signature" => each(
            prepared,
            |_| world.forged(),
            |call| {
                assert_eq!(world.admit(call).map(drop), Err(Refusal::BadSignature));
            },
        ),
        "refuse garbage" => {
            let all = garbage();
            repeat(move || {
                for (name, ticket) in &all {
                    assert!(world.check(ticket).is_err(), "{name}");
                }
            })
        }
        _ => return None,
    })
}

/// Claims with ten thousand alive, of new keys or of one that was claimed.
fn claims(twice: bool, prepared: usize) -> Ready {
    const ALIVE: u64 = 10_000;
    let guard = MemoryGuard::new(1_000_000, time());
    let caller = caller();
    for number in 0..ALIVE {
        assert!(claim(&guard, &caller, number));
    }
    each(
        prepared,
        |number| number as u64,
        move |number| {
            let number = if twice { number % ALIVE } else { number + ALIVE };
            assert_eq!(claim(&guard, &caller, number), !twice);
        },
    )
}

fn claim(guard: &MemoryGuard, caller: &Caller, number: u64) -> bool {
    let key = Random::new(number).bytes();
    let times = [time(), time().plus_seconds(60), time()];
    let (effect, jti) = (EffectId::from_bytes(key), Jti::from_random(key));
    now(guard.claim(&Claim::for_test(effect, jti, caller, Epochs::default(), times))).is_ok()
}

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = args.iter().map(String::as_str).collect();
    let numbers = |one: &str, two: &str| one.parse().ok().zip(two.parse().ok());
    match words.as_slice() {
        ["--list"] => {
            for (name, count) in OPERATIONS {
                println!("{name}\t{count}");
            }
            ExitCode::SUCCESS
        }
        [operation, prepared, done] => {
            let Some((prepared, done)) = numbers(prepared, done) else {
                return ExitCode::from(2);
            };
            let Some(mut ready) = ready(operation, prepared) else { return ExitCode::from(2) };
            ready(done);
            // Nothing is dropped: the numbers prepared and done would show in it.
            std::process::exit(0)
        }
        _ => ExitCode::from(2),
    }
}
