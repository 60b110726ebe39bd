//! Dates and times as RFC 3339 spells them, read strictly, and only to be compared: what is sent is
//! the text that came in.

use time::{Date, Month};

const DAY: i64 = 86_400;

/// Days since a fixed day, of `YYYY-MM-DD`; none if there is no such day.
pub(crate) fn date(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let [year, month, day] = [(4, 9999), (2, 12), (2, 31)].map(|(digits, most)| {
        parts.next().and_then(|part| number(part, digits)).filter(|n| *n <= most)
    });
    let month = Month::try_from(u8::try_from(month?).ok()?).ok()?;
    let day = u8::try_from(day?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year?).ok()?, month, day).ok()?;
    Some(i64::from(date.to_julian_day()))
}

/// A date and a time of day, with or without an offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateTime {
    /// Seconds since a fixed midnight, as a clock on the wall counts them, and nanoseconds.
    local: (i64, u32),
    /// Seconds east of UTC.
    offset: Option<i64>,
}

impl DateTime {
    /// Reads `YYYY-MM-DDTHH:MM:SS`, with a fraction of up to nine digits and an offset or `Z` if
    /// there are any (RFC 3339 section 5.6). Refused though the RFC has them: lower case, second 60,
    /// and `-00:00`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (day, rest) = text.split_once('T')?;
        let (clock, offset) = match (rest.strip_suffix('Z'), rest.rfind(['+', '-'])) {
            (Some(clock), None) => (clock, Some(0)),
            (None, Some(at)) => {
                let (clock, offset) = rest.split_at_checked(at)?;
                (clock, Some(east(offset)?))
            }
            (None, None) => (rest, None),
            (Some(_), Some(_)) => return None,
        };
        let (clock, nanos) = match clock.split_once('.') {
            Some((clock, fraction)) if (1..=9).contains(&fraction.len()) => {
                (clock, number(&format!("{fraction:0<9}"), 9)?)
            }
            Some(_) => return None,
            None => (clock, 0),
        };
        let mut parts = clock.splitn(3, ':');
        let mut part = |most| parts.next().and_then(|part| number(part, 2)).filter(|n| *n <= most);
        let (hour, minute, second) = (part(23)?, part(59)?, part(59)?);
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(Self { local: (date(day)? * DAY + seconds, nanos), offset })
    }

    /// The point in time, if there is an offset: seconds and nanoseconds, to be compared.
    pub(crate) fn instant(self) -> Option<(i64, u32)> {
        self.offset.map(|east| (self.local.0 - east, self.local.1))
    }

    /// What a clock on the wall shows: seconds and nanoseconds, to be compared.
    pub(crate) fn local(self) -> (i64, u32) {
        self.local
    }
}

/// Seconds east of UTC, of `+HH:MM` or `-HH:MM`.
fn east(text: &str) -> Option<i64> {
    let (sign, clock) = match text.split_at_checked(1)? {
        ("+", clock) => (1, clock),
        ("-", clock) if clock != "00:00" => (-1, clock),
        _ => return None,
    };
    let (hours, minutes) = clock.split_once(':')?;
    let hours = number(hours, 2).filter(|n| *n <= 23)?;
    let minutes = number(minutes, 2).filter(|n| *n <= 59)?;
    Some(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist_are_dates() {
        assert_eq!(date("1970-01-02").unwrap() - date("1970-01-01").unwrap(), 1);
        assert_eq!(date("2028-03-01").unwrap() - date("2028-02-28").unwrap(), 2);
        for bad in [
            "",
            "2026",
            "2026-3-10",
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-01-32",
            "+026-01-01",
            "2026-01-01 ",
            "2026-01-01-",
            "20260101",
            "2026/01/01",
            "２026-01-01",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn offsets_and_fractions_count() {
        let instant = |text: &str| DateTime::parse(text).unwrap().instant();
        assert_eq!(instant("2026-03-10T09:00:00Z"), instant("2026-03-10T10:30:00+01:30"));
        assert_eq!(instant("2026-03-10T23:30:00-01:00"), instant("2026-03-11T00:30:00.000Z"));
        assert!(instant("2026-03-10T09:00:00.5Z") > instant("2026-03-10T09:00:00.49Z"));
        let local = DateTime::parse("2026-03-10T09:00:00").unwrap();
        assert_eq!(local.instant(), None);
        assert_eq!(local.local(), DateTime::parse("2026-03-10T09:00:00+02:00").unwrap().local());
    }

    #[test]
    fn other_spellings_of_times_are_refused() {
        for bad in [
            "",
            "2026-03-10",
            "2026-03-10T",
            "2026-03-10T09:00",
            "2026-03-10t09:00:00Z",
            "2026-03-10T09:00:00z",
            "2026-03-10 09:00:00Z",
            "2026-03-10T24:00:00Z",
            "2026-03-10T09:60:00Z",
            "2026-03-10T09:00:60Z",
            "2026-03-10T09:00:00+1:00",
            "2026-03-10T09:00:00+0100",
            "2026-03-10T09:00:00-00:00",
            "2026-03-10T09:00:00+24:00",
            "2026-03-10T09:00:00+01:60",
            "2026-03-10T09:00:00.Z",
            "2026-03-10T09:00:00.1234567890Z",
            "2026-03-10T09:00:00ZZ",
            "2026-03-10T09:00:00+01:00Z",
            "2026-02-30T09:00:00Z",
            "2026-03-10T09:00:00+01:00+01:00",
            "2026-03-10T09:00:00[Europe/Berlin]",
        ] {
            assert_eq!(DateTime::parse(bad), None, "{bad}");
        }
    }
}
