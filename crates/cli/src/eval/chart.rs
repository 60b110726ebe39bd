//! The trade-off as a drawing.

use std::fmt::Write as _;

use super::tally::{Point, Share};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 24.0;
const RIGHT: f64 = 616.0;
const BOTTOM: f64 = 360.0;

/// Quiet clean sessions over silent attack effects, with 95 % Wilson intervals.
pub(crate) fn svg(points: &[Point]) -> String {
    let x = |percent: f64| LEFT + (RIGHT - LEFT) * percent / 100.0;
    let y = |percent: f64| BOTTOM - (BOTTOM - TOP) * percent / 100.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<title>Clean sessions without a prompt over \
         attack effects about which nobody is asked</title>\n<rect width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#e6f2e6\"/>",
        x(0.0),
        y(100.0),
        x(5.0) - x(0.0),
        y(50.0) - y(100.0)
    );
    for tick in [0, 20, 40, 60, 80, 100] {
        let at = f64::from(tick);
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {0:.1}H{RIGHT}M{1:.1} {TOP}V{BOTTOM}\" stroke=\"#ddd\" fill=\"none\"/>\
             <text x=\"{2:.1}\" y=\"{3:.1}\" text-anchor=\"end\">{tick}</text>\
             <text x=\"{1:.1}\" y=\"{4:.1}\" text-anchor=\"middle\">{tick}</text>",
            y(at),
            x(at),
            LEFT - 8.0,
            y(at) + 4.0,
            BOTTOM + 18.0
        );
    }
    let path: Vec<String> = points
        .iter()
        .map(|p| format!("{:.1} {:.1}", x(p.silent.percent()), y(p.quiet.percent())))
        .collect();
    let _ = writeln!(out, "<path d=\"M{}\" stroke=\"#336\" fill=\"none\"/>", path.join("L"));
    for point in points {
        let (cx, cy) = (x(point.silent.percent()), y(point.quiet.percent()));
        let bounds = |share: Share| share.interval();
        let ((left, right), (low, high)) = (bounds(point.silent), bounds(point.quiet));
        let anchor = if cx > f64::midpoint(LEFT, RIGHT) { "end" } else { "start" };
        let dx = if anchor == "end" { -8.0 } else { 8.0 };
        let _ = writeln!(
            out,
            "<path d=\"M{:.1} {cy:.1}H{:.1}M{cx:.1} {:.1}V{:.1}\" stroke=\"#99b\"/>\
             <circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"4\" fill=\"#336\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            x(left),
            x(right),
            y(low),
            y(high),
            cx + dx,
            cy - 8.0,
            point.name.replace('"', "&quot;")
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">attack effects about which nobody is \
         asked, %</text>\n<text transform=\"translate(18 {:.1}) rotate(-90)\" \
         text-anchor=\"middle\">clean sessions without a prompt, %</text>\n</svg>",
        f64::midpoint(LEFT, RIGHT),
        BOTTOM + 42.0,
        f64::midpoint(TOP, BOTTOM)
    );
    out
}
