//! What a measuring program prints: tables on standard error, JSON on standard output.

use std::fmt::Write as _;

use crate::sample::Results;

/// Shows a group.
pub fn show(results: &Results) {
    eprintln!("\n{}: {}", results.name, results.about);
    let width = results.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    for row in &results.rows {
        let Spread { median, p10, p90 } = Spread::of([row.median, row.p10, row.p90]);
        eprintln!(
            "  {:<width$}  {median:>9}  {p10:>9} .. {p90:<9}  {:>7.2}x  {}",
            row.name, row.ratio, row.note
        );
    }
}

struct Spread {
    median: String,
    p10: String,
    p90: String,
}

impl Spread {
    fn of(times: [f64; 3]) -> Self {
        let [median, p10, p90] = times.map(time);
        Self { median, p10, p90 }
    }
}

/// A time as a person reads it.
pub fn time(nanos: f64) -> String {
    match nanos {
        n if n < 1e3 => format!("{n:.1} ns"),
        n if n < 1e6 => format!("{:.2} µs", n / 1e3),
        n => format!("{:.2} ms", n / 1e6),
    }
}

/// All groups as one JSON object, and figures that are not times of a group.
pub fn json(groups: &[Results], figures: &[(String, f64)]) -> String {
    let groups = groups.iter().map(|group| {
        let rows = group.rows.iter().map(|row| {
            format!(
                r#"{{"name":{},"note":{},"median":{:.3},"p10":{:.3},"p90":{:.3},"ratio":{:.5}}}"#,
                quoted(&row.name),
                quoted(row.note),
                row.median,
                row.p10,
                row.p90,
                row.ratio
            )
        });
        format!(
            r#"{{"name":{},"about":{},"rows":[{}]}}"#,
            quoted(&group.name),
            quoted(&group.about),
            rows.collect::<Vec<_>>().join(",")
        )
    });
    let figures = figures.iter().map(|(name, value)| format!("{}:{value:.4}", quoted(name)));
    format!(
        r#"{{"groups":[{}],"figures":{{{}}}}}"#,
        groups.collect::<Vec<_>>().join(","),
        figures.collect::<Vec<_>>().join(",")
    )
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
