//! `docs/benchmarks.md`, written from what was measured.

use std::fmt::Write as _;

use crate::bench::{
    Report,
    counts::Counts,
    results::{Group, Results},
    targets,
};

/// The whole page.
pub(crate) fn markdown(report: &Report) -> String {
    let mut page = String::from(OPENING);
    conditions(&mut page, report);
    page.push_str("\n## Targets\n\n");
    page.push_str("| measured | target | found | |\n|---|---|---:|---|\n");
    for target in targets::all(report) {
        let met = if target.met { "met" } else { "**missed**" };
        let row = [target.about, target.wanted, target.measured].map(|text| cell(&text));
        let _ = writeln!(page, "| {} | {met} |", row.join(" | "));
    }
    page.push_str("\n![Times as multiples of ours](benchmarks.svg)\n");
    page.push_str(METHOD);
    for (build, results) in report.builds() {
        let _ = writeln!(
            page,
            "\n## {} build",
            if build == "avx512" { "AVX-512".to_owned() } else { sentence(build) }
        );
        for group in &results.groups {
            table(&mut page, group);
        }
    }
    figures(&mut page, &report.default);
    if let Some(counts) = &report.counts {
        instructions(&mut page, counts);
    }
    page.push_str(LIMITS);
    page
}

const OPENING: &str = "# Benchmarks

Written by `cargo xtask bench`; do not edit. Ratios are what counts: absolute times hold on the machine
they were taken on. Code and rules: [benches/](../benches/README.md).
";

const METHOD: &str = "
## Method

* Every contender of a group is sampled once per round, in an order that rotates, at least 3 ms a
  sample, 25 rounds; a ratio is taken within each round, and its median is reported. One process, one
  thread, release profile with thin LTO and one codegen unit, the system's allocator.
* Ed25519 differs by up to a fifth from process to process, so each program runs in several processes.
  A table shows the median of their medians, and in brackets the lowest and highest ratio.
* A fresh ticket and a fresh request for each operation of the gate: they are made before a sample, and
  what comes out is dropped after it. The floor is given the same number of different tickets.
* Contenders that canonicalize agree on the digest of every input, or the program stops.
* Python and Node time themselves, in processes of their own, in the same run, on the same inputs.
* Single claims are timed three times over with the very same claims, and of each claim the fastest time
  counts (\"repeatable\"): what the machine does now and then disappears, what the guard does stays.
";

const LIMITS: &str = "
## Limits

* A small virtual machine with neighbours. Differences under 5 % are ties; a single run may be slowed.
* Not measured: other processors than this one, more than two threads, the whole pipeline, anything over
  a network. A durable guard, whose claim costs a write to the disk, has [a page of its own](store.md).
* The floor of the gate believes the claims and remembers nothing; no service could run it.
* `jsonwebtoken` and `pasetors` do not accept exactly the signatures that `verify_strict` accepts.
  `biscuit-auth` and `tenuo` do more than ours with delegation and policies, which is not used here.
  None of the four compares a payload or remembers what was used: that is added to each, with a
  `Mutex<HashMap>` that never forgets, which no service could run for long either. Their tokens carry
  only what is compared, and are about half as long as our ticket.
* `moka` is a cache: its `or_insert` admits a key on two threads at once (how often is counted above),
  and with a capacity it forgets keys that are alive. It is timed in a form that is exact, without a
  capacity.
* Under callgrind SHA-256 runs in software, because valgrind has no SHA instructions: counts of
  operations that hash say more about hashing than times do.
";

fn conditions(page: &mut String, report: &Report) {
    page.push_str("\n| | |\n|---|---|\n");
    for (name, value) in &report.conditions {
        let _ = writeln!(page, "| {name} | {} |", cell(value));
    }
}

fn table(page: &mut String, group: &Group) {
    let _ = writeln!(page, "\n### {}\n\n{}.\n", group.name, cell(&sentence(&group.about)));
    page.push_str("| | ratio | time | p10 .. p90 | |\n|---|---:|---:|---:|---|\n");
    for row in &group.rows {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} .. {} | {} |",
            cell(&row.name),
            row.shown(),
            time(row.median),
            time(row.p10),
            time(row.p90),
            cell(&row.note)
        );
    }
}

fn figures(page: &mut String, results: &Results) {
    if results.figures.is_empty() {
        return;
    }
    page.push_str("\n### guard, memory and single claims\n\n");
    page.push_str(
        "Bytes as the allocator counts them; times in nanoseconds.\n\n| | |\n|---|---:|\n",
    );
    for (name, value) in &results.figures {
        let digits = usize::from(*value < 1e3);
        let _ = writeln!(page, "| {} | {value:.digits$} |", cell(name));
    }
}

fn instructions(page: &mut String, counts: &Counts) {
    page.push_str(
        "\n## Instructions\n\nOne operation under callgrind. `cargo xtask test` compares them with \
         `benches/counts.json`, and fails when one has grown by more than 5 %.\n\n\
         | operation | instructions |\n|---|---:|\n",
    );
    for (name, count) in counts {
        let _ = writeln!(page, "| {} | {count} |", cell(name));
    }
}

/// A text inside a table, where a bar would begin another cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn time(nanos: f64) -> String {
    match nanos {
        n if n < 1e3 => format!("{n:.1} ns"),
        n if n < 1e6 => format!("{:.2} µs", n / 1e3),
        n => format!("{:.2} ms", n / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_target_is_not_shown_as_met() {
        let text = format!(
            r#"{{"groups":[{{"name":"gate 4k","about":"x","rows":[
                {{"name":"{}","note":"","median":1,"p10":1,"p90":1,"ratio":1.2}}]}}],"figures":{{}}}}"#,
            targets::GATE
        );
        let report = Report { default: Results::parse(&text).unwrap(), ..Report::default() };
        let page = markdown(&report);
        assert!(page.contains("| 1.20x | **missed** |"), "{page}");
    }

    #[test]
    fn a_name_cannot_break_a_table() {
        assert_eq!(cell("a | Mutex<HashMap>"), "a \\| Mutex&lt;HashMap>");
    }
}
