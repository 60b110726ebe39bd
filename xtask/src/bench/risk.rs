//! The scanner beside sets of regular expressions and Presidio, and a judgement of the risk engine:
//! tables in the pages about them.

use std::fmt::Write as _;

use crate::bench::{
    conditions, ending, one,
    programs::{self, DEFAULT, FOLDER},
    results::Results,
    targets::Target,
};
use crate::{
    options::BenchOptions,
    process,
    project::Project,
    report::{Stop, say},
};

const OURS: &str = "countersign-risk scan";
const JUDGED: [&str; 2] = ["judgement, memory included", "judgement in a new session"];

/// Builds, measures, and writes the tables.
pub(crate) fn run(project: &Project, options: &BenchOptions) -> Result<String, String> {
    let folder = project.root.join(FOLDER);
    let texts = folder.join("texts");
    let built = programs::build(project, DEFAULT, "scan")?;
    programs::build(project, DEFAULT, "risk")?;
    process::run(project.command(built.join("scan")).arg("--export").arg(&texts))?;
    let mut conditions = conditions(project)?;
    let peer = match programs::presidio(project, &texts) {
        Ok(command) => Some(command),
        Err(Stop::Skipped(reason)) => {
            conditions.push(("left out", reason));
            None
        }
        Err(Stop::Failed(findings)) => return Err(findings.join("; ")),
    };
    let mut results = one(&mut project.command(built.join("scan")), options)?;
    if let Some(mut peer) = peer {
        let theirs = one(&mut peer, options)?;
        conditions.extend(theirs.version.clone().map(|version| ("peer", version)));
        results.join(&theirs);
    }
    let judged = one(&mut project.command(built.join("risk")), options)?;
    let (scanning, judging) = (scan_targets(&results), judge_targets(&judged));

    let mut written = Vec::new();
    for (name, results, targets) in
        [("scanning.md", &results, &scanning), ("risk-model.md", &judged, &judging)]
    {
        let mut text = String::new();
        ending::table(&mut text, targets);
        tables(&mut text, results);
        let _ = writeln!(text, "\n| | |\n|---|---|");
        for (name, value) in &conditions {
            let _ = writeln!(text, "| {name} | {value} |");
        }
        let page = ending::put(&ending::read(project, name)?, "measured", &text)?;
        written.push(ending::write(project, options, name, &page)?);
    }
    results.extend(judged);
    let targets: Vec<Target> = scanning.into_iter().chain(judging).collect();
    let last = ending::say_all(options, &results, &targets, &written.join(", "));
    if options.quick {
        say("a quick look: the pages in docs stay as they are");
    }
    Ok(last)
}

fn scan_targets(results: &Results) -> Vec<Target> {
    let rate = |name: &str, least: f64| {
        let rate = *results.figures.get(&format!("scan {name} GB/s"))?;
        Some(Target {
            about: format!("scan of 64 KiB, {name}"),
            wanted: format!("at least {least} GB/s"),
            measured: format!("{rate:.2} GB/s"),
            met: rate >= least,
        })
    };
    let time = |name: &str, most: f64| {
        let micros = results.row(&format!("scan {name}"), OURS)?.median / 1e3;
        Some(Target {
            about: format!("scan, {name}"),
            wanted: format!("at most {most} µs"),
            measured: format!("{micros:.1} µs"),
            met: micros <= most,
        })
    };
    let targets = [
        rate("clean", 1.0),
        rate("some findings", 0.3),
        rate("findings", 0.3),
        time("almost", 500.0),
        time("call", 4.0),
    ];
    targets.into_iter().flatten().collect()
}

fn judge_targets(results: &Results) -> Vec<Target> {
    let target = |name: &&str| {
        let micros = results.row("judgement", name)?.median / 1e3;
        Some(Target {
            about: (*name).to_owned(),
            wanted: "under 15 µs".to_owned(),
            measured: format!("{micros:.1} µs"),
            met: micros < 15.0,
        })
    };
    JUDGED.iter().filter_map(target).collect()
}

/// For each group its contenders, with their times as multiples of the first.
fn tables(page: &mut String, results: &Results) {
    page.push_str(
        "\n| | contender | median | p10 .. p90 | by the first |\n|---|---|---:|---:|---:|\n",
    );
    for group in &results.groups {
        for (i, row) in group.rows.iter().enumerate() {
            let about = if i == 0 { group.about.as_str() } else { "" };
            let rate = results.figures.get(&format!("{} GB/s", group.name)).filter(|_| i == 0);
            let rate = rate.map_or(String::new(), |rate| format!(", {rate:.2} GB/s"));
            let _ = writeln!(
                page,
                "| {about} | {} | {}{rate} | {} .. {} | {} |",
                row.name,
                time(row.median),
                time(row.p10),
                time(row.p90),
                row.shown()
            );
        }
    }
    let others = results.figures.iter().filter(|(name, _)| !name.ends_with(" GB/s"));
    for (name, value) in others {
        let _ = writeln!(page, "| {name} | | {value:.0} | | |");
    }
}

fn time(nanos: f64) -> String {
    match nanos {
        n if n < 1e6 => format!("{:.2} µs", n / 1e3),
        n => format!("{:.2} ms", n / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(rate: f64, nanos: f64) -> Results {
        let row = |name: &str| {
            format!(r#"{{"name":"{name}","note":"","median":{nanos},"p10":1,"p90":2,"ratio":1}}"#)
        };
        let group = |name: &str, rows: &str| {
            format!(r#"{{"name":"{name}","about":"about {name}","rows":[{rows}]}}"#)
        };
        let judged = JUDGED.map(row).join(",");
        let groups = [
            group("scan almost", &row(OURS)),
            group("scan call", &row(OURS)),
            group("judgement", &judged),
        ];
        let rates = ["clean", "some findings", "findings"];
        let rates = rates.map(|name| format!(r#""scan {name} GB/s":{rate}"#)).join(",");
        let figures = format!(r#"{{{rates},"memory bytes":9}}"#);
        let text = format!(r#"{{"groups":[{}],"figures":{figures}}}"#, groups.join(","));
        Results::parse(&text).unwrap()
    }

    #[test]
    fn targets_are_met_from_their_numbers_on() {
        let met = |results: &Results| {
            let all = scan_targets(results).into_iter().chain(judge_targets(results));
            all.map(|target| target.met).collect::<Vec<_>>()
        };
        assert_eq!(met(&results(1.0, 4_000.0)), [true; 7]);
        assert_eq!(met(&results(0.99, 4_001.0)), [false, true, true, true, false, true, true]);
        assert_eq!(met(&results(0.29, 500_001.0)), [false; 7]);
    }

    #[test]
    fn the_table_has_a_row_for_each_contender_and_the_rate_beside_ours() {
        let mut page = String::new();
        tables(&mut page, &results(0.5, 2_000.0));
        assert!(page.contains("| about scan call | countersign-risk scan | 2.00 µs |"), "{page}");
        assert!(page.contains("| memory bytes | | 9 | | |") && !page.contains("clean GB/s |"));
    }
}
