//! Reads decisions out of the bytes that a fuzzer supplies.

/// Turns bytes into decisions. Once the bytes are used up every decision is the first of its options, so a
/// shorter input describes a simpler case.
#[derive(Clone, Debug)]
pub struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Starts at the first byte.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next byte, or 0 after the last one.
    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let number = u32::from_le_bytes([self.byte(), self.byte(), self.byte(), 0]);
        usize::try_from(number).map_or(0, |number| number.checked_rem(end).unwrap_or(0))
    }

    /// Whether an event of this probability, in 256ths, happens.
    pub fn chance(&mut self, of_256: u8) -> bool {
        u8::MAX - self.byte() < of_256
    }

    /// One of `options`.
    ///
    /// # Panics
    ///
    /// Panics if there are no options.
    pub fn pick<'o, T: ?Sized>(&mut self, options: &'o [&'o T]) -> &'o T {
        options[usize::from(self.byte()) % options.len()]
    }

    /// The next bytes, at most `limit` of them.
    pub fn bytes(&mut self, limit: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(limit.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_up_bytes_choose_the_first_option() {
        let mut cursor = Cursor::new(&[7, 255]);
        assert_eq!(cursor.byte(), 7);
        assert!(cursor.chance(1));
        assert_eq!(cursor.below(10), 0);
        assert_eq!(cursor.pick(&["first", "second"]), "first");
        assert!(!cursor.chance(255));
        assert_eq!(cursor.bytes(5), b"");
    }

    #[test]
    fn no_number_is_below_zero() {
        assert_eq!(Cursor::new(&[1, 2, 3]).below(0), 0);
    }
}
