//! Cards, accounts, routing numbers and coins.

use countersign_risk::scan::PiiType;

use super::super::random::Random;
use super::{group, luhn_digit, same, weighted, wrong};

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

pub(super) fn value(random: &mut Random, what: PiiType) -> Option<(String, String)> {
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
            Some(same(format!("{body}{}", (10 - sum % 10) % 10)))
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
            let coin = random.below(3) == 0;
            let good = if coin { random.shape("0x{H40}") } else { good.to_owned() };
            let bad = if coin { format!("{good}9") } else { wrong(&good) };
            Some((good, bad))
        }
        _ => None,
    }
}
