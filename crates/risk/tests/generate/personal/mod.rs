//! Personal data with right and with wrong check digits, in prose.

mod abroad;
mod banks;
mod europe;

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

/// The last digit or letter, which checks, one further.
fn wrong(text: &str) -> String {
    let at = text.char_indices().rev().find(|(_, c)| c.is_alphanumeric()).unwrap().0;
    let old = text[at..].chars().next().unwrap();
    let new = match old {
        '9' => '0',
        'Z' => 'A',
        'z' => 'a',
        c => char::from_u32(u32::from(c) + 1).unwrap(),
    };
    format!("{}{new}{}", &text[..at], &text[at + 1..])
}

fn same(text: String) -> (String, String) {
    let bad = wrong(&text);
    (text, bad)
}

/// A valid value as it is written, and the same with a wrong check digit or an impossible part.
fn value(random: &mut Random, what: PiiType) -> Option<(String, String)> {
    banks::value(random, what)
        .or_else(|| europe::value(random, what))
        .or_else(|| abroad::value(random, what))
        .or_else(|| others(random, what))
}

fn others(random: &mut Random, what: PiiType) -> Option<(String, String)> {
    let (year, month, day) = date(random);
    match what {
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
        PiiType::Passport => {
            let shapes = ["{D9}", "C{D8}", "{U1}{D7}", "PA{D7}", "{D2}AA{D5}", "X{D2}{U1}{D5}"];
            let bad = ["{D4}", "{D1}/{D2}", "AB{D2}", "{D10}", "{U2}-{D3}"];
            let (good, bad) = (shapes[random.below(shapes.len())], bad[random.below(bad.len())]);
            Some((random.shape(good), random.shape(bad)))
        }
        PiiType::Mac => {
            let by = random.pick(&[":", "-"]);
            let pairs: Vec<String> = (0..6).map(|_| random.shape("{H2}")).collect();
            // Pairs of letters only would be words with hyphens between.
            let all = format!("{}{}", random.below(10), &pairs.join(by)[1..]);
            let all = if random.below(2) == 0 { all.to_uppercase() } else { all };
            let bad = [all[..14].to_owned(), format!("{all}{by}0"), format!("{}g", &all[..16])];
            Some((all, bad[random.below(3)].clone()))
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
        PiiType::DkCpr => (&["CPR number", "CPR", "Danish CPR no."], false),
        PiiType::AuMedicare => (&["Medicare number", "Medicare no."], false),
        PiiType::Passport => (&["passport number", "passport no.", "Reisepass"], false),
        PiiType::Mac => (&["MAC address", "hardware address"], true),
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
