//! Numbers that other states give out.

use countersign_risk::scan::PiiType;

use super::super::random::Random;
use super::{digits, group, luhn_digit, weighted, wrong};

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

pub(super) fn value(random: &mut Random, what: PiiType) -> Option<(String, String)> {
    match what {
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
        PiiType::AuMedicare => {
            let body = format!("{}{}", random.between(2, 6), random.digits(7));
            let check = weighted(&body, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10;
            let (other, issue) = ((check + 3) % 10, random.between(1, 9));
            let by = random.pick(&["", " "]);
            let write = |check: u32| group(&format!("{body}{check}{issue}"), &[4, 5, 1], by);
            Some((write(check), write(other)))
        }
        _ => None,
    }
}
