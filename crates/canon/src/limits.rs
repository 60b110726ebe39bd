//! How much input is accepted

/// How much input is accepted
///
/// ```
/// use countersign_canon::{ErrorKind, Limits, canonicalize_with};
///
/// let small = Limits::DEFAULT.with_max_bytes(16).with_max_depth(2);
/// assert!(canonicalize_with(b"[[1]]", small).is_ok());
/// assert_eq!(canonicalize_with(b"[[[1]]]", small).unwrap_err().kind(), ErrorKind::TooDeep);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The longest input, in bytes, white space included; also the longest canonical form, because
    /// `1e20` grows and the result has to stay acceptable input. Values beyond [`Limits::MAX_BYTES`]
    /// count as that.
    pub max_bytes: usize,
    /// How deep arrays and objects may nest: 0 admits scalars only, `[]` has depth 1. Values beyond
    /// [`Limits::MAX_DEPTH`] count as that.
    pub max_depth: usize,
}

impl Limits {
    /// No `max_bytes` reaches further: 256 MiB
    pub const MAX_BYTES: usize = 1 << 28;
    /// No `max_depth` reaches further: 128. It bounds the use of the stack.
    pub const MAX_DEPTH: usize = 128;
    /// 1 MiB, depth 128
    pub const DEFAULT: Self = Self { max_bytes: 1 << 20, max_depth: Self::MAX_DEPTH };

    /// The same limits with another number of bytes
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// The same limits with another depth
    #[must_use]
    pub const fn with_max_depth(mut self, depth: usize) -> Self {
        self.max_depth = depth;
        self
    }

    pub(crate) fn bytes(self) -> usize {
        self.max_bytes.min(Self::MAX_BYTES)
    }

    pub(crate) fn depth(self) -> usize {
        self.max_depth.min(Self::MAX_DEPTH)
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn no_limit_reaches_beyond_the_fixed_ones() {
        let endless = Limits::DEFAULT.with_max_bytes(usize::MAX).with_max_depth(usize::MAX);
        assert_eq!((endless.bytes(), endless.depth()), (1 << 28, 128));
        let tight = Limits::DEFAULT.with_max_bytes(7).with_max_depth(3);
        assert_eq!((tight.bytes(), tight.depth()), (7, 3));
    }
}
