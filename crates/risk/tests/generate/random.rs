//! Numbers that only look random, and texts of a shape.

/// A generator with a small state (splitmix64): good enough for test texts.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n.max(1)).unwrap()).unwrap()
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: usize, to: usize) -> usize {
        from + self.below(to - from + 1)
    }

    pub fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    /// Characters drawn from an alphabet.
    pub fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }

    pub fn digits(&mut self, length: usize) -> String {
        self.text("0123456789", length)
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| u8::try_from(self.next() & 255).unwrap()).collect()
    }

    /// A text of a shape: `{A36}` is 36 letters and digits, `{T20-30}` 20 to 30 of those, `_` and
    /// `-`, `H` hexadecimal, `U` capitals and digits, `S` capitals and 2 to 7, `L` small letters and
    /// digits, `D` digits, `B` base64.
    pub fn shape(&mut self, shape: &str) -> String {
        const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
        let mut out = String::new();
        let mut rest = shape;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (hole, tail) = after.split_once('}').unwrap();
            let (kind, length) = hole.split_at(1);
            let (from, to) = length.split_once('-').unwrap_or((length, length));
            let length = self.between(from.parse().unwrap(), to.parse().unwrap());
            let alphabet = match kind {
                "A" => format!("{UPPER}{LOWER}0123456789"),
                "T" => format!("{UPPER}{LOWER}0123456789_-"),
                "B" => format!("{UPPER}{LOWER}0123456789+/"),
                "H" => "0123456789abcdef".to_owned(),
                "U" => format!("{UPPER}0123456789"),
                "S" => format!("{UPPER}234567"),
                "L" => format!("{LOWER}0123456789"),
                "D" => "0123456789".to_owned(),
                other => panic!("no alphabet {other}"),
            };
            out.push_str(&self.text(&alphabet, length));
            rest = tail;
        }
        out.push_str(rest);
        out
    }
}
