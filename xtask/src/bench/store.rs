//! The embedded store beside other engines and the bare disk: a page of its own.

use std::fmt::Write as _;

use crate::bench::{
    conditions, ending, one,
    programs::{self, DEFAULT, FOLDER},
    results::Results,
    targets::Target,
};
use crate::{options::BenchOptions, project::Project};

/// Callers at a time, as `store` measures them.
const CALLERS: [usize; 4] = [1, 8, 32, 128];
const OURS: &str = "countersign";
const BARE: &str = "append + fdatasync";

/// Builds, measures, and writes the page.
pub(crate) fn run(project: &Project, options: &BenchOptions) -> Result<String, String> {
    let folder = project.root.join(FOLDER);
    programs::build(project, DEFAULT, "stores")?;
    let built = folder.join(DEFAULT.name).join("release");
    // On the disk that the project is on: where temporary files are may be no disk at all.
    let mut results = one(project.command(built.join("store")).arg(&folder), options)?;
    results.extend(one(project.command(built.join("store-live")).arg(&folder), options)?);
    let targets = targets(&results);
    let page = page(&conditions(project)?, &results, &targets);
    let written = ending::write(project, options, "store.md", &page)?;
    Ok(ending::say_all(options, &results, &targets, &written))
}

/// Seconds to open a store with ten million live tickets.
const OPEN: f64 = 6.0;

fn targets(results: &Results) -> Vec<Target> {
    let bare = |callers| results.row(&format!("store {callers}"), BARE).map(|row| row.ratio);
    let rate = results.figures.get(&format!("claims per second, 32 callers: {OURS}"));
    let mut targets = Vec::new();
    if let Some(rate) = rate {
        targets.push(Target {
            about: "durable claims per second, 32 callers".to_owned(),
            wanted: "at least 20,000".to_owned(),
            measured: format!("{rate:.0}"),
            met: *rate >= 20_000.0,
        });
    }
    if let Some(ratio) = bare(32) {
        targets.push(Target {
            about: format!("durable claims, 32 callers: by those of {BARE} in groups"),
            wanted: "at least 0.7".to_owned(),
            measured: format!("{ratio:.2}"),
            met: ratio >= 0.7,
        });
    }
    if let Some(ratio) = bare(1) {
        targets.push(Target {
            about: format!("a single durable claim: by one {BARE} of as many bytes"),
            wanted: "at most 1.5x its time".to_owned(),
            measured: format!("{:.2}x", 1.0 / ratio),
            met: 1.0 / ratio <= 1.5,
        });
    }
    let live = results.figures.get("live tickets");
    let open = results.figures.get("seconds to open");
    if let (Some(live), Some(open)) = (live, open) {
        targets.push(Target {
            about: format!("seconds to open with {live:.0} live tickets"),
            wanted: format!("at most {OPEN:.0}"),
            measured: format!("{open:.1}"),
            met: *open <= OPEN,
        });
    }
    targets
}

fn page(conditions: &[(&str, String)], results: &Results, targets: &[Target]) -> String {
    let mut page = String::from(OPENING);
    ending::head(&mut page, conditions, targets);
    page.push_str(
        "\n## Durable claims per second\n\nIn brackets: by ours, in the same rounds.\n\n|",
    );
    let heads = CALLERS.map(|callers| match callers {
        1 => "1 caller".to_owned(),
        many => format!("{many} callers"),
    });
    let _ = writeln!(page, " | {} | |", heads.join(" | "));
    let _ = writeln!(page, "|---|{}---|", "---:|".repeat(CALLERS.len()));
    let rows = results.group("store 1").map_or(&[][..], |group| group.rows.as_slice());
    for row in rows {
        let cells = CALLERS.map(|callers| {
            let of = |row: &str| results.row(&format!("store {callers}"), row);
            let Some(mine) = of(&row.name) else { return String::new() };
            format!("{:.0} ({:.2})", 1e9 / mine.median, 1.0 / mine.ratio)
        });
        let _ = writeln!(page, "| {} | {} | {} |", row.name, cells.join(" | "), row.note);
    }
    page.push_str(METHOD);
    for (name, value) in &results.figures {
        if !name.starts_with("claims per second, ") {
            let digits = if *value < 100.0 { 2 } else { usize::from(*value < 1e3) };
            let _ = writeln!(page, "| {name} | {value:.digits$} |");
        }
    }
    page
}

const OPENING: &str = "# The embedded store, measured

Written by `cargo xtask bench --store`; do not edit. Ratios are what counts: absolute rates are those of
one machine's disk, and of what else it had to do.
";

const METHOD: &str = "
* A caller is a task on two threads that claims again as soon as it has claimed. Contenders take turns,
  14 rounds of 0.7 s; the median counts. All are on the same disk.
* The others commit in groups by the same rule as ours: whoever waits syncs for all. *Append + fdatasync*
  writes as many bytes as ours does, to a file of zeros of its full length, and remembers nothing. The
  databases look a key up and insert 48 bytes under it.
* Ours is the ledger's claim, of an effect that was not entered before: it compares time, epochs and
  ticket, and writes where the effect stands and, sealed, who asked.

## Why a log of our own

Every write of a log of our own can be intercepted, so that a test can cut the power after each of them
and look at what is left; of an engine we could test only what it does when nothing goes wrong. It must
then not be slower, which is what the table is for.

## Millions of live tickets

Times of single claims with 256 callers, in milliseconds, and beside them those of the bare disk: appended to
and synced in turns with it, by as many callers and for as long each time. A pause of one sync is one of all
256, so p99.99 is about the longest pause of a run. Memory as the allocator counts it, with all that a store
has.

| | |
|---|---:|
";

#[cfg(test)]
mod tests {
    use super::*;

    fn results(ratio: f64, rate: f64) -> Results {
        let row = |name: &str, ratio: f64| {
            format!(
                r#"{{"name":"{name}","note":"","median":1000,"p10":1,"p90":1,"ratio":{ratio}}}"#
            )
        };
        let rows = format!("{},{}", row(OURS, 1.0), row(BARE, ratio));
        let groups =
            CALLERS.map(|n| format!(r#"{{"name":"store {n}","about":"","rows":[{rows}]}}"#));
        let groups = groups.join(",");
        let figures = format!(r#"{{"claims per second, 32 callers: {OURS}":{rate},"x":1}}"#);
        Results::parse(&format!(r#"{{"groups":[{groups}],"figures":{figures}}}"#)).unwrap()
    }

    #[test]
    fn a_target_is_met_from_its_number_on_and_missed_below() {
        let met = |ratio, rate| {
            targets(&results(ratio, rate)).iter().map(|target| target.met).collect::<Vec<_>>()
        };
        assert_eq!(met(0.7, 20_000.0), [true, true, true]);
        assert_eq!(met(0.69, 19_999.0), [false, false, true]);
        assert_eq!(met(0.66, 20_000.0), [true, false, false]);
    }

    #[test]
    fn the_page_has_a_row_for_each_contender_and_leaves_rates_out_of_the_figures() {
        let results = results(0.5, 30_000.0);
        let page = page(&[("system", "x".to_owned())], &results, &targets(&results));
        assert!(page.contains("| append + fdatasync | 1000000 (2.00) |"), "{page}");
        assert!(page.contains("| x | 1.00 |") && !page.contains("| claims per second, 32"));
    }
}
