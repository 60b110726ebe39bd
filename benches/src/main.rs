//! `bench`: the kernel's groups, timed beside their peers in one process on one thread.
//!
//! `bench [--quick] [--only canon,gate,…]` prints tables on standard error and JSON on standard
//! output. `bench --export <folder>` writes the inputs and tickets for the peers in Python and Node.

mod canon;
mod export;
mod gate;
mod guard;
mod pauses;

use std::process::ExitCode;

use bench_work::report;
use bench_work::sample::{Effort, Results};

/// What all parts add to.
#[derive(Debug)]
pub(crate) struct Run {
    effort: Effort,
    quick: bool,
    groups: Vec<Results>,
    figures: Vec<(String, f64)>,
}

impl Run {
    pub(crate) fn group(&mut self, group: bench_work::sample::Group<'_>) {
        let results = group.run(self.effort);
        report::show(&results);
        self.groups.push(results);
    }

    pub(crate) fn figure(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        eprintln!("  {name}: {value:.1}");
        self.figures.push((name, value));
    }
}

type Part = (&'static str, fn(&mut Run));

const PARTS: [Part; 5] = [
    ("canon", canon::run),
    ("gate", gate::run),
    ("refusals", gate::refusals),
    ("guard", guard::run),
    ("pauses", pauses::run),
];

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    if let [flag, folder] = args.as_slice()
        && flag == "--export"
    {
        export::run(folder.as_ref());
        return ExitCode::SUCCESS;
    }
    let mut only = None;
    let mut quick = false;
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => quick = true,
            "--only" => only = args.next(),
            other => {
                eprintln!("unknown option {other}");
                return ExitCode::from(2);
            }
        }
    }
    let effort = if quick { Effort::QUICK } else { Effort::FULL };
    let mut run = Run { effort, quick, groups: Vec::new(), figures: Vec::new() };
    for (name, part) in PARTS {
        if only.as_ref().is_none_or(|only| only.split(',').any(|one| one == name)) {
            part(&mut run);
        }
    }
    println!("{}", report::json(&run.groups, &run.figures));
    ExitCode::SUCCESS
}
