//! The words around a number.

use core::cell::OnceCell;

use super::super::bytes::{self, ALPHA, HIGH, part};

/// What a word says of the numbers near it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Phone,
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
    /// An order, a version, a ticket: nothing personal.
    Other,
}

/// Bytes before and after a number in which words count.
const BEFORE: usize = 72;
const AFTER: usize = 28;

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

    pub(super) fn has(&self, topic: Topic) -> bool {
        self.nearest(&[topic]).is_some()
    }

    /// Nothing is said about what the number is.
    pub(super) fn is_silent(&self) -> bool {
        self.topics().all().all(|topic| topic == Topic::Phone)
    }
}

fn fill<'a>(topics: &mut [Option<Topic>; MOST], words: impl Iterator<Item = &'a [u8]>) {
    for (to, from) in topics.iter_mut().zip(words.filter_map(topic)) {
        *to = Some(from);
    }
}

fn topic(word: &[u8]) -> Option<Topic> {
    if !(2..=30).contains(&word.len()) {
        return None;
    }
    let found = match word {
        b"phone" | b"phones" | b"telephone" | b"tel" | b"mobile" | b"cell" | b"cellphone"
        | b"call" | b"calling" | b"called" | b"callback" | b"fax" | b"dial" | b"ring"
        | b"reach" | b"whatsapp" | b"sms" | b"text" | b"contact" | b"desk" | b"landline"
        | b"hotline" | b"voicemail" | b"telefon" | b"handy" | b"mobil" | b"mob" | b"ph"
        | b"office" | b"helpline" => Topic::Phone,
        b"dob" | b"born" | b"birth" | b"birthday" | b"birthdate" | b"geboren" | b"geburtsdatum"
        | b"naissance" | b"nacimiento" => Topic::Birth,
        b"card" | b"cards" | b"credit" | b"debit" | b"visa" | b"mastercard" | b"amex"
        | b"maestro" | b"cc" | b"carte" | b"kreditkarte" | b"tarjeta" | b"pan" => Topic::Card,
        b"iban" | b"bic" | b"swift" => Topic::Bank,
        b"ssn" | b"security" | b"itin" => Topic::Ssn,
        b"sin" | b"insurance" => Topic::Sin,
        b"tfn" | b"file" => Topic::Tfn,
        b"tax" | b"tin" | b"taxpayer" => Topic::Tax,
        b"bsn" | b"burgerservicenummer" | b"sofinummer" | b"sofi" | b"dutch" => Topic::Bsn,
        b"routing" | b"aba" | b"rtn" | b"transit" => Topic::Routing,
        b"nhs" | b"health" => Topic::Nhs,
        b"personnummer" | b"personnr" | b"pnr" | b"samordningsnummer" | b"swedish" => {
            Topic::Personnummer
        }
        b"cpr" | b"personnummeret" | b"danish" => Topic::Cpr,
        b"hetu" | b"henkilotunnus" | b"henkil\xc3\xb6tunnus" | b"finnish" => Topic::Hetu,
        b"medicare" => Topic::Medicare,
        b"pesel" | b"polish" => Topic::Pesel,
        b"cpf" | b"brazilian" | b"cnpj" => Topic::Cpf,
        b"steuer"
        | b"steuernummer"
        | b"steueridentifikationsnummer"
        | b"identifikationsnummer"
        | b"idnr"
        | b"steuerid"
        | b"german" => Topic::SteuerId,
        b"fnr" | b"fodselsnummer" | b"f\xc3\xb8dselsnummer" | b"norwegian" => Topic::Fnr,
        b"rijksregisternummer" | b"nrn" | b"insz" | b"niss" | b"belgian" | b"registre" => {
            Topic::Nrn
        }
        b"tckn" | b"kimlik" | b"turkish" | b"tc" => Topic::Tckn,
        b"abn" => Topic::Abn,
        b"aadhaar" | b"aadhar" | b"adhaar" | b"uidai" => Topic::Aadhaar,
        b"passport" | b"passeport" | b"reisepass" | b"pasaporte" | b"passaporto" => Topic::Passport,
        b"order" | b"orders" | b"invoice" | b"tracking" | b"ticket" | b"isbn" | b"version"
        | b"build" | b"sku" | b"serial" | b"commit" | b"checksum" | b"parcel" | b"issue"
        | b"timestamp" | b"part" | b"sha" | b"hash" | b"ean" | b"upc" | b"barcode" | b"imei" => {
            Topic::Other
        }
        _ => return None,
    };
    Some(found)
}
