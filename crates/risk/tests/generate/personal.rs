//! Personal data with right and with wrong check digits, in prose.

use countersign_risk::scan::PiiType;

use super::random::Random;

/// A text with one piece of personal data, or with what only looks like it.
#[derive(Debug)]
pub struct Case {
    pub what: PiiType,
    pub value: String,
    pub text: String,
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

fn weighted(text: &str, weights: &[u32]) -> u32 {
    digits(text).iter().zip(weights).map(|(d, w)| d * w).sum()
}

fn luhn_digit(body: &str) -> u32 {
    let sum: u32 = digits(body)
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| if i % 2 == 0 { d * 2 / 10 + d * 2 % 10 } else { *d })
        .sum();
    (10 - sum % 10) % 10
}

fn group(text: &str, lengths: &[usize], by: &str) -> String {
    let (mut parts, mut rest) = (Vec::new(), text);
    for length in lengths {
        let (part, tail) = rest.split_at((*length).min(rest.len()));
        parts.push(part.to_owned());
        rest = tail;
    }
    if !rest.is_empty() {
        parts.push(rest.to_owned());
    }
    parts.retain(|part| !part.is_empty());
    parts.join(by)
}

fn date(random: &mut Random) -> (usize, usize, usize) {
    (random.between(1930, 2005), random.between(1, 12), random.between(1, 28))
}

fn card(random: &mut Random) -> String {
    const ISSUERS: &[(&str, usize)] = &[
        ("4", 16),
        ("4", 16),
        ("4", 13),
        ("4", 19),
        ("51", 16),
        ("55", 16),
        ("2221", 16),
        ("2600", 16),
        ("2720", 16),
        ("34", 15),
        ("37", 15),
        ("6011", 16),
        ("65", 16),
        ("644", 16),
        ("300", 14),
        ("36", 14),
        ("38", 14),
        ("3528", 16),
        ("3589", 16),
        ("62", 16),
        ("62", 19),
        ("5018", 12),
        ("5020", 13),
        ("5038", 16),
        ("58", 16),
        ("6304", 19),
        ("6759", 18),
        ("6762", 16),
        ("6763", 12),
        ("60", 16),
        ("6521", 16),
        ("2200", 16),
        ("9792", 16),
    ];
    let (head, length) = ISSUERS[random.below(ISSUERS.len())];
    let body = format!("{head}{}", random.digits(length - 1 - head.len()));
    format!("{body}{}", luhn_digit(&body))
}

fn card_written(random: &mut Random, number: &str) -> String {
    match random.below(4) {
        0 | 1 => number.to_owned(),
        n => {
            let by = if n == 2 { " " } else { "-" };
            if number.len() == 15 {
                group(number, &[4, 6, 5], by)
            } else {
                group(number, &[4, 4, 4, 4, 4], by)
            }
        }
    }
}

fn iban(random: &mut Random) -> String {
    const SHAPES: &[(&str, &str)] = &[
        ("DE", "{D18}"),
        ("FR", "{D10}{U11}{D2}"),
        ("GB", "{U0}NWBK{D14}"),
        ("ES", "{D20}"),
        ("IT", "X{D10}{U12}"),
        ("NL", "ABNA{D10}"),
        ("NO", "{D11}"),
        ("BE", "{D12}"),
        ("CH", "{D5}{U12}"),
        ("AT", "{D16}"),
        ("PL", "{D24}"),
        ("SE", "{D20}"),
        ("DK", "{D14}"),
        ("FI", "{D14}"),
        ("PT", "{D21}"),
        ("IE", "AIBK{D14}"),
        ("MT", "MALT{D5}{U18}"),
        ("SA", "{D2}{U18}"),
        ("AE", "{D19}"),
        ("TR", "{D6}{U16}"),
        ("GR", "{D7}{U16}"),
        ("CZ", "{D20}"),
        ("BR", "{D23}{U2}"),
    ];
    let (country, shape) = SHAPES[random.below(SHAPES.len())];
    let body = random.shape(shape);
    let rest = format!("{body}{country}00").bytes().fold(0u32, |rest, b| {
        let value = char::from(b).to_digit(36).unwrap();
        if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 }
    });
    format!("{country}{:02}{body}", 98 - rest)
}

fn verhoeff_digit(body: &str) -> usize {
    // The dihedral group by its definition: rotations and reflections of a pentagon.
    let times = |a: usize, b: usize| match (a / 5, b / 5) {
        (0, 0) => (a + b) % 5,
        (0, _) => 5 + (a + b) % 5,
        (_, 0) => 5 + (a + 10 - b) % 5,
        _ => (a + 5 - b) % 5,
    };
    let permute = |i: usize, mut d: usize| {
        const ONCE: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
        for _ in 0..i {
            d = ONCE[d];
        }
        d
    };
    let sum = digits(body)
        .iter()
        .rev()
        .enumerate()
        .fold(0, |sum, (i, d)| times(sum, permute((i + 1) % 8, *d as usize)));
    (0..10).find(|d| times(sum, *d) == 0).unwrap()
}

/// A valid value as it is written, and the same with a wrong check digit or an impossible part.
fn value(random: &mut Random, what: PiiType) -> Option<(String, String)> {
    let (year, month, day) = date(random);
    let two = year % 100;
    let wrong = |text: &str| {
        // The last digit or letter that checks, one further.
        let at = text.char_indices().rev().find(|(_, c)| c.is_alphanumeric()).unwrap().0;
        let old = text[at..].chars().next().unwrap();
        let new = match old {
            '9' => '0',
            'Z' => 'A',
            'z' => 'a',
            c => char::from_u32(u32::from(c) + 1).unwrap(),
        };
        format!("{}{new}{}", &text[..at], &text[at + 1..])
    };
    let same = |text: String| {
        let bad = wrong(&text);
        Some((text, bad))
    };
    match what {
        PiiType::Card => {
            let number = card(random);
            let bad = format!(
                "{}{}",
                &number[..number.len() - 1],
                (luhn_digit(&number[..number.len() - 1])
                    + 1
                    + u32::try_from(random.below(8)).unwrap())
                    % 10
            );
            let bad = if bad == number { wrong(&number) } else { bad };
            Some((card_written(random, &number), card_written(random, &bad)))
        }
        PiiType::Iban => {
            let good = iban(random);
            let bad = wrong(&good);
            let style = random.below(4);
            let write = |text: &str| match style {
                0 => group(text, &[4; 8], " "),
                1 => text.to_lowercase(),
                _ => text.to_owned(),
            };
            Some((write(&good), write(&bad)))
        }
        PiiType::UsSsn => {
            let area = loop {
                let area = random.between(1, 899);
                if area != 666 {
                    break area;
                }
            };
            let (g, s) = (random.between(1, 99), random.between(1, 9999));
            let bad = [
                format!("000-{g:02}-{s:04}"),
                format!("666-{g:02}-{s:04}"),
                format!("{area:03}-00-{s:04}"),
                format!("{area:03}-{g:02}-0000"),
            ];
            Some((format!("{area:03}-{g:02}-{s:04}"), bad[random.below(4)].clone()))
        }
        PiiType::UsItin => {
            let g = random.between(70, 88);
            let (a, s) = (random.between(900, 999), random.between(1, 9999));
            Some((format!("{a}-{g}-{s:04}"), format!("{a}-{:02}-{s:04}", random.between(10, 49))))
        }
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
            same(format!("{n:08}{}{letter}", random.pick(&["", "-"])))
        }
        PiiType::EsNie => {
            let (first, n) = (random.below(3), random.between(0, 9_999_999));
            let letter = char::from(b"TRWAGMYFPDXBNJZSQVHLCKE"[(first * 10_000_000 + n) % 23]);
            same(format!("{}{n:07}{letter}", ["X", "Y", "Z"][first]))
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
            same(format!("{body}{}", char::from_u32(u32::from('A') + sum % 26).unwrap()))
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
                return same(format!("{body}{check}"));
            }
        },
        PiiType::PlPesel => {
            let body = format!(
                "{two:02}{:02}{day:02}{}",
                if year >= 2000 { month + 20 } else { month },
                random.digits(4)
            );
            let sum = weighted(&body, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
            same(format!("{body}{}", (10 - sum % 10) % 10))
        }
        PiiType::BrCpf => {
            let body = random.digits(9);
            let check = |body: &str| {
                let weights: Vec<u32> =
                    (2..=u32::try_from(body.len()).unwrap() + 1).rev().collect();
                let rest = weighted(body, &weights) * 10 % 11;
                if rest == 10 { 0 } else { rest }
            };
            let one = format!("{body}{}", check(&body));
            let all = format!("{one}{}", check(&one));
            let bad = wrong(&all);
            let plain = random.below(2) == 0;
            let write = |t: &str| {
                if plain {
                    t.to_owned()
                } else {
                    format!("{}.{}.{}-{}", &t[..3], &t[3..6], &t[6..9], &t[9..])
                }
            };
            Some((write(&all), write(&bad)))
        }
        PiiType::BrCnpj => {
            let body = format!("{}0001", random.digits(8));
            let check = |body: &str, weights: &[u32]| {
                let rest = weighted(body, weights) % 11;
                if rest < 2 { 0 } else { 11 - rest }
            };
            let one = format!("{body}{}", check(&body, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]));
            let all = format!("{one}{}", check(&one, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]));
            let bad = wrong(&all);
            let write = |t: &str| {
                format!("{}.{}.{}/{}-{}", &t[..2], &t[2..5], &t[5..8], &t[8..12], &t[12..])
            };
            Some((write(&all), write(&bad)))
        }
        PiiType::InAadhaar => {
            let body = format!("{}{}", random.between(2, 9), random.digits(10));
            let all = format!("{body}{}", verhoeff_digit(&body));
            let bad = wrong(&all);
            let by = random.pick(&["", " ", "-"]);
            Some((group(&all, &[4, 4, 4], by), group(&bad, &[4, 4, 4], by)))
        }
        PiiType::InPan => {
            let (head, name) = (random.text("ABCDEFGHKLMNRST", 3), random.text("ABCDEKLMNRST", 1));
            let all = format!("{head}P{name}{}", random.digits(4));
            Some((format!("{all}{}", random.text("ABCDEFGHK", 1)), format!("{all}7")))
        }
        PiiType::CaSin => {
            let body = format!(
                "{}{}",
                random.pick(&["1", "2", "4", "5", "6", "7", "9"]),
                random.digits(7)
            );
            let all = format!("{body}{}", luhn_digit(&body));
            let bad = wrong(&all);
            let by = random.pick(&["", " ", "-"]);
            Some((group(&all, &[3, 3, 3], by), group(&bad, &[3, 3, 3], by)))
        }
        PiiType::AuTfn => loop {
            let body = random.digits(8);
            let sum = weighted(&body, &[1, 4, 3, 7, 5, 8, 6, 9]);
            if let Some(d) = (0..10).find(|d| (sum + d * 10).is_multiple_of(11)) {
                let all = format!("{body}{d}");
                let bad = wrong(&all);
                let by = random.pick(&["", " "]);
                return Some((group(&all, &[3, 3, 3], by), group(&bad, &[3, 3, 3], by)));
            }
        },
        PiiType::AuAbn => {
            let body = random.digits(9);
            let sum = weighted(&body, &[3, 5, 7, 9, 11, 13, 15, 17, 19]);
            // Both leading digits less one: 10 and 1 are their weights.
            let lead = (10..100).find(|n| ((n / 10 - 1) * 10 + n % 10 + sum).is_multiple_of(89))?;
            let all = format!("{lead}{body}");
            let bad = wrong(&all);
            Some((group(&all, &[2, 3, 3, 3], " "), group(&bad, &[2, 3, 3, 3], " ")))
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
                return same(format!("{body}{}", other % 11));
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
        PiiType::SgNric => {
            let body = random.digits(7);
            let sum = weighted(&body, &[2, 7, 6, 5, 4, 3, 2]);
            let kind = random.below(4);
            let (first, offset, table) = [
                ("S", 0, b"JZIHGFEDCBA"),
                ("T", 4, b"JZIHGFEDCBA"),
                ("F", 0, b"XWUTRQPNMLK"),
                ("G", 4, b"XWUTRQPNMLK"),
            ][kind];
            let at = ((sum + offset) % 11) as usize;
            let write = |i: usize| format!("{first}{body}{}", char::from(table[i % 11]));
            Some((write(at), write(at + 3)))
        }
        PiiType::TrTckn => {
            let body = format!("{}{}", random.between(1, 9), random.digits(8));
            let (odd, even) = (
                weighted(&body, &[1, 0, 1, 0, 1, 0, 1, 0, 1]),
                weighted(&body, &[0, 1, 0, 1, 0, 1, 0, 1]),
            );
            let tenth = (odd * 7 + 100 - even) % 10;
            same(format!("{body}{tenth}{}", (odd + even + tenth) % 10))
        }
        PiiType::UsRouting => {
            let body = format!(
                "{}{}",
                random.pick(&[
                    "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "26",
                    "31"
                ]),
                random.digits(6)
            );
            let sum = weighted(&body, &[3, 7, 1, 3, 7, 1, 3, 7]);
            same(format!("{body}{}", (10 - sum % 10) % 10))
        }
        PiiType::Email => {
            let name = random.shape(random.clone().pick(&[
                "{L6}.{L5}",
                "kim_{D2}",
                "{L4}+news",
                "{L9}",
                "a.b-c{D1}",
            ]));
            let host = random.shape(random.clone().pick(&[
                "x{L5}.com",
                "mail.x{L6}.co.uk",
                "x{L4}.example",
                "sub-x{D1}.x{L3}.io",
            ]));
            Some((format!("{name}@{host}"), format!("{name}@ {host}")))
        }
        PiiType::Phone => {
            let area =
                |random: &mut Random| format!("{}{}", random.between(2, 9), random.digits(2));
            let (a, b, c) = (area(random), area(random), random.digits(4));
            let n = random.between(20, 99);
            let all = [
                format!("({a}) {b}-{c}"),
                format!("{a}-{b}-{c}"),
                format!("{a}.{b}.{c}"),
                format!("+1 {a} {b} {c}"),
                format!("+44 20 7{} {}", random.digits(3), random.digits(4)),
                format!("+49 30 {}", random.digits(7)),
                format!("+33 1 {n} {n} {n} {n}"),
                format!("+91 {}{} {}", random.between(7, 9), random.digits(4), random.digits(5)),
                format!("001-{a}-{b}-{c}x{}", random.digits(3)),
                format!("0{} {} {}", random.between(20, 99), random.digits(4), random.digits(4)),
            ];
            let bad = [
                "in 2024 and 2025",
                "room 4.12",
                "12.05.2026",
                "from 10 to 12",
                "chapter 3.2.1",
                "1,250,000",
                "page 512",
            ];
            Some((
                all[random.below(all.len())].clone(),
                (*random.pick(&bad.iter().collect::<Vec<_>>())).to_owned(),
            ))
        }
        PiiType::Ip => {
            let byte = |random: &mut Random| random.between(1, 254);
            let (a, b, c, d) = (byte(random), byte(random), byte(random), byte(random));
            let six = random.shape("2001:db8:{H4}:{H4}:{H4}:{H4}:{H4}:{H4}");
            let good = if random.below(3) == 0 { six } else { format!("{a}.{b}.{c}.{d}") };
            Some((good, format!("{a}.{b}.{c}.{}", d + 256)))
        }
        PiiType::BirthDate => {
            const MONTHS: [&str; 12] = [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ];
            let name = MONTHS[month - 1];
            let all = [
                format!("{day:02}.{month:02}.{year}"),
                format!("{year}-{month:02}-{day:02}"),
                format!("{month:02}/{day:02}/{year}"),
                format!("{day} {name} {year}"),
                format!("{name} {day}, {year}"),
            ];
            Some((all[random.below(all.len())].clone(), format!("in the year {year}")))
        }
        PiiType::Crypto => {
            // Bech32 by the standard's own arithmetic would repeat the detector: known good addresses.
            const GOOD: &[&str] = &[
                "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
                "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
                "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            ];
            let good = random.pick(GOOD);
            same(if random.below(3) == 0 { random.shape("0x{H40}") } else { good.to_owned() }).map(
                |(good, bad)| {
                    let bad = if good.starts_with("0x") { format!("{good}9") } else { bad };
                    (good, bad)
                },
            )
        }
        _ => None,
    }
}

/// What a person calls it, and whether it stands without being named in some sentences.
fn named(what: PiiType) -> (&'static [&'static str], bool) {
    match what {
        PiiType::Card => (&["card", "credit card", "Visa", "card number"], true),
        PiiType::Iban => (&["IBAN", "account", "bank details"], true),
        PiiType::UsSsn => (&["SSN", "social security number"], true),
        PiiType::UsItin => (&["ITIN", "tax number"], true),
        PiiType::UkNhs => (&["NHS number", "NHS no."], false),
        PiiType::UkNino => (&["NI number", "national insurance number"], true),
        PiiType::EsDni => (&["DNI", "documento"], true),
        PiiType::EsNie => (&["NIE", "documento"], true),
        PiiType::ItCf => (&["codice fiscale", "tax code"], true),
        PiiType::DeTaxId => (&["Steuer-ID", "German tax id", "IdNr"], false),
        PiiType::FrNir => (&["NIR", "numéro de sécurité sociale"], true),
        PiiType::NlBsn => (&["BSN", "burgerservicenummer"], false),
        PiiType::PlPesel => (&["PESEL", "numer PESEL"], false),
        PiiType::BrCpf => (&["CPF"], true),
        PiiType::BrCnpj => (&["CNPJ"], true),
        PiiType::InAadhaar => (&["Aadhaar", "Aadhaar number"], false),
        PiiType::InPan => (&["PAN", "tax id"], true),
        PiiType::CaSin => (&["SIN", "social insurance number"], false),
        PiiType::AuTfn => (&["TFN", "tax file number"], false),
        PiiType::AuAbn => (&["ABN"], true),
        PiiType::SePnr => (&["personnummer", "Swedish personal number"], true),
        PiiType::FiHetu => (&["henkilötunnus", "HETU"], true),
        PiiType::NoFnr => (&["fødselsnummer", "Norwegian birth number"], false),
        PiiType::BeNrn => (&["rijksregisternummer", "national number"], true),
        PiiType::ChAhv => (&["AHV number", "AHV"], true),
        PiiType::SgNric => (&["NRIC", "FIN"], true),
        PiiType::TrTckn => (&["TCKN", "TC Kimlik No"], false),
        PiiType::UsRouting => (&["routing number", "ABA routing"], false),
        PiiType::BirthDate => (&["date of birth", "DOB", "birthday"], false),
        PiiType::Email => (&["e-mail", "mail address"], true),
        PiiType::Phone => (&["phone", "mobile number", "call me on", "tel."], true),
        PiiType::Ip => (&["IP", "address", "host"], true),
        _ => (&["address", "wallet"], true),
    }
}

const NAMED: &[&str] = &[
    "Please note my new {n}: {v}. Thanks!",
    "Hello, the {n} is {v} and it should be on file already.",
    "Could you check {n} {v} for me?",
    "{n}: {v}",
    "{n} {v}",
    "Customer record\nname: Kim Lee\n{n}: {v}\nstatus: open\n",
    "As we said on Tuesday, I would like to update the {n} ({v}) before the end of the month.",
    "She gave \"{v}\" as her {n}, which seems right.",
    "{\"{n}\": \"{v}\", \"active\": true}",
];

const BARE: &[&str] = &[
    "I am sending you {v} as discussed.",
    "It is {v}, please keep it for your records.",
    "{v} belongs to the applicant",
    "Thanks, got it: {v};",
];

/// Cases of a kind, half of them only looking like it.
pub fn cases(random: &mut Random, what: PiiType, count: usize) -> (Vec<Case>, Vec<Case>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let (names, bare) = named(what);
    while good.len() < count {
        let Some((right, wrong)) = value(random, what) else { break };
        for (value, list) in [(right, &mut good), (wrong, &mut bad)] {
            let frame =
                if bare && random.below(4) == 0 { random.pick(BARE) } else { random.pick(NAMED) };
            let text = frame.replace("{n}", random.pick(names)).replace("{v}", &value);
            list.push(Case { what, value, text });
        }
    }
    (good, bad)
}
