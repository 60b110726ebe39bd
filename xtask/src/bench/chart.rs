//! The chart: bars on a logarithmic scale, as SVG.

use std::fmt::Write as _;

use crate::bench::{
    Report,
    results::{Group, Results},
    targets::GATE,
};

const WIDTH: f64 = 860.0;
/// Where the bars begin.
const LEFT: f64 = 330.0;
const RIGHT: f64 = 790.0;
const BAR: f64 = 15.0;
const STEP: f64 = 19.0;

const OURS: &str = "#0b7a5c";
const THEIRS: &str = "#9aa5b1";
const OTHER_LANGUAGE: &str = "#c9b27c";

struct Bar {
    label: String,
    ratio: f64,
    colour: &'static str,
}

/// The names that canonical form is shown for.
const INPUTS: [(&str, &str); 6] = [
    ("calendar_400", "400 B"),
    ("email_4k", "4 KiB"),
    ("nested_64k", "64 KiB nested"),
    ("nested_1m", "1 MiB nested"),
    ("numbers_64k", "64 KiB numbers"),
    ("escaped_64k", "64 KiB escaped"),
];

/// The whole picture.
pub(crate) fn svg(report: &Report) -> String {
    let mut body = String::new();
    let mut y = 34.0;
    heading(
        &mut body,
        &mut y,
        "Canonical JSON + SHA-256 from bytes: time as a multiple of ours, logarithmic",
    );
    for (input, words) in INPUTS {
        if let Some(group) = report.default.group(&format!("canon {input}")) {
            label(&mut body, &mut y, words);
            bars(&mut body, &mut y, &canon(group), 64.0);
        }
    }
    for (build, results) in report.builds() {
        let gate = gate(results);
        if gate.len() > 1 {
            y += 24.0;
            let text =
                format!("One ticket and 4 KiB admitted, {build} build: time as a multiple of ours");
            heading(&mut body, &mut y, &text);
            bars(&mut body, &mut y, &gate, 8.0);
        }
    }
    let height = y + 6.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

fn canon(group: &Group) -> Vec<Bar> {
    let shown = |name: &str| !matches!(name, "serde_json parse" | "sha2");
    let rows = group.rows.iter().filter(|row| shown(&row.name));
    rows.map(|row| bar(&row.name, row.ratio)).collect()
}

fn gate(results: &Results) -> Vec<Bar> {
    let mut bars = Vec::new();
    let tokens = results.group("tokens complete").map_or(&[][..], |group| group.rows.as_slice());
    for row in tokens {
        let name = row.name.split_once(" + SHA-256").map_or(row.name.as_str(), |(name, _)| name);
        bars.push(bar(name, row.ratio));
    }
    if let Some(group) = results.group("gate 4k")
        && let Some(ours) = results.row("gate 4k", GATE)
    {
        let other = group.rows.iter().filter(|row| is_other_language(&row.name));
        bars.extend(other.map(|row| bar(&row.name, row.ratio / ours.ratio)));
        if let Some(bare) = group.rows.first() {
            bars.push(bar("floor: bare verification + two hashes", bare.ratio / ours.ratio));
        }
    }
    bars
}

fn is_other_language(name: &str) -> bool {
    name.starts_with("Python") || name.starts_with("Node")
}

fn bar(label: &str, ratio: f64) -> Bar {
    let colour = if label.starts_with("countersign") {
        OURS
    } else if is_other_language(label) {
        OTHER_LANGUAGE
    } else {
        THEIRS
    };
    Bar { label: label.to_owned(), ratio, colour }
}

fn heading(body: &mut String, y: &mut f64, text: &str) {
    line(body, 16.0, *y, "font-size=\"14\" font-weight=\"600\" fill=\"#1f2933\"", text);
    *y += 14.0;
}

fn label(body: &mut String, y: &mut f64, text: &str) {
    *y += 12.0;
    line(body, 16.0, *y, "font-weight=\"600\" fill=\"#52606d\"", text);
    *y += 4.0;
}

fn line(body: &mut String, x: f64, y: f64, style: &str, text: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(body, "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{}</text>", escaped(text));
}

/// Bars from half of ours up to `most` times ours, by the logarithm.
fn bars(body: &mut String, y: &mut f64, bars: &[Bar], most: f64) {
    const LEAST: f64 = 0.4;
    let at = |ratio: f64| {
        let share = (ratio.clamp(LEAST, most) / LEAST).ln() / (most / LEAST).ln();
        LEFT + share * (RIGHT - LEFT)
    };
    let top = *y;
    for one in bars {
        let end = at(one.ratio);
        let _ = writeln!(
            body,
            "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"2\" fill=\"{}\"/>",
            (end - LEFT).max(1.0),
            one.colour,
            y = *y
        );
        let middle = *y + BAR - 3.5;
        line(body, LEFT - 8.0, middle, "text-anchor=\"end\" fill=\"#1f2933\"", &one.label);
        line(body, end + 5.0, middle, "fill=\"#1f2933\"", &format!("{:.2}x", one.ratio));
        *y += STEP;
    }
    let one = at(1.0);
    let _ = writeln!(
        body,
        "<line x1=\"{one:.1}\" x2=\"{one:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#1f2933\" \
         stroke-dasharray=\"2 3\"/>",
        top - 2.0,
        *y - 2.0
    );
    *y += 4.0;
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_cannot_break_the_picture() {
        assert_eq!(escaped("Mutex<HashMap> & co"), "Mutex&lt;HashMap&gt; &amp; co");
        let svg = svg(&Report::default());
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn a_longer_time_is_a_longer_bar() {
        let width = |ratio| {
            let mut body = String::new();
            bars(&mut body, &mut 0.0, &[bar("x", ratio)], 40.0);
            let width = body.split("width=\"").nth(1).and_then(|rest| rest.split('"').next());
            width.unwrap().parse::<f64>().unwrap()
        };
        assert!(width(1.0) < width(5.0) && width(5.0) < width(39.0));
        assert!((width(40.0) - width(400.0)).abs() < f64::EPSILON, "off the scale");
    }
}
