//! The words around a number.

use core::cell::OnceCell;
use std::sync::LazyLock;

use super::super::bytes::{self, ALPHA, HIGH, part};
use super::super::words::Words;

/// What a word says of the numbers near it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Phone,
    /// Somebody is to be called or written to.
    Reach,
    Birth,
    Card,
    Bank,
    Ssn,
    Sin,
    Tfn,
    /// A tax number, of whatever country.
    Tax,
    Bsn,
    Routing,
    Nhs,
    Personnummer,
    Cpr,
    Hetu,
    Medicare,
    Pesel,
    Cpf,
    SteuerId,
    Fnr,
    Nrn,
    Tckn,
    Abn,
    Aadhaar,
    Passport,
    /// A number of a state's own, of whatever country.
    Identity,
    Dni,
    /// An order, a version, a ticket: nothing personal.
    Other,
}

/// Bytes before and after a number in which words count.
const BEFORE: usize = 72;
const AFTER: usize = 28;
/// Bytes before a number in which a word stands beside it.
const NEAR: usize = 24;

/// The words around a place, read when somebody asks.
#[derive(Debug)]
pub(super) struct Context<'a> {
    lower: &'a [u8],
    start: usize,
    end: usize,
    topics: OnceCell<Topics>,
}

/// Topics before, the nearest first, and after.
#[derive(Debug, Default)]
struct Topics {
    before: [Option<Topic>; MOST],
    after: [Option<Topic>; MOST],
}

/// Most topics on either side.
const MOST: usize = 8;

impl Topics {
    fn all(&self) -> impl Iterator<Item = Topic> {
        self.before.iter().chain(&self.after).flatten().copied()
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(lower: &'a [u8], start: usize, end: usize) -> Self {
        Self { lower, start, end, topics: OnceCell::new() }
    }

    fn topics(&self) -> &Topics {
        self.topics.get_or_init(|| {
            let from = self.start.saturating_sub(BEFORE);
            let before = part(self.lower, from, self.start);
            let mut topics = Topics::default();
            let words = before.rsplit(|b| !bytes::is(*b, ALPHA | HIGH));
            // The first word of the window may have lost its beginning.
            let whole =
                words.filter(|word| from == 0 || !core::ptr::eq(word.as_ptr(), before.as_ptr()));
            fill(&mut topics.before, whole);
            let after = part(self.lower, self.end, self.end.saturating_add(AFTER));
            fill(&mut topics.after, after.split(|b| !bytes::is(*b, ALPHA | HIGH)));
            topics
        })
    }

    /// The first topic, if there is one: before, or else after.
    pub(super) fn first(&self) -> Option<Topic> {
        self.topics().all().next()
    }

    /// The nearest of some topics.
    pub(super) fn nearest(&self, of: &[Topic]) -> Option<Topic> {
        self.topics().all().find(|topic| of.contains(topic))
    }

    /// Whether the last word before the number that says something is of this topic, and so near that
    /// at most two short words stand between.
    pub(super) fn is_beside(&self, topic: Topic) -> bool {
        let from = self.start.saturating_sub(NEAR);
        let before = part(self.lower, from, self.start);
        let words = before.rsplit(|b| !bytes::is(*b, ALPHA | HIGH));
        let cut = |word: &&[u8]| from > 0 && core::ptr::eq(word.as_ptr(), before.as_ptr());
        words.filter(|word| !cut(word)).find_map(self::topic) == Some(topic)
    }

    pub(super) fn has(&self, topic: Topic) -> bool {
        self.nearest(&[topic]).is_some()
    }

    /// Nothing is said about what the number is.
    pub(super) fn is_silent(&self) -> bool {
        self.topics().all().all(|topic| matches!(topic, Topic::Phone | Topic::Reach))
    }
}

fn fill<'a>(topics: &mut [Option<Topic>; MOST], words: impl Iterator<Item = &'a [u8]>) {
    for (to, from) in topics.iter_mut().zip(words.filter_map(topic)) {
        *to = Some(from);
    }
}

/// The words that say something.
const LISTS: &[(Topic, &str)] = &[
    (
        Topic::Phone,
        "phone phones telephone tel mobile cell cellphone callback fax whatsapp sms landline \
         hotline voicemail telefon handy mobil mob ph helpline telefoon puhelin t\u{e9}l\u{e9}phone \
         t\u{e9}l tel\u{e9}fono telefone celular m\u{f3}vil portable cellulare telefono kom\u{f3}rka \
         puh tlf fon rufnummer",
    ),
    (Topic::Reach, "call calling dial ring reach text contact desk office"),
    (
        Topic::Birth,
        "dob born birth birthday birthdate bday geboren geburtsdatum geburtstag geb naissance \
         n\u{e9} n\u{e9}e nacimiento nacido nacida nato nata nascita nascimento nascido nascida \
         geboortedatum geboorte f\u{f6}delsedatum f\u{f6}dd f\u{f8}dselsdato urodzenia \
         urodzony urodzona",
    ),
    (
        Topic::Card,
        "card cards credit debit visa mastercard amex maestro cc carte kreditkarte \
         tarjeta pan",
    ),
    (Topic::Bank, "iban bic swift"),
    (Topic::Ssn, "ssn security itin"),
    (Topic::Sin, "sin insurance nas"),
    (Topic::Tfn, "tfn"),
    (Topic::Tax, "tax tin taxpayer"),
    (Topic::Bsn, "bsn burgerservicenummer sofinummer sofi dutch citizen"),
    (Topic::Routing, "routing aba rtn transit"),
    (Topic::Nhs, "nhs health"),
    (Topic::Personnummer, "personnummer personnr pnr samordningsnummer swedish"),
    (Topic::Cpr, "cpr personnummeret danish"),
    (Topic::Hetu, "hetu henkilotunnus henkil\u{f6}tunnus finnish"),
    (Topic::Medicare, "medicare"),
    (Topic::Pesel, "pesel polish"),
    (Topic::Cpf, "cpf brazilian cnpj"),
    (
        Topic::SteuerId,
        "steuer steuernummer steueridentifikationsnummer identifikationsnummer idnr \
         steuerid german",
    ),
    (Topic::Fnr, "fnr fodselsnummer f\u{f8}dselsnummer norwegian"),
    (Topic::Nrn, "rijksregisternummer nrn insz niss belgian registre"),
    (Topic::Tckn, "tckn kimlik turkish tc"),
    (Topic::Abn, "abn australian"),
    (Topic::Aadhaar, "aadhaar aadhar adhaar uidai"),
    (
        Topic::Passport,
        "passport passports passeport reisepass reisepassnummer reisepassnr pasaporte \
         passaporto passaporte paspoort paszport",
    ),
    (Topic::Identity, "identity identification national nationale nationaal"),
    (Topic::Dni, "dni nif documento extranjero nie"),
    (
        Topic::Other,
        "order orders invoice tracking ticket isbn version build sku serial commit \
         checksum parcel issue timestamp part sha hash ean upc barcode imei",
    ),
];

static WORDS: LazyLock<Words<Topic>> = LazyLock::new(|| Words::new(LISTS));

fn topic(word: &[u8]) -> Option<Topic> {
    if word.len() < 2 { None } else { WORDS.get(word) }
}
