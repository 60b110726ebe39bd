//! What can be found, and where it was.

use core::fmt;

/// What a scan found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// In the order of their starts.
    pub spans: Vec<Span>,
    /// The text is longer than what was scanned, or held more encoded text than is decoded.
    pub truncated: bool,
}

impl Scan {
    /// Whether there is a secret among the findings.
    pub fn has_secret(&self) -> bool {
        self.spans.iter().any(|span| span.kind == Kind::Secret)
    }

    /// The personal data among the findings.
    pub fn pii(&self) -> impl Iterator<Item = (PiiType, &Span)> {
        self.spans.iter().filter_map(|span| match span.kind {
            Kind::Pii(what) => Some((what, span)),
            Kind::Secret | Kind::Injection(_) | Kind::Hidden => None,
        })
    }

    /// The instructions to an agent and the hidden characters among the findings.
    pub fn suspicious(&self) -> impl Iterator<Item = &Span> {
        self.spans.iter().filter(|span| matches!(span.kind, Kind::Injection(_) | Kind::Hidden))
    }
}

/// A finding: what, by which rule, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub kind: Kind,
    /// The stable name of the rule, for example `github_token` or `iban`.
    pub rule: &'static str,
    /// First byte of it in the text that was scanned; always between two characters.
    pub start: usize,
    /// The byte after it. For what was found in encoded text the whole encoding is the span.
    pub end: usize,
    /// How much it weighs.
    pub class: Class,
    /// In what form it stood there.
    pub evidence: Evidence,
}

/// What a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Personal data.
    Pii(PiiType),
    /// A token, password or key.
    Secret,
    /// An instruction to an agent.
    Injection(Injection),
    /// Characters that nobody sees, or that reorder or imitate others.
    Hidden,
}

impl Kind {
    /// Which of two readings of one place holds: the lower.
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::Secret => 0,
            Self::Pii(what) => what.rank(),
            Self::Injection(_) => 254,
            Self::Hidden => 255,
        }
    }

    /// Whether one place cannot be both.
    pub(super) fn competes(self, other: Self) -> bool {
        let value = |kind| matches!(kind, Self::Secret | Self::Pii(_));
        value(self) && value(other) || self == other
    }

    /// A short stable name: `secret`, `pii`, `injection`, `hidden`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pii(_) => "pii",
            Self::Secret => "secret",
            Self::Injection(_) => "injection",
            Self::Hidden => "hidden",
        }
    }
}

/// How an instruction was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Injection {
    /// By what it says: to set aside instructions, to an AI, in the name of the system.
    Lexical,
    /// By its build: an order to use a tool, with a place where something is to go.
    Structural,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new class must be weighed by whoever counts them")]
pub enum Class {
    /// Of several such findings some are by chance.
    Low,
    /// Personal, but often shared: an address, a number, a date. Two different ones count.
    Medium,
    /// One alone counts.
    High,
}

/// In what form a finding stood in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// As it is.
    Plain,
    /// With full-width letters, unusual spaces or invisible characters between.
    Folded,
    /// In base64.
    Base64,
    /// In hexadecimal.
    Hex,
    /// With percent escapes, character references or backslash escapes.
    Escaped,
    /// With letters moved by 13.
    Rot13,
    /// With its letters apart, or digits in place of letters.
    Disguised,
    /// In invisible tag characters or variation selectors.
    Invisible,
    /// In pieces.
    Joined,
}

impl Evidence {
    /// A short stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Folded => "folded",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Escaped => "escaped",
            Self::Rot13 => "rot13",
            Self::Disguised => "disguised",
            Self::Invisible => "invisible",
            Self::Joined => "joined",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! pii_types {
    ($($(#[$doc:meta])* $name:ident, $label:literal, $rule:literal, $words:literal, $class:ident;)*) => {
        /// A kind of personal data.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum PiiType {
            $($(#[$doc])* $name,)*
        }

        impl PiiType {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in a placeholder: `EMAIL` in `<EMAIL:1>`.
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// The name of its rule.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)* }
            }

            /// What a person calls it, in the singular.
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }

            /// The same in the plural.
            pub fn plural(self) -> String {
                let words = self.words();
                match words.strip_suffix("address") {
                    Some(_) => format!("{words}es"),
                    None if self == Self::BirthDate => "dates of birth".to_owned(),
                    None => format!("{words}s"),
                }
            }

            /// How much one of these weighs.
            pub fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
            }
        }
    };
}

pii_types! {
    /// A payment card number.
    Card, "CARD", "card", "card number", High;
    /// An international bank account number.
    Iban, "IBAN", "iban", "IBAN", High;
    /// A US social security number.
    UsSsn, "US_SSN", "us_ssn", "US social security number", High;
    /// A US taxpayer number (ITIN).
    UsItin, "US_ITIN", "us_itin", "US taxpayer number", High;
    /// A UK health number.
    UkNhs, "UK_NHS", "uk_nhs", "NHS number", High;
    /// A UK national insurance number.
    UkNino, "UK_NINO", "uk_nino", "UK national insurance number", High;
    /// A Spanish DNI.
    EsDni, "ES_DNI", "es_dni", "Spanish DNI", High;
    /// A Spanish NIE.
    EsNie, "ES_NIE", "es_nie", "Spanish NIE", High;
    /// An Italian tax code.
    ItCf, "IT_CF", "it_cf", "Italian tax code", High;
    /// A German tax number.
    DeTaxId, "DE_TAX_ID", "de_tax_id", "German tax number", High;
    /// A French social security number.
    FrNir, "FR_NIR", "fr_nir", "French social security number", High;
    /// A Dutch citizen number.
    NlBsn, "NL_BSN", "nl_bsn", "Dutch citizen number", High;
    /// A Polish personal number.
    PlPesel, "PL_PESEL", "pl_pesel", "Polish personal number", High;
    /// A Brazilian personal number.
    BrCpf, "BR_CPF", "br_cpf", "Brazilian CPF", High;
    /// A Brazilian company number.
    BrCnpj, "BR_CNPJ", "br_cnpj", "Brazilian CNPJ", Medium;
    /// An Indian Aadhaar number.
    InAadhaar, "IN_AADHAAR", "in_aadhaar", "Aadhaar number", High;
    /// An Indian PAN.
    InPan, "IN_PAN", "in_pan", "Indian PAN", High;
    /// A Canadian social insurance number.
    CaSin, "CA_SIN", "ca_sin", "Canadian social insurance number", High;
    /// An Australian tax file number.
    AuTfn, "AU_TFN", "au_tfn", "Australian tax file number", High;
    /// An Australian business number.
    AuAbn, "AU_ABN", "au_abn", "Australian business number", Medium;
    /// An Australian Medicare number.
    AuMedicare, "AU_MEDICARE", "au_medicare", "Australian Medicare number", High;
    /// A Swedish personal number.
    SePnr, "SE_PNR", "se_pnr", "Swedish personal number", High;
    /// A Finnish personal code.
    FiHetu, "FI_HETU", "fi_hetu", "Finnish personal code", High;
    /// A Norwegian birth number.
    NoFnr, "NO_FNR", "no_fnr", "Norwegian birth number", High;
    /// A Danish personal number.
    DkCpr, "DK_CPR", "dk_cpr", "Danish personal number", High;
    /// A Belgian national number.
    BeNrn, "BE_NRN", "be_nrn", "Belgian national number", High;
    /// A Swiss AHV number.
    ChAhv, "CH_AHV", "ch_ahv", "Swiss AHV number", High;
    /// A Singaporean NRIC or FIN.
    SgNric, "SG_NRIC", "sg_nric", "Singaporean NRIC", High;
    /// A Turkish identity number.
    TrTckn, "TR_TCKN", "tr_tckn", "Turkish identity number", High;
    /// A US bank routing number.
    UsRouting, "US_ROUTING", "us_routing", "US routing number", Medium;
    /// A passport number, named as one.
    Passport, "PASSPORT", "passport", "passport number", High;
    /// An address of a cryptocurrency.
    Crypto, "CRYPTO", "crypto_address", "crypto address", Medium;
    /// A date of birth, named as one.
    BirthDate, "BIRTH_DATE", "birth_date", "date of birth", Medium;
    /// An e-mail address.
    Email, "EMAIL", "email", "e-mail address", Medium;
    /// A telephone number.
    Phone, "PHONE", "phone", "phone number", Medium;
    /// An address of the internet protocol.
    Ip, "IP", "ip_address", "IP address", Low;
    /// An address of a network card.
    Mac, "MAC", "mac_address", "MAC address", Low;
}

impl PiiType {
    /// The place in the list; what has a check digit comes first.
    fn rank(self) -> u8 {
        (self as u8).saturating_add(1)
    }
}
