//! What the kernel is meant to reach, beside what it does.

use crate::bench::{Report, results::Results};

/// A target with what was measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) about: String,
    pub(crate) wanted: String,
    pub(crate) measured: String,
    pub(crate) met: bool,
}

/// The peer that canonical form is compared with.
pub(crate) const CANON_PEER: &str = "serde_json + serde_json_canonicalizer + sha2";
/// Our row in the groups of the gate.
pub(crate) const GATE: &str = "gate, request in memory";

/// Ratios this close to one are ties.
const TIE: f64 = 1.05;

const CANON: [(&str, &str, f64); 6] = [
    ("calendar_400", "400 B", 5.0),
    ("email_4k", "4 KiB", 3.5),
    ("nested_64k", "64 KiB, nested", 5.0),
    ("nested_1m", "1 MiB, nested", 5.0),
    ("numbers_64k", "64 KiB, numbers", 2.5),
    ("escaped_64k", "64 KiB, escaped", 2.5),
];

/// Every target that something was measured for.
pub(crate) fn all(report: &Report) -> Vec<Target> {
    let mut targets = Vec::new();
    let default = &report.default;
    for (input, words, wanted) in CANON {
        if let Some(row) = default.row(&format!("canon {input}"), CANON_PEER) {
            targets.push(Target {
                about: format!("canonical form + SHA-256, {words}: {CANON_PEER}"),
                wanted: format!("at least {wanted}x our time"),
                measured: row.shown(),
                met: row.ratio >= wanted,
            });
        }
    }
    for (build, results) in report.builds() {
        gate(&mut targets, build, results);
    }
    refusals(&mut targets, default);
    guard(&mut targets, default);
    targets
}

fn gate(targets: &mut Vec<Target>, build: &str, results: &Results) {
    if let Some(row) = results.row("gate 4k", GATE) {
        targets.push(Target {
            about: format!("gate, 4 KiB, in memory, {build} build: bare verification + two hashes"),
            wanted: "at most 1.15x its time".to_owned(),
            measured: row.shown(),
            met: row.ratio <= 1.15,
        });
    }
    let rows = results.group("tokens complete").map_or(&[][..], |group| group.rows.as_slice());
    let fastest = rows.iter().skip(1).min_by(|a, b| a.ratio.total_cmp(&b.ratio));
    if let Some(row) = fastest {
        targets.push(Target {
            about: format!("gate, 4 KiB, {build} build: the fastest peer, {}", row.name),
            wanted: "not faster than ours".to_owned(),
            measured: format!("{} our time", row.shown()),
            met: row.ratio >= 1.0,
        });
    }
}

fn refusals(targets: &mut Vec<Target>, results: &Results) {
    for name in ["other arguments", "another body"] {
        if let Some(row) = results.row("refusals", name) {
            targets.push(Target {
                about: format!("a wrong payload refused ({name}): a right one admitted"),
                wanted: "no more time (a tie within 5 %)".to_owned(),
                measured: row.shown(),
                met: row.ratio <= TIE,
            });
        }
    }
    let rows = results.group("garbage").map_or(&[][..], |group| group.rows.as_slice());
    if let Some(slowest) = rows.iter().max_by(|a, b| a.median.total_cmp(&b.median)) {
        targets.push(Target {
            about: format!("garbage refused, the slowest kind ({})", slowest.name),
            wanted: "under 1 µs".to_owned(),
            measured: format!("{:.0} ns", slowest.median),
            met: slowest.median < 1_000.0,
        });
    }
}

fn guard(targets: &mut Vec<Target>, results: &Results) {
    for (group, words) in [("fresh", "of a new effect"), ("duplicate", "of a spent one")] {
        let group = results.group(&format!("guard {group}, 1"));
        if let Some(row) = group.and_then(|group| group.rows.first()) {
            targets.push(Target {
                about: format!("guard, a claim {words}, one million alive"),
                wanted: "at most 200 ns".to_owned(),
                measured: format!("{:.0} ns", row.median),
                met: row.median <= 200.0,
            });
        }
    }
    let mut figure = |name: &str, about: &str, wanted: &str, limit: f64| {
        if let Some(value) = results.figures.get(name) {
            targets.push(Target {
                about: about.to_owned(),
                wanted: wanted.to_owned(),
                measured: if *value < 1e3 { format!("{value:.1}") } else { format!("{value:.0}") },
                met: *value <= limit,
            });
        }
    };
    let worst = "bytes per ticket, worst from 250k to 4m";
    figure(worst, "guard, bytes per ticket, the worst from 250 k to 4 M alive", "at most 40", 40.0);
    let p9999 = "guard 1m: p99.99 repeatable";
    let about = "guard, one claim while old ones expire, 1 M alive, ns: p99.99";
    figure(p9999, about, "under 50,000", 50_000.0);
    let twice = "contested keys admitted twice: countersign MemoryGuard";
    figure(twice, "guard, keys that two threads want at once, admitted twice", "none", 0.0);
    let max = |size: &str| results.figures.get(&format!("guard {size}: max repeatable"));
    let (few, many) = (max("100k"), max("4m").or_else(|| max("1m")));
    if let (Some(few), Some(many)) = (few, many) {
        targets.push(Target {
            about: "guard, longest pause with most alive: with 100 k alive".to_owned(),
            wanted: "no growth with the number (at most 3x)".to_owned(),
            measured: format!("{:.1}x", many / few),
            met: many / few <= 3.0,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(ratio: f64) -> Report {
        let text = format!(
            r#"{{"groups":[{{"name":"canon email_4k","about":"","rows":[
                {{"name":"{CANON_PEER}","note":"","median":1,"p10":1,"p90":1,"ratio":{ratio}}}]}}],
                "figures":{{"guard 1m: p99.99 repeatable":50001}}}}"#
        );
        Report { default: Results::parse(&text).unwrap(), ..Report::default() }
    }

    #[test]
    fn a_target_is_met_from_its_number_on_and_missed_below() {
        let met = |ratio| all(&report(ratio)).first().map(|target| target.met);
        assert_eq!(met(3.5), Some(true));
        assert_eq!(met(3.49), Some(false));
    }

    #[test]
    fn what_was_not_measured_is_neither_met_nor_missed() {
        assert_eq!(all(&Report::default()), []);
        assert_eq!(all(&report(4.0)).len(), 2);
        assert_eq!(all(&report(4.0)).last().map(|target| target.met), Some(false));
    }
}
