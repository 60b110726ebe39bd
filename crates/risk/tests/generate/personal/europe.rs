//! Numbers that European states give out.

use countersign_risk::scan::PiiType;

use super::super::random::Random;
use super::{date, group, luhn_digit, same, weighted, wrong};

pub(super) fn value(random: &mut Random, what: PiiType) -> Option<(String, String)> {
    let (year, month, day) = date(random);
    let two = year % 100;
    match what {
        PiiType::UkNhs => loop {
            let body = format!("{}{}", random.pick(&["4", "6", "7", "9"]), random.digits(8));
            let check = 11 - weighted(&body, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
            if check == 10 {
                continue;
            }
            let all = format!("{body}{}", check % 11);
            let bad = wrong(&all);
            let by = random.pick(&["", " ", "-"]);
            return Some((group(&all, &[3, 3, 4], by), group(&bad, &[3, 3, 4], by)));
        },
        PiiType::UkNino => {
            let all = format!(
                "{}{}{}{}",
                random.pick(&["A", "C", "E", "J", "P", "S", "W"]),
                random.pick(&["A", "B", "E", "H", "M", "P", "R", "X"]),
                random.digits(6),
                random.pick(&["A", "B", "C", "D"])
            );
            let bad = format!("{}X", &all[..8]);
            let by = random.pick(&["", " "]);
            Some((group(&all, &[2, 2, 2, 2, 1], by), group(&bad, &[2, 2, 2, 2, 1], by)))
        }
        PiiType::EsDni => {
            let n = random.between(1_000_000, 99_999_999);
            let letter = char::from(b"TRWAGMYFPDXBNJZSQVHLCKE"[n % 23]);
            Some(same(format!("{n:08}{}{letter}", random.pick(&["", "-"]))))
        }
        PiiType::EsNie => {
            let (first, n) = (random.below(3), random.between(0, 9_999_999));
            let letter = char::from(b"TRWAGMYFPDXBNJZSQVHLCKE"[(first * 10_000_000 + n) % 23]);
            Some(same(format!("{}{n:07}{letter}", ["X", "Y", "Z"][first])))
        }
        PiiType::ItCf => {
            const ODD: [u32; 26] = [
                1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22,
                25, 24, 23,
            ];
            let letters = random.text("BCDFGLMNPRSTV", 6);
            let month = char::from(b"ABCDEHLMPRST"[month - 1]);
            let body = format!(
                "{letters}{two:02}{month}{day:02}{}{}",
                random.pick(&["A", "F", "H", "L"]),
                random.digits(3)
            );
            let sum: u32 = body
                .chars()
                .enumerate()
                .map(|(i, c)| {
                    let value = c.to_digit(10).unwrap_or_else(|| u32::from(c) - u32::from('A'));
                    if i % 2 == 0 { ODD[value as usize] } else { value }
                })
                .sum();
            Some(same(format!("{body}{}", char::from_u32(u32::from('A') + sum % 26).unwrap())))
        }
        PiiType::DeTaxId => {
            // Nine digits of ten once, one twice, in any order, the first not zero.
            let mut pool: Vec<u32> = (0..10).collect();
            let gone = random.below(10);
            let twice = (gone + 1 + random.below(9)) % 10;
            pool[gone] = u32::try_from(twice).unwrap();
            for i in (1..10).rev() {
                pool.swap(i, random.below(i + 1));
            }
            if pool[0] == 0 {
                let other = pool.iter().position(|d| *d != 0).unwrap();
                pool.swap(0, other);
            }
            let mut product = 10;
            for d in &pool {
                let sum = (d + product) % 10;
                product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
            }
            let body: String = pool.iter().map(u32::to_string).collect();
            let all = format!("{body}{}", (11 - product) % 10);
            let bad = wrong(&all);
            let plain = random.below(2) == 0;
            let write =
                |text: &str| if plain { text.to_owned() } else { group(text, &[2, 3, 3, 3], " ") };
            Some((write(&all), write(&bad)))
        }
        PiiType::FrNir => {
            let body = format!(
                "{}{two:02}{month:02}{:02}{:03}{:03}",
                random.between(1, 2),
                random.between(1, 95),
                random.between(1, 990),
                random.between(1, 999)
            );
            let key = 97 - body.parse::<u64>().unwrap() % 97;
            let all = format!("{body}{key:02}");
            let bad = wrong(&all);
            let plain = random.below(2) == 0;
            let write = |text: &str| {
                if plain { text.to_owned() } else { group(text, &[1, 2, 2, 2, 3, 3, 2], " ") }
            };
            Some((write(&all), write(&bad)))
        }
        PiiType::NlBsn => loop {
            let body = format!("{}{}", random.between(1, 9), random.digits(7));
            let check = weighted(&body, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
            if check < 10 {
                return Some(same(format!("{body}{check}")));
            }
        },
        PiiType::PlPesel => {
            let body = format!(
                "{two:02}{:02}{day:02}{}",
                if year >= 2000 { month + 20 } else { month },
                random.digits(4)
            );
            let sum = weighted(&body, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
            Some(same(format!("{body}{}", (10 - sum % 10) % 10)))
        }
        PiiType::SePnr => {
            let body = format!("{two:02}{month:02}{day:02}{}", random.digits(3));
            let all = format!("{}-{}{}", &body[..6], &body[6..], luhn_digit(&body));
            let long = random.below(2) == 0;
            let bad = wrong(&all);
            let write = |t: &str| if long { format!("{}{t}", year / 100) } else { t.to_owned() };
            Some((write(&all), write(&bad)))
        }
        PiiType::FiHetu => {
            let serial = random.between(2, 899);
            let born = format!("{day:02}{month:02}{two:02}");
            let n: usize = format!("{born}{serial:03}").parse().unwrap();
            let check = char::from(b"0123456789ABCDEFHJKLMNPRSTUVWXY"[n % 31]);
            let sign = if year >= 2000 { "A" } else { "-" };
            let all = format!("{born}{sign}{serial:03}{check}");
            let other = char::from(b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(n + 7) % 31]);
            Some((all, format!("{born}{sign}{serial:03}{other}")))
        }
        PiiType::NoFnr => loop {
            let body = format!("{day:02}{month:02}{two:02}{}", random.digits(3));
            let one = 11 - weighted(&body, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11;
            if one == 10 {
                continue;
            }
            let body = format!("{body}{}", one % 11);
            let other = 11 - weighted(&body, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
            if other < 10 || other == 11 {
                return Some(same(format!("{body}{}", other % 11)));
            }
        },
        PiiType::BeNrn => {
            let body = format!("{two:02}{month:02}{day:02}{:03}", random.between(1, 997));
            let n: u64 = body.parse().unwrap();
            let key = 97 - (if year >= 2000 { 2_000_000_000 + n } else { n }) % 97;
            let write = |key: u64| format!("{two:02}.{month:02}.{day:02}-{}.{key:02}", &body[6..]);
            Some((write(key), write(key % 97 + 1)))
        }
        PiiType::ChAhv => {
            let body = format!("756{}", random.digits(9));
            let sum = weighted(&body, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
            let all = format!("{body}{}", (10 - sum % 10) % 10);
            let bad = wrong(&all);
            Some((group(&all, &[3, 4, 4, 2], "."), group(&bad, &[3, 4, 4, 2], ".")))
        }
        PiiType::TrTckn => {
            let body = format!("{}{}", random.between(1, 9), random.digits(8));
            let (odd, even) = (
                weighted(&body, &[1, 0, 1, 0, 1, 0, 1, 0, 1]),
                weighted(&body, &[0, 1, 0, 1, 0, 1, 0, 1]),
            );
            let tenth = (odd * 7 + 100 - even) % 10;
            Some(same(format!("{body}{tenth}{}", (odd + even + tenth) % 10)))
        }
        PiiType::DkCpr => {
            let by = random.pick(&["", "-"]);
            let serial = random.digits(4);
            let month = if random.below(2) == 0 { month + 12 } else { 0 };
            let bad = format!("{day:02}{month:02}{two:02}{by}{serial}");
            let (_, month, day) = date(random);
            Some((format!("{day:02}{month:02}{two:02}{by}{serial}"), bad))
        }
        _ => None,
    }
}
