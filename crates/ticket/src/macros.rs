//! What would otherwise stand many times: a check, accessors, enums of words, enums of errors.

/// Goes on if a rule holds, and refuses with the error if not.
pub(crate) fn ensure<E>(holds: bool, error: E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(error) }
}

/// Plain read accessors: `&name: &Type` lends the field of that name, `name: Type` copies it.
macro_rules! getters {
    ($type:ty { $($(#[$doc:meta])* $(&$lent:ident)? $($copied:ident)?: $out:ty;)* }) => {
        impl $type {$(
            $(#[$doc])*
            pub fn $($lent)? $($copied)? (&self) -> $out { $(&self.$lent)? $(self.$copied)? }
        )*}
    };
}

/// An enum whose variants have one word each, in which they stand in digests and claims.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $one:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $one,)* }

        impl $name {
            /// All of them, in order.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$one),*];

            #[doc = concat!("The word for it, one of:" $(, " `", $word, "`")*)]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$one => $word,)* }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == text)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::json::Write for $name {
            fn write(&self, out: &mut String) {
                $crate::json::Write::write(self.as_str(), out);
            }
        }
        impl $crate::json::Read for $name {
            fn read(reader: &mut $crate::json::Reader<'_>) -> Option<Self> {
                reader.text(Self::parse)
            }
        }
    };
}

/// An enum of errors that carry nothing, with their messages.
macro_rules! errors {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $one:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* #[error($text)] $one,)* }
    };
}
