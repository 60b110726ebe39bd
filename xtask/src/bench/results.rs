//! What the measuring programs print, and several runs of them put together.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// One contender of a group, in one or more processes. Times in nanoseconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) note: String,
    pub(crate) median: f64,
    pub(crate) p10: f64,
    pub(crate) p90: f64,
    /// Its time divided by that of the group's first: median, lowest and highest of the processes.
    pub(crate) ratio: f64,
    pub(crate) ratios: [f64; 2],
}

/// Contenders that do the same.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) rows: Vec<Row>,
}

/// What one program printed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Results {
    pub(crate) groups: Vec<Group>,
    pub(crate) figures: BTreeMap<String, f64>,
    /// The version of the language it is written in, if it says.
    pub(crate) version: Option<String>,
}

impl Results {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("results: {error}"))?;
        Self::from_value(&value).ok_or_else(|| "results of another shape".to_owned())
    }

    fn from_value(value: &Value) -> Option<Self> {
        let groups = value.get("groups")?.as_array()?.iter().map(Group::from_value);
        let figures = value.get("figures")?.as_object()?.iter();
        Some(Self {
            groups: groups.collect::<Option<_>>()?,
            figures: figures
                .map(|(name, n)| Some((name.clone(), n.as_f64()?)))
                .collect::<Option<_>>()?,
            version: value.get("version").and_then(Value::as_str).map(str::to_owned),
        })
    }

    pub(crate) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    pub(crate) fn row(&self, group: &str, row: &str) -> Option<&Row> {
        self.group(group)?.rows.iter().find(|one| one.name == row)
    }

    /// Adds other groups and figures.
    pub(crate) fn extend(&mut self, other: Self) {
        self.groups.extend(other.groups);
        self.figures.extend(other.figures);
    }

    /// Adds the rows of another language to the groups of the same name. Its ratios were to its own
    /// first contender; here they are to the group's.
    pub(crate) fn join(&mut self, other: &Self) {
        for group in &mut self.groups {
            let Some(base) = group.rows.first().map(|first| first.median) else { continue };
            let Some(theirs) = other.group(&group.name) else { continue };
            group.rows.extend(theirs.rows.iter().map(|row| {
                let ratio = row.median / base;
                Row { ratio, ratios: [ratio, ratio], ..row.clone() }
            }));
        }
    }

    /// Several runs of the same program as one: medians of what each found.
    pub(crate) fn merged(runs: &[Self]) -> Option<Self> {
        let mut merged = runs.first()?.clone();
        for group in &mut merged.groups {
            for row in &mut group.rows {
                let all: Vec<_> =
                    runs.iter().filter_map(|run| run.row(&group.name, &row.name)).collect();
                let of =
                    |field: fn(&Row) -> f64| median(all.iter().map(|row| field(row)).collect());
                let bound = |better: fn(f64, f64) -> f64| {
                    all.iter().map(|row| row.ratio).reduce(better).unwrap_or(row.ratio)
                };
                let ratios = [bound(f64::min), bound(f64::max)];
                let (p10, p90) = (of(|row| row.p10), of(|row| row.p90));
                let (middle, ratio) = (of(|row| row.median), of(|row| row.ratio));
                *row = Row { median: middle, p10, p90, ratio, ratios, ..row.clone() };
            }
        }
        Some(merged)
    }

    pub(crate) fn to_json(&self) -> Value {
        let groups = self.groups.iter().map(|group| {
            let rows = group.rows.iter().map(|row| {
                json!({
                    "name": row.name, "note": row.note, "median": row.median, "p10": row.p10,
                    "p90": row.p90, "ratio": row.ratio, "ratios": row.ratios,
                })
            });
            json!({ "name": group.name, "about": group.about, "rows": rows.collect::<Vec<_>>() })
        });
        json!({ "groups": groups.collect::<Vec<_>>(), "figures": self.figures })
    }
}

impl Group {
    fn from_value(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        let rows = value.get("rows")?.as_array()?.iter().map(Row::from_value);
        Some(Self {
            name: text("name")?,
            about: text("about")?,
            rows: rows.collect::<Option<_>>()?,
        })
    }
}

impl Row {
    /// The ratio, with the lowest and highest of the processes where they differ.
    pub(crate) fn shown(&self) -> String {
        let [low, high] = self.ratios.map(|ratio| format!("{ratio:.2}"));
        let spread = if low == high { String::new() } else { format!(" ({low}-{high})") };
        format!("{:.2}x{spread}", self.ratio)
    }

    fn from_value(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        let number = |name: &str| value.get(name)?.as_f64();
        let ratio = number("ratio")?;
        Some(Self {
            name: text("name")?,
            note: text("note")?,
            median: number("median")?,
            p10: number("p10")?,
            p90: number("p90")?,
            ratio,
            ratios: [ratio, ratio],
        })
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(times: &[(&str, f64)]) -> Results {
        let rows = times.iter().map(|(name, time)| {
            json!({"name": name, "note": "", "median": time, "p10": time, "p90": time, "ratio": time / times[0].1})
        });
        let group = json!({"name": "g", "about": "", "rows": rows.collect::<Vec<_>>()});
        Results::parse(&json!({"groups": [group], "figures": {}}).to_string()).unwrap()
    }

    #[test]
    fn several_processes_are_one_median_with_its_bounds() {
        let runs = [
            run(&[("a", 1.0), ("b", 2.0)]),
            run(&[("a", 1.0), ("b", 9.0)]),
            run(&[("a", 1.0), ("b", 3.0)]),
        ];
        let merged = Results::merged(&runs).unwrap();
        let row = merged.row("g", "b").unwrap();
        assert_eq!(format!("{} {} {:?}", row.median, row.ratio, row.ratios), "3 3 [2.0, 9.0]");
    }

    #[test]
    fn another_language_is_compared_with_our_first() {
        let mut ours = run(&[("a", 2.0)]);
        ours.join(&run(&[("python", 10.0), ("python too", 20.0)]));
        let ratio = |name: &str| format!("{:.3}", ours.row("g", name).unwrap().ratio);
        assert_eq!([ratio("python"), ratio("python too")], ["5.000", "10.000"]);
    }

    #[test]
    fn another_shape_is_refused() {
        assert!(Results::parse("{}").is_err());
        assert!(Results::parse(r#"{"groups":[{"name":"g"}],"figures":{}}"#).is_err());
    }
}
