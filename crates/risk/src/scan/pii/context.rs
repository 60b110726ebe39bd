//! The words around a number.

use core::cell::OnceCell;
use std::sync::LazyLock;

use super::super::bits;
use super::super::marks::Marks;
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
    marks: &'a Marks,
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
    pub(super) fn new(lower: &'a [u8], marks: &'a Marks, start: usize, end: usize) -> Self {
        Self { lower, marks, start, end, topics: OnceCell::new() }
    }

    fn topics(&self) -> &Topics {
        self.topics.get_or_init(|| {
            let mut topics = Topics::default();
            fill(&mut topics.before, self.lower, self.before(BEFORE));
            fill(&mut topics.after, self.lower, self.after());
            topics
        })
    }

    /// The words in so many bytes before, the nearest first. One that may have lost its beginning is none.
    fn before(&self, most: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let mut end = self.start;
        let from = end.saturating_sub(most);
        let most = u32::try_from(end.saturating_sub(from)).unwrap_or(u32::MAX);
        let mut left = self.marks.letters_before(end) & !u128::MAX.checked_shr(most).unwrap_or(0);
        core::iter::from_fn(move || {
            let gap = left.leading_zeros();
            left = left.checked_shl(gap)?;
            let length = (!left).leading_zeros();
            left = left.checked_shl(length).unwrap_or(0);
            let last = end.saturating_sub(bits::count(gap));
            end = last.saturating_sub(bits::count(length));
            (end > from || from == 0).then_some((end, last))
        })
    }

    /// The words behind, the last of them maybe cut.
    fn after(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let mut start = self.end;
        let mut left = self.marks.letters_from(start) & !(u64::MAX << AFTER);
        core::iter::from_fn(move || {
            let gap = left.trailing_zeros();
            left = left.checked_shr(gap)?;
            let length = (!left).trailing_zeros();
            left = left.checked_shr(length).unwrap_or(0);
            let first = start.saturating_add(bits::count(gap));
            start = first.saturating_add(bits::count(length));
            Some((first, start))
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
        self.before(NEAR).find_map(|word| self::topic(self.lower, word)) == Some(topic)
    }

    pub(super) fn has(&self, topic: Topic) -> bool {
        self.nearest(&[topic]).is_some()
    }

    /// Nothing is said about what the number is.
    pub(super) fn is_silent(&self) -> bool {
        self.topics().all().all(|topic| matches!(topic, Topic::Phone | Topic::Reach))
    }
}

fn fill(
    topics: &mut [Option<Topic>; MOST],
    lower: &[u8],
    words: impl Iterator<Item = (usize, usize)>,
) {
    for (to, from) in topics.iter_mut().zip(words.filter_map(|word| topic(lower, word))) {
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

fn topic(lower: &[u8], (start, end): (usize, usize)) -> Option<Topic> {
    WORDS.get(lower, start, end)
}
