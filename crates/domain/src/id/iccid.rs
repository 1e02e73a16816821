//! The number of a SIM card, in the forms that people type and providers send.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{InvalidId, check_opaque};

const WHAT: &str = "ICCID";

/// An integrated circuit card identifier, as ITU-T E.118 defines it: 18 to 20 digits as a rule; 16 to 22 are
/// accepted, since providers are seen to send them. Never an identity: providers reuse and swap them.
///
/// Blanks and hyphens between the digits, and the filler `F` behind them that the file on a card has (`EF_ICCID`,
/// ETSI TS 102 221, section 13.2), are left out. What a provider sends in another form is kept as it is by
/// [`Iccid::reported`], so that the provider can be asked about it in its own words.
///
/// ```
/// use roamport_domain::Iccid;
///
/// assert_eq!(Iccid::parse("8988303000001234501F")?.as_str(), "8988303000001234501");
/// assert!(Iccid::parse("89-not-digits").is_err());
/// assert!(!Iccid::reported("89-not-digits")?.is_well_formed());
/// # Ok::<(), roamport_domain::id::InvalidId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iccid(Box<str>);

impl Iccid {
    /// Reads what a person typed.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] if it is not 16 to 22 digits.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, InvalidId> {
        digits(text.as_ref())
            .map(|digits| Self(digits.into()))
            .ok_or_else(|| {
                InvalidId::new(
                    WHAT,
                    "is not 16 to 22 digits, for example 8988303000001234567",
                )
            })
    }

    /// Reads what a provider sent. A text that is not 16 to 22 digits is kept as it came.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] if it is empty, longer than 255 bytes, or has control characters or blanks around it.
    pub fn reported(text: impl AsRef<str>) -> Result<Self, InvalidId> {
        let text = text.as_ref();
        Self::parse(text).or_else(|_| {
            check_opaque(WHAT, text)?;
            Ok(Self(text.into()))
        })
    }

    /// Whether it is 16 to 22 digits.
    pub fn is_well_formed(&self) -> bool {
        digits(&self.0).is_some()
    }

    /// The digits, or the text as the provider sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The digits of an ICCID without what may stand between and behind them.
fn digits(text: &str) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-')
        .collect();
    let digits = digits.trim_end_matches(['F', 'f']);
    let fits =
        (16..=22).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| digits.to_owned())
}

impl fmt::Display for Iccid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl FromStr for Iccid {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// A stored card number is one that a provider reported.
impl TryFrom<String> for Iccid {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::reported(text)
    }
}

impl From<Iccid> for String {
    fn from(iccid: Iccid) -> Self {
        iccid.0.into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("8988303000001234", "8988303000001234")]
    #[case("8988303000001234567890", "8988303000001234567890")]
    #[case("8988303000001234501F", "8988303000001234501")]
    #[case("8988303000001234501f", "8988303000001234501")]
    #[case("898830300000123450FF", "898830300000123450")]
    #[case(" 8988 3030 0000 1234 501 ", "8988303000001234501")]
    #[case("8988-3030-0000-1234-501F", "8988303000001234501")]
    fn an_iccid_is_read_without_filler_blanks_and_hyphens(
        #[case] text: &str,
        #[case] expected: &str,
    ) {
        let iccid = Iccid::parse(text).unwrap();
        assert_eq!(iccid.as_str(), expected);
        assert!(iccid.is_well_formed());
        assert_eq!(Iccid::reported(text).unwrap(), iccid);
    }

    #[rstest]
    #[case("898830300000123")]
    #[case("89883030000012345678901")]
    #[case("8988303000001234X")]
    #[case("F8988303000001234")]
    #[case("8.9883030000012345e19")]
    #[case("８９８８３０３００００１２３４５")]
    #[case("89-not-digits")]
    fn another_form_is_refused_from_a_person_and_kept_from_a_provider(#[case] text: &str) {
        assert!(Iccid::parse(text).is_err());
        let iccid = Iccid::reported(text).unwrap();
        assert_eq!(iccid.as_str(), text);
        assert!(!iccid.is_well_formed());
        let stored = serde_json::to_string(&iccid).unwrap();
        assert_eq!(serde_json::from_str::<Iccid>(&stored).unwrap(), iccid);
    }

    #[test]
    fn nothing_is_no_iccid() {
        for text in ["", " ", "F", "a\nb"] {
            assert!(Iccid::parse(text).is_err(), "{text:?}");
        }
        for text in ["", " ", "a\nb", " x"] {
            assert!(Iccid::reported(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn digits_in_any_grouping_are_one_iccid(
            digits in "[0-9]{16,22}",
            gap in "[ -]{0,2}",
            size in 1_usize..6,
            filler in "[Ff]{0,2}",
        ) {
            let groups: Vec<&str> = digits
                .as_bytes()
                .chunks(size)
                .map(|group| std::str::from_utf8(group).unwrap())
                .collect();
            let written = groups.join(&gap) + &filler;
            let read = Iccid::parse(&written).unwrap();
            prop_assert_eq!(read.as_str(), digits);
        }
    }
}
