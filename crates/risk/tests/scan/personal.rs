//! Personal data by its check digits.

use countersign_risk::scan::{self, PiiType};

use crate::generate::personal::{Case, cases};
use crate::generate::random::Random;

fn found(text: &str) -> Vec<(PiiType, &str)> {
    let scan = scan::scan(text);
    scan.pii().map(|(what, span)| (what, &text[span.start..span.end])).collect()
}

fn of(text: &str, what: PiiType) -> usize {
    found(text).iter().filter(|(found, _)| *found == what).count()
}

#[test]
fn card_numbers_of_every_issuer_are_found() {
    for number in [
        "4111111111111111",
        "4222222222222",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "30569309025904",
        "3530111333300000",
        "3591655491552170",
        "6011111111111117",
        "6304000000000000",
    ] {
        for around in ["{}", "({}).", "no,{};", "card_{}_"] {
            let text = around.replace("{}", number);
            assert_eq!(found(&text), [(PiiType::Card, number)], "{text}");
        }
    }
    for spaced in [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111\u{a0}1111\u{202f}1111\u{2011}1111",
        "\u{ff14}111111111111111",
        "card 4111 1111 1111 1111 123 ok",
        "4111 1111 1111 1111 12/30",
        "\u{5361}\u{53f7}4111111111111111\u{3002}",
    ] {
        assert_eq!(of(spaced, PiiType::Card), 1, "{spaced} {:?}", found(spaced));
    }
    assert_eq!(of("4111111111111111 5555555555554444, 378282246310005", PiiType::Card), 3);
}

#[test]
fn what_only_looks_like_a_card_number_is_not_one() {
    for text in [
        "4111111111111112",
        "1732240929123",
        "411111111111111",
        "41111111111111111111",
        "a4111111111111111",
        "4111111111111111b",
        "4111  1111 1111 1111",
        "0000000000000000",
        "9111111111111111",
        "",
    ] {
        assert_eq!(of(text, PiiType::Card), 0, "{text}");
    }
}

#[test]
fn ibans_are_found_in_any_case_and_grouping() {
    for text in [
        "DE89370400440532013000",
        "gb82 west 1234 5698 7654 32",
        "pay to FR14 2004 1010 0505 0001 3M02 606 please",
        "NO9386011117947.",
        "MT84MALT011000012345MTLCAST001S",
    ] {
        assert_eq!(of(text, PiiType::Iban), 1, "{text} {:?}", found(text));
    }
    assert_eq!(of("DE89370400440532013000,NO9386011117947", PiiType::Iban), 2);
    for text in [
        "DE89370400440532013001",
        "UK12345678901234567890",
        "US133000000121212121212",
        "DE893704004405320130001",
        "xDE89370400440532013000",
        "DE8937040044053201300",
        "DE",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
    // A letter that only looks like an E hides nothing.
    assert_eq!(of("D\u{0415}89370400440532013000", PiiType::Iban), 1);
}

#[test]
fn numbers_of_states_are_told_by_their_check_digits() {
    for (text, what) in [
        ("SSN 536-22-8726", PiiType::UsSsn),
        ("his social security number is 536228726", PiiType::UsSsn),
        ("ITIN 912-70-1234", PiiType::UsItin),
        ("NHS number 943 476 5919", PiiType::UkNhs),
        ("NI number AB 12 34 56 C", PiiType::UkNino),
        ("DNI 12345678Z", PiiType::EsDni),
        ("NIE X1234567L", PiiType::EsNie),
        ("codice fiscale RSSMRA85T10A562S", PiiType::ItCf),
        ("Steuer-ID 86095742719", PiiType::DeTaxId),
        ("NIR 2 69 05 49 588 157 80", PiiType::FrNir),
        ("BSN 111222333", PiiType::NlBsn),
        ("PESEL 44051401359", PiiType::PlPesel),
        ("CPF 529.982.247-25", PiiType::BrCpf),
        ("CNPJ 11.222.333/0001-81", PiiType::BrCnpj),
        ("Aadhaar 2341 2341 2346", PiiType::InAadhaar),
        ("PAN ABCPE1234F", PiiType::InPan),
        ("SIN 046 454 286", PiiType::CaSin),
        ("TFN 123 456 782", PiiType::AuTfn),
        ("ABN 51 824 753 556", PiiType::AuAbn),
        ("personnummer 811218-9876", PiiType::SePnr),
        ("henkilotunnus 131052-308T", PiiType::FiHetu),
        ("rijksregisternummer 85.07.30-033.28", PiiType::BeNrn),
        ("AHV 756.9217.0769.85", PiiType::ChAhv),
        ("NRIC S1234567D", PiiType::SgNric),
        ("TCKN 10000000146", PiiType::TrTckn),
        ("routing number 021000021", PiiType::UsRouting),
        ("passport no. C01X00T47", PiiType::Passport),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", PiiType::Crypto),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", PiiType::Crypto),
        ("born on 12 March 1980", PiiType::BirthDate),
        ("date of birth: 12.03.1980", PiiType::BirthDate),
        ("kim.lee@mail.example.com.", PiiType::Email),
        ("call +44 20 7946 0958 now", PiiType::Phone),
        ("call (212) 555-0199 x12", PiiType::Phone),
        ("from 203.0.113.9, twice", PiiType::Ip),
        ("2001:db8::8a2e:370:7334", PiiType::Ip),
        ("00:1b:44:11:3a:b7", PiiType::Mac),
        ("adapter 00-1B-44-11-3A-B7 is up", PiiType::Mac),
        ("CPR 070761-4285", PiiType::DkCpr),
        ("Medicare number 2123 45670 1", PiiType::AuMedicare),
    ] {
        let kinds: Vec<PiiType> = found(text).into_iter().map(|(what, _)| what).collect();
        assert_eq!(kinds, [what], "{text}");
    }
}

#[test]
fn a_wrong_check_digit_is_nothing() {
    for text in [
        "SSN 666-22-8726",
        "NHS number 943 476 5918",
        "DNI 12345678A",
        "NIE X1234567A",
        "codice fiscale RSSMRA85T10A562T",
        "Steuer-ID 86095742718",
        "BSN 111222334",
        "PESEL 44051401358",
        "CPF 529.982.247-24",
        "CNPJ 11.222.333/0001-82",
        "Aadhaar 2341 2341 2347",
        "SIN 046 454 287",
        "personnummer 811218-9875",
        "henkilotunnus 131052-308A",
        "rijksregisternummer 85.07.30-033.29",
        "AHV 756.9217.0769.84",
        "NRIC S1234567A",
        "TCKN 10000000147",
        "routing number 021000022",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "Medicare number 2123 45671 1",
        "CPR 071361-4285",
        "00:1b:44:11:3a",
        "00-1B-44-11-3A-B7-01 and 12-05-20-26-10-30-11",
        "version 1.2.3.4, 300.1.2.3, 12:30:45",
        "2026-05-12 10:00, 3.14159265, 1,234,567.89",
        "id 550e8400-e29b-41d4-a716-446655440000",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

/// Of every kind: at least 300 with right check digits, and as many that only look like it.
#[test]
fn generated_numbers_are_found_and_wrong_ones_are_not() {
    let mut random = Random::new(11);
    let mut report = String::new();
    for what in PiiType::ALL {
        let (good, bad) = cases(&mut random, *what, 300);
        assert_eq!((good.len(), bad.len()), (300, 300), "{what:?}");
        let hit = |case: &Case| {
            let found = found(&case.text);
            found.iter().any(|(kind, value)| *kind == case.what && case.value.contains(value))
        };
        let missed: Vec<&Case> = good.iter().filter(|case| !hit(case)).collect();
        let wrong: Vec<(&Case, Vec<_>)> = good
            .iter()
            .chain(&bad)
            .map(|case| (case, found(&case.text)))
            .filter(|(case, found)| {
                let right = good.iter().any(|one| std::ptr::eq(one, *case));
                found.iter().any(|(kind, value)| {
                    !(right && *kind == case.what && case.value.contains(value))
                })
            })
            .collect();
        let low = missed.len() * 100 > good.len() || wrong.len() * 50 > good.len();
        if low {
            report.extend([format!("{what:?}: missed {}, wrong {}\n", missed.len(), wrong.len())]);
            report.extend(
                missed.iter().take(4).map(|c| format!("   - {} | {:?}\n", c.value, c.text)),
            );
            report.extend(
                wrong
                    .iter()
                    .take(4)
                    .map(|(c, f)| format!("   + {} | {:?} {f:?}\n", c.value, c.text)),
            );
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn numbers_are_known_in_other_ways_of_writing_and_by_other_names() {
    for (text, what, value) in [
        ("documento nacional: 12345678 Z", PiiType::EsDni, "12345678 Z"),
        ("Kim, 12345678 Z, Madrid", PiiType::EsDni, "12345678 Z"),
        ("NIE X-1234567-L.", PiiType::EsNie, "X-1234567-L"),
        ("NIE: y-7654321-g", PiiType::EsNie, "y-7654321-g"),
        ("NIR 181042B12345646", PiiType::FrNir, "181042B12345646"),
        ("the NAS 046 454 286 of Kim", PiiType::CaSin, "046 454 286"),
        ("Australian business number: 51824753556", PiiType::AuAbn, "51824753556"),
        ("num\u{e9}ro national 85073003328", PiiType::BeNrn, "85073003328"),
        ("For the file: national identity number 01018000055", PiiType::NoFnr, "01018000055"),
        ("personal identity number 198507099805", PiiType::SePnr, "198507099805"),
        ("CNPJ 67534008000109", PiiType::BrCnpj, "67534008000109"),
        ("Reisepassnummer C01X00T47", PiiType::Passport, "C01X00T47"),
        ("passport no. AD1174145", PiiType::Passport, "AD1174145"),
        ("D.O.B.: 02/05/2008", PiiType::BirthDate, "02/05/2008"),
        (
            "name | D.O.B. | city\n--- | --- | ---\nKim | 02/05/2008",
            PiiType::BirthDate,
            "02/05/2008",
        ),
        ("n\u{e9}e le 27 ao\u{fb}t 1958", PiiType::BirthDate, "27 ao\u{fb}t 1958"),
        ("geb. 3. M\u{e4}rz 1980", PiiType::BirthDate, "3. M\u{e4}rz 1980"),
        ("nacida el 12 de marzo de 1980", PiiType::BirthDate, "12 de marzo de 1980"),
        ("data di nascita 12-03-1980", PiiType::BirthDate, "12-03-1980"),
        ("phone number: 94439124", PiiType::Phone, "94439124"),
        ("Tel. 08-39 58 95", PiiType::Phone, "08-39 58 95"),
        ("mobile is 17852971901", PiiType::Phone, "17852971901"),
        ("+61.476.437.585", PiiType::Phone, "+61.476.437.585"),
    ] {
        assert_eq!(found(text), [(what, value)], "{text}");
    }
}

#[test]
fn what_is_written_in_those_ways_is_often_something_else() {
    for text in [
        "documento nacional: 12345678 A",
        "order 12345678 Z of May",
        "NIE X-1234567-A",
        "12345678 people came, 12345678 Zebras",
        "passport control opens, passport holders queue, passport ABCDEFGH",
        "Tel. stands for it: 5 000 000 people have one",
        "12 345 678 visitors",
        "Call notes: 92171381",
        "AHV 756.9217.0769.83, call us",
        "the customer called about 19820619-4440",
        "built on 3. M\u{e4}rz 1980, on 27 ao\u{fb}t 1958 and on 12 de marzo de 1980",
        // Prefixes that are never given out, and a last letter that none has: made-up data.
        "National Insurance number ZZ847560T",
        "National Insurance number ZZ847560A",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn a_mail_address_ends_where_the_text_around_it_begins() {
    for around in [
        "\u{201c}{}\u{201d}",
        "\u{201e}{}\u{201c}",
        "\u{ab}{}\u{bb}",
        "\u{2018}{}\u{2019}",
        "{}\u{2026}",
        "\u{2014}{}\u{2014}",
        "\u{ff08}{}\u{ff09}",
        "\u{90ae}\u{7bb1}{}\u{ff0c}\u{8c22}\u{8c22}",
        "\u{90ae}\u{7bb1}{}\u{8c22}\u{8c22}",
        "\u{c774}\u{ba54}\u{c77c}{}\u{b85c}",
        "\u{feff}{}",
        "\u{200b}{}\u{200b}",
        "\u{1f4e7}{}\u{1f4e7}",
        "\u{a0}{}\u{a0}",
        "{}\u{2019}s",
        "\u{2022}{}",
    ] {
        for mail in ["kim@example.com", "kim.lee+x@mail.example.co.uk"] {
            let text = around.replace("{}", mail);
            assert_eq!(found(&text), [(PiiType::Email, mail)], "{text}");
        }
    }
    // A label of letters of a script without spaces is one.
    for mail in ["kim@example.\u{4e2d}\u{56fd}", "kim@mail.\u{4f8b}\u{3048}.jp"] {
        assert_eq!(found(&format!("to {mail}, now")), [(PiiType::Email, mail)]);
    }
    for mail in [
        "m\u{fc}ller@ex\u{e4}mple.de",
        "mu\u{308}ller@example.de",
        "\u{7528}\u{6237}@\u{4f8b}\u{5b50}.\u{516c}\u{53f8}",
        "\u{43f}\u{43e}\u{447}\u{442}\u{430}@\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{440}\u{444}",
        "kim\u{200b}@example.com",
    ] {
        assert_eq!(found(&format!("mail {mail} now")), [(PiiType::Email, mail)], "{mail}");
    }
    assert_eq!(found("kim\u{201d}@example.com"), []);
}
