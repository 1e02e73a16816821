//! Whether a reference that a provider names is ours.

use super::Reference;

/// How many characters in a row a reference must share with ours to resemble it.
const RESEMBLING: usize = 12;

/// What a reference that a provider names is to one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReferenceMatch {
    /// It is ours, letter by letter.
    Exact,
    /// It is ours in another spelling: other letter case, separators, or letters that Crockford's base
    /// 32 reads alike (O as 0, I and L as 1).
    Spelling,
    /// It is not ours, and may be ours cut, prefixed or mistyped: it shares 12 characters in a row with ours.
    /// One edit leaves that many of the 26 of a reference that was derived.
    LookAlike,
    /// It is another one.
    Foreign,
    /// It is empty, or a piece of ours that is too short to say whose order it is.
    None,
}

impl ReferenceMatch {
    /// Whether the order is ours.
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Exact | Self::Spelling)
    }
}

impl Reference {
    /// The longest reference of a provider's that is read, in bytes.
    const LONGEST_NAMED: usize = 255;

    /// The reference that a provider names in an answer, repaired so that it can be compared and shown:
    /// blanks around it are dropped, characters that do not print replaced by U+FFFD, and what is
    /// longer than 255 bytes is cut. `None` where nothing is left.
    pub fn named(text: &str) -> Option<Self> {
        let mut kept = String::new();
        for character in text.trim().chars() {
            let shown = if character.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                character
            };
            if kept.len() + shown.len_utf8() > Self::LONGEST_NAMED {
                break;
            }
            kept.push(shown);
        }
        Self::parse(kept.trim()).ok()
    }

    /// Its letters and digits alone, in upper case, with those that Crockford's base 32 reads alike made
    /// one (O is 0, I and L are 1). Two references with the same normal form are the same.
    pub fn normal_form(&self) -> String {
        normal(self.as_str()).into_iter().collect()
    }

    /// What the reference that a provider names is to this one of ours.
    ///
    /// ```
    /// use roamport_domain::Reference;
    /// use roamport_domain::id::ReferenceMatch;
    ///
    /// let ours = Reference::parse("3GZ22BAPA972YEHF4RMY7YCMQ3")?;
    /// assert_eq!(ours.compare("3gz22bapa972yehf4rmy7ycmq3"), ReferenceMatch::Spelling);
    /// assert_eq!(ours.compare("3GZ22BAPA972YEHF"), ReferenceMatch::LookAlike);
    /// assert_eq!(ours.compare("3GZ22"), ReferenceMatch::None);
    /// assert_eq!(ours.compare("shop-10442"), ReferenceMatch::Foreign);
    /// # Ok::<(), roamport_domain::id::InvalidId>(())
    /// ```
    pub fn compare(&self, named: &str) -> ReferenceMatch {
        if named == self.as_str() {
            return ReferenceMatch::Exact;
        }
        let (ours, theirs) = (normal(self.as_str()), normal(named));
        if theirs == ours && !ours.is_empty() {
            ReferenceMatch::Spelling
        } else if theirs.len() < RESEMBLING && is_part(&theirs, &ours) {
            ReferenceMatch::None
        } else if shares_a_run(&ours, &theirs) {
            ReferenceMatch::LookAlike
        } else {
            ReferenceMatch::Foreign
        }
    }
}

/// Letters and digits alone, in upper case, with those that Crockford's base 32 reads alike made one.
fn normal(text: &str) -> Vec<char> {
    let letters = text.chars().filter(|letter| letter.is_alphanumeric());
    letters
        .flat_map(char::to_uppercase)
        .map(|letter| match letter {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

fn is_part(short: &[char], long: &[char]) -> bool {
    short.is_empty() || long.windows(short.len()).any(|part| part == short)
}

fn shares_a_run(ours: &[char], theirs: &[char]) -> bool {
    ours.windows(RESEMBLING)
        .any(|run| theirs.windows(RESEMBLING).any(|other| other == run))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::{IdempotencyKey, ProviderName};

    const OURS: &str = "3GZ22BAPA972YEHF4RMY7YCMQ3";

    fn ours() -> Reference {
        Reference::parse(OURS).unwrap()
    }

    #[rstest]
    #[case::itself(OURS, ReferenceMatch::Exact)]
    #[case::lower_case("3gz22bapa972yehf4rmy7ycmq3", ReferenceMatch::Spelling)]
    #[case::separators(" 3GZ22-BAPA9-72YEH-F4RMY-7YCMQ3 ", ReferenceMatch::Spelling)]
    #[case::cut_to_twelve("3GZ22BAPA972", ReferenceMatch::LookAlike)]
    #[case::prefixed("order 3GZ22BAPA972YEHF4RMY7YCMQ3", ReferenceMatch::LookAlike)]
    #[case::one_letter_less("3GZ22BAPA972YEHF4RMY7YCMQ", ReferenceMatch::LookAlike)]
    #[case::one_letter_other("3GZ22BAPA972YXHF4RMY7YCMQ3", ReferenceMatch::LookAlike)]
    #[case::cut_to_eleven("3GZ22BAPA97", ReferenceMatch::None)]
    #[case::empty("", ReferenceMatch::None)]
    #[case::blank(" -- ", ReferenceMatch::None)]
    #[case::short_and_not_a_part_of_ours("shop-10442", ReferenceMatch::Foreign)]
    #[case::another("7Y1X9BAPC972ZEHG4RMZ7YDMQ4", ReferenceMatch::Foreign)]
    fn a_named_reference_is_ours_or_not(#[case] named: &str, #[case] expected: ReferenceMatch) {
        assert_eq!(ours().compare(named), expected);
    }

    #[test]
    fn what_resembles_ours_is_not_ours() {
        for other in [
            ReferenceMatch::LookAlike,
            ReferenceMatch::Foreign,
            ReferenceMatch::None,
        ] {
            assert!(!other.is_ours(), "{other:?}");
        }
        assert!(ReferenceMatch::Exact.is_ours() && ReferenceMatch::Spelling.is_ours());
    }

    #[test]
    fn letters_that_are_read_alike_are_the_same() {
        let read = Reference::parse("o-0 iLl1/a").unwrap();
        assert_eq!(read.normal_form(), "001111A");
        let ours = Reference::parse("0110YEHF4RMY7YCMQ3ABCDEFGH").unwrap();
        assert_eq!(
            ours.compare("OilOYEHF4RMY7YCMQ3ABCDEFGH"),
            ReferenceMatch::Spelling
        );
    }

    #[test]
    fn what_a_provider_names_is_repaired_and_bounded() {
        assert_eq!(Reference::named("  "), None);
        let named = Reference::named("a\u{1b}[2Jb\n").unwrap();
        assert_eq!(named.as_str(), "a\u{fffd}[2Jb");
        let long = Reference::named(&"é".repeat(100_000)).unwrap();
        assert_eq!(long.as_str().len(), 254);
        let longest = "x".repeat(255);
        assert_eq!(Reference::named(&longest).unwrap().as_str(), longest);
    }

    proptest! {
        #[test]
        fn two_derived_references_are_foreign_to_each_other(one in "[a-z]{8,20}", other in "[a-z]{8,20}") {
            prop_assume!(one != other);
            let name = ProviderName::parse("roamify").unwrap();
            let derive = |key: &str| Reference::derive(&name, &IdempotencyKey::parse(key).unwrap());
            prop_assert_eq!(derive(&one).compare(derive(&other).as_str()), ReferenceMatch::Foreign);
        }

        #[test]
        fn any_text_can_be_compared(text in any::<String>()) {
            let named = Reference::named(&text);
            let _ = ours().compare(&text);
            if let Some(named) = named {
                prop_assert!(named.as_str().len() <= 255);
            }
        }

        #[test]
        fn every_change_of_case_is_ours(upper in proptest::collection::vec(any::<bool>(), 26)) {
            let text: String = OURS
                .chars()
                .zip(upper)
                .map(|(letter, upper)| if upper { letter } else { letter.to_ascii_lowercase() })
                .collect();
            prop_assert!(ours().compare(&text).is_ours());
        }
    }
}
