//! `tokens`: other tokens and warrants beside ours, each verified alone, and each with what it lacks
//! added: SHA-256 of the arguments and of the body, compared with what was signed, and a set of used
//! ids. One process, one thread; fresh tokens each time.

mod peers;

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Mutex;

use bench_work::report;
use bench_work::sample::{Effort, Group};
use bench_work::world::{Bare, Change, World};
use sha2::{Digest as _, Sha256};

/// Length of the arguments and of the body, each.
const SIZE: usize = 4096;

/// A set of used ids, as a service without a guard would write it: exact, but never forgetting.
#[derive(Debug, Default)]
struct Used(Mutex<HashMap<String, u64>>);

impl Used {
    fn once(&self, id: &str) {
        let mut used = self.0.lock().expect("nobody panics");
        assert!(used.insert(id.to_owned(), 0).is_none(), "a fresh id");
    }
}

/// Text as JSON has it in these peers.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// What a token says of its call.
#[derive(Debug, Clone)]
struct Said {
    id: String,
    arguments: String,
    body: String,
}

/// A kind of token.
trait Kind {
    /// Signs one for a call.
    fn issue(&self, id: &str, payload: &Bare) -> Vec<u8>;
    /// Verifies one, and returns what it says. For kinds that decide about the call themselves, the
    /// digests of the call are given.
    fn verify(&self, token: &[u8], call: Option<&Said>) -> Said;
}

/// An issued token with its call.
struct Item {
    token: Vec<u8>,
    payload: Bare,
    call: Said,
}

fn main() -> ExitCode {
    let mut effort = Effort::FULL;
    for arg in std::env::args().skip(1) {
        if arg == "--quick" {
            effort = Effort::QUICK;
        } else {
            eprintln!("unknown option {arg}");
            return ExitCode::from(2);
        }
    }
    let world = World::new(SIZE);
    let world = &world;
    let used = Used::default();
    let used = &used;
    let kinds = peers::all();

    let mut alone = Group::new("tokens alone", "a token verified and its claims read, no payload");
    let check = |call: bench_work::world::Call| {
        world.check(&call.ticket).expect("checked");
        call
    };
    alone.each("countersign check", "", || world.call(Change::Nothing), check);
    for (name, note, kind) in &kinds {
        let input = || item(world, kind.as_ref());
        alone.each(*name, note, input, |item: Item| {
            let said = kind.verify(&item.token, Some(&item.call));
            (item, said)
        });
    }
    let about =
        "a token verified, the payload (4 KiB of arguments, 4 KiB of body) compared, used once";
    let mut complete = Group::new("tokens complete", about);
    let admit = |call| world.admit(call).expect("admitted");
    complete.each("countersign gate", "", || world.call(Change::Nothing), admit);
    for (name, note, kind) in &kinds {
        let input = || item(world, kind.as_ref());
        let name = format!("{name} + SHA-256 x 2 + Mutex<HashMap>");
        complete.each(name, note, input, |item: Item| {
            let call = Said {
                id: String::new(),
                arguments: sha256(&item.payload.arguments),
                body: sha256(&item.payload.body),
            };
            let said = kind.verify(&item.token, Some(&call));
            assert!(said.arguments == call.arguments && said.body == call.body);
            used.once(&said.id);
            item
        });
    }
    let results = [alone.run(effort), complete.run(effort)];
    results.iter().for_each(report::show);
    println!("{}", report::json(&results, &[]));
    ExitCode::SUCCESS
}

fn item(world: &World, kind: &dyn Kind) -> Item {
    let payload = world.bare();
    let id = format!("{:032x}", world.number());
    let call =
        Said { id: id.clone(), arguments: sha256(&payload.arguments), body: sha256(&payload.body) };
    Item { token: kind.issue(&id, &payload), payload, call }
}
