//! The same inputs and tickets, as files for the peers in other languages.

use std::path::Path;

use bench_work::inputs;
use bench_work::report::quoted;
use bench_work::world::{Change, World};
use countersign_canon::Digest;

/// Tickets in a file: more than a sample needs.
const TICKETS: usize = 200;

pub(crate) fn run(folder: &Path) {
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.join(name), bytes).expect("a folder that can be written");
    };
    std::fs::create_dir_all(folder).expect("a folder that can be made");
    for input in inputs::all() {
        write(&format!("{}.json", input.name), &input.bytes);
    }
    let world = World::new(4096);
    let calls = (0..TICKETS).map(|_| {
        let call = world.call(Change::Nothing);
        let arguments = call.prepared.arguments();
        let body = call.prepared.steps()[0].body_bytes();
        format!(
            r#"{{"ticket":{},"arguments":{},"body":{}}}"#,
            quoted(call.ticket.as_compact()),
            quoted(arguments.as_str()),
            quoted(std::str::from_utf8(body).expect("text"))
        )
    });
    let calls: Vec<_> = calls.collect();
    let key = Digest::from_bytes(*world.key.as_bytes()).to_hex();
    let text = format!(r#"{{"key":"{key}","calls":[{}]}}"#, calls.join(","));
    write("calls_4k.json", text.as_bytes());
}
