//! What single characters do to the eye. Ranges are those of the Unicode Standard's blocks and of
//! `DerivedCoreProperties.txt` (`Default_Ignorable_Code_Point`), written by hand and kept small.

/// Why a character is not shown as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// It deceives the eye: counted.
    Deceives,
    /// It is shown as a mark so that the text stays exact, but deceives nobody: not counted.
    Exact,
}

/// Whether a character is shown as a mark wherever it stands.
pub(crate) fn hidden(c: char) -> Option<Hidden> {
    match c {
        // The brackets of the marks themselves, and what only measures differently.
        '\u{27e8}' | '\u{27e9}' | '\t' => Some(Hidden::Exact),
        c if c.is_control() || directs(c) || unseen(c) || strikes(c) || undefined(c) => {
            Some(Hidden::Deceives)
        }
        _ => None,
    }
}

/// Changes the direction of what stands around it, or breaks the line.
pub(crate) fn directs(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

/// Takes no room, or looks like the space and is none. Tags and supplementary variation selectors,
/// which can carry a whole text, are among them.
fn unseen(c: char) -> bool {
    matches!(c,
        '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{1680}' | '\u{17b4}'
        | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200b}' | '\u{202f}'
        | '\u{205f}'..='\u{2065}' | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Strikes through or encloses what stands before it.
fn strikes(c: char) -> bool {
    matches!(c,
        '\u{334}'..='\u{338}' | '\u{488}' | '\u{489}' | '\u{20d2}' | '\u{20d3}'
        | '\u{20d8}'..='\u{20da}' | '\u{20dd}'..='\u{20e2}' | '\u{20e4}'..='\u{20eb}')
}

/// Private use, noncharacters and specials: nobody knows what they look like.
fn undefined(c: char) -> bool {
    matches!(c,
        '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff0}'..='\u{ffff}'
        | '\u{f0000}'..='\u{10ffff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// A mark that is drawn on the letter before it.
pub(crate) fn combines(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}'
        | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}'
        | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{eb1}'
        | '\u{eb4}'..='\u{ebc}' | '\u{ec8}'..='\u{ece}' | '\u{f71}'..='\u{f84}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{302a}'..='\u{302f}' | '\u{3099}' | '\u{309a}' | '\u{fe20}'..='\u{fe2f}')
}

/// What emoji sequences are built on.
pub(crate) fn emoji(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
        | '\u{2194}'..='\u{21aa}' | '\u{231a}'..='\u{23ff}' | '\u{24c2}' | '\u{25aa}'..='\u{25fe}'
        | '\u{2600}'..='\u{27bf}' | '\u{2934}' | '\u{2935}' | '\u{2b05}'..='\u{2b55}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

/// Scripts in which the joiners U+200C and U+200D change how letters are drawn: one number each.
pub(crate) fn joining_script(c: char) -> Option<u8> {
    Some(match c {
        '\u{620}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}' => 1,
        '\u{700}'..='\u{74f}' => 2,
        '\u{900}'..='\u{97f}' => 3,
        '\u{980}'..='\u{9ff}' => 4,
        '\u{a00}'..='\u{a7f}' => 5,
        '\u{a80}'..='\u{aff}' => 6,
        '\u{b00}'..='\u{b7f}' => 7,
        '\u{b80}'..='\u{bff}' => 8,
        '\u{c00}'..='\u{c7f}' => 9,
        '\u{c80}'..='\u{cff}' => 10,
        '\u{d00}'..='\u{d7f}' => 11,
        '\u{d80}'..='\u{dff}' => 12,
        '\u{1000}'..='\u{109f}' => 13,
        '\u{1780}'..='\u{17ff}' => 14,
        _ => return None,
    })
}

/// Scripts whose letters look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Script {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Cherokee,
    /// Letters and digits that imitate ASCII: full-width, mathematical, enclosed.
    Styled,
}

impl Script {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Greek => "Greek",
            Self::Cyrillic => "Cyrillic",
            Self::Armenian => "Armenian",
            Self::Cherokee => "Cherokee",
            Self::Styled => "styled",
        }
    }

    /// The script of a letter; none for digits, punctuation and scripts that imitate no other here.
    pub(crate) fn of(c: char) -> Option<Self> {
        match c {
            // Signs and emoji among the letters.
            '\u{d7}' | '\u{f7}' | '\u{24c2}' | '\u{1f170}' | '\u{1f171}' | '\u{1f17e}'
            | '\u{1f17f}' => None,
            'a'..='z'
            | 'A'..='Z'
            | '\u{c0}'..='\u{2af}'
            | '\u{1d00}'..='\u{1d25}'
            | '\u{1e00}'..='\u{1eff}'
            | '\u{2c60}'..='\u{2c7f}'
            | '\u{a722}'..='\u{a7ff}'
            | '\u{ab30}'..='\u{ab64}' => Some(Self::Latin),
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' if c.is_alphabetic() => {
                Some(Self::Greek)
            }
            '\u{400}'..='\u{481}'
            | '\u{48a}'..='\u{52f}'
            | '\u{1c80}'..='\u{1c8f}'
            | '\u{a640}'..='\u{a66e}' => Some(Self::Cyrillic),
            '\u{531}'..='\u{588}' => Some(Self::Armenian),
            '\u{13a0}'..='\u{13fd}' | '\u{ab70}'..='\u{abbf}' => Some(Self::Cherokee),
            '\u{2100}'..='\u{2121}' | '\u{2124}'..='\u{2138}' if c.is_alphabetic() => {
                Some(Self::Styled)
            }
            '\u{ff10}'..='\u{ff19}'
            | '\u{ff21}'..='\u{ff3a}'
            | '\u{ff41}'..='\u{ff5a}'
            | '\u{1d400}'..='\u{1d7ff}'
            | '\u{249c}'..='\u{24e9}'
            | '\u{1f110}'..='\u{1f189}' => Some(Self::Styled),
            _ => None,
        }
    }
}

/// Columns a character takes, never too few.
pub(crate) fn columns(c: char) -> usize {
    if u32::from(c) < 0x1100 { 1 } else { 2 }
}
