//! A whole call through the pipeline beside the bare HTTP request: a page of its own.

use std::fmt::Write as _;

use crate::bench::{
    conditions, ending, one,
    programs::{self, DEFAULT, FOLDER},
    results::Results,
    targets::Target,
};
use crate::{options::BenchOptions, project::Project};

/// Figures that are rates; the others are nanoseconds.
const RATE: &str = " per second, ";

/// Builds, measures, and writes the page.
pub(crate) fn run(project: &Project, options: &BenchOptions) -> Result<String, String> {
    let folder = project.root.join(FOLDER);
    let built = programs::build(project, DEFAULT, "calls")?;
    // On the disk that the project is on: where temporary files are may be no disk at all.
    let results = one(project.command(built.join("calls")).arg(&folder), options)?;
    let targets = targets(&results);
    let page = page(&conditions(project)?, &results, &targets);
    let written = ending::write(project, options, "calls.md", &page)?;
    Ok(ending::say_all(options, &results, &targets, &written))
}

fn targets(results: &Results) -> Vec<Target> {
    let wanted = [("p50", 300.0, "under 300 µs"), ("p99", 2_000.0, "under 2,000 µs")];
    let target = |(name, most, wanted): (&str, f64, &str)| {
        let micros = results.figures.get(&format!("overhead {name}, ns"))? / 1e3;
        Some(Target {
            about: format!("a whole call of tier C over the bare HTTP request, {name}"),
            wanted: wanted.to_owned(),
            measured: format!("{micros:.0} µs"),
            met: micros < most,
        })
    };
    wanted.into_iter().filter_map(target).collect()
}

fn page(conditions: &[(&str, String)], results: &Results, targets: &[Target]) -> String {
    let mut page = String::from(OPENING);
    ending::head(&mut page, conditions, targets);
    page.push_str("\n## Times and rates\n\n| | |\n|---|---:|\n");
    for (name, value) in &results.figures {
        let (name, value) = if name.contains(RATE) {
            (name.as_str(), format!("{value:.0}"))
        } else {
            (name.trim_end_matches(", ns"), format!("{:.0} µs", value / 1e3))
        };
        let _ = writeln!(page, "| {name} | {value} |");
    }
    page.push_str(METHOD);
    page
}

const OPENING: &str = "# A whole call, measured

Written by `cargo xtask bench --calls`; do not edit. What counts is the difference between the two, which were
measured in turns: absolute times are those of one machine, its disk, and of what else it had to do.
";

const METHOD: &str = "
## Method

* A call carries arguments and a body of 4 KiB and a bearer token, has tier C, and goes to a server on
  loopback that answers at once, in the same process: planned, judged, its session's memory written, sealed,
  logged three times, entered, claimed (the one write that is waited for on the disk), sent, interpreted,
  closed in the ledger, evidence signed.
* The bare request is the same bytes through reqwest, without redirects, retries and proxies; both make a
  connection for each request. The pipeline sends by `countersign-http`, which has hyper underneath and
  needs less time for that than reqwest: so the overhead is what a call takes more than one that an agent
  would make by the usual client.
* The bare request, the whole call, the same with its stores in memory, and one write of 512 bytes to the same
  disk that is waited for take turns. The overhead is the difference of the quantiles of the first two; the
  other two tell how much of it is the disk.
* Rates are those of so many callers that call again as soon as they have an answer, on two threads, with
  the server on the same two.
* The token comes from the vault, which has it in its cache from the first call on and looks for it in all
  that would leave. TLS is not spoken.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn results(p50: f64, p99: f64) -> Results {
        let figures = format!(
            r#"{{"overhead p50, ns":{p50},"overhead p99, ns":{p99},"whole calls per second, 8 at a time":1234.5}}"#
        );
        Results::parse(&format!(r#"{{"groups":[],"figures":{figures}}}"#)).unwrap()
    }

    #[test]
    fn a_target_is_met_below_its_number_and_missed_from_it_on() {
        let met = |p50, p99| targets(&results(p50, p99)).iter().map(|t| t.met).collect::<Vec<_>>();
        assert_eq!(met(299_999.0, 1_999_999.0), [true, true]);
        assert_eq!(met(300_000.0, 2_000_000.0), [false, false]);
    }

    #[test]
    fn times_are_shown_in_microseconds_and_rates_as_they_are() {
        let results = results(250_000.0, 1_500_000.0);
        let page = page(&[("system", "x".to_owned())], &results, &targets(&results));
        assert!(page.contains("| overhead p50 | 250 µs |"), "{page}");
        assert!(page.contains("| whole calls per second, 8 at a time | 1234 |"), "{page}");
    }
}
