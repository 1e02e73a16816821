//! The activation of a profile: LPA text, install links, per GSMA SGP.22.

use std::fmt::Write as _;

use crate::Secret;

/// The longest activation code that fits the forms of GSMA SGP.22, section 4.1: 255 characters.
const LONGEST_CODE: usize = 255;

/// How a phone reaches the network by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apn {
    /// Whether the phone finds it by itself.
    pub automatic: bool,
    /// The access point name.
    pub name: Option<String>,
    /// The user name.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Secret>,
}

/// What a phone needs to download a profile: SM-DP+ address, matching id, and whether it will ask
/// for a confirmation code.
///
/// LPA text, QR code and install links are derived from these parts, in the form of GSMA SGP.22
/// (section 4.1, "Activation Code"): `1$<SM-DP+ address>$<matching id>[$[<SM-DP+ OID>][$1]]`. What
/// a provider sends ready made is not trusted. `Debug` shows the address alone.
///
/// ```
/// use roamport_domain::{Activation, Secret};
///
/// let activation = Activation::new("smdp.example.com", Secret::new("04386-AGYFT-A74Y8-3F815"))?;
/// assert_eq!(activation.lpa().expose(), "LPA:1$smdp.example.com$04386-AGYFT-A74Y8-3F815");
/// # Ok::<(), roamport_domain::esim::ActivationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    smdp_address: String,
    matching_id: Secret,
    smdp_oid: Option<String>,
    confirmation_code_required: bool,
    apn: Apn,
}

/// Why a text or its parts are no activation code. Shows no character of the matching id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActivationError {
    /// The text does not begin with the form's number `1`.
    #[error("not an activation code of the form `1$…` that GSMA SGP.22 defines")]
    UnknownForm,
    /// The SM-DP+ address is no host name.
    #[error("the SM-DP+ address is not a host name")]
    SmdpAddress,
    /// The matching id has a character that the form cannot carry.
    #[error("the matching id has a character that an activation code cannot carry")]
    MatchingId,
    /// The SM-DP+ object identifier is not digits and dots.
    #[error("the SM-DP+ object identifier is not digits and dots")]
    SmdpOid,
    /// The confirmation-code flag is neither absent nor `1`.
    #[error("the confirmation-code flag is neither absent nor `1`")]
    ConfirmationCodeFlag,
    /// The whole text is longer than 255 characters.
    #[error("the activation code is longer than 255 characters")]
    TooLong,
    /// The matching id is empty, so that it names no profile.
    #[error("the matching id is empty")]
    NoMatchingId,
}

/// Whether a character shows nothing where it stands: a blank, or one of those of no width that come along when
/// a text is copied from a page.
fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

impl Activation {
    /// The activation at `smdp_address` (a host name) for `matching_id`, without a confirmation
    /// code. The matching id may be empty: SGP.22 allows it for a default SM-DP+ download.
    ///
    /// # Errors
    ///
    /// [`ActivationError`] where a part does not fit the form.
    pub fn new(smdp_address: &str, matching_id: Secret) -> Result<Self, ActivationError> {
        let activation = Self {
            smdp_address: smdp_address.trim().to_ascii_lowercase(),
            matching_id,
            smdp_oid: None,
            confirmation_code_required: false,
            apn: Apn::default(),
        };
        activation.checked()
    }

    /// Reads an activation code, with or without `LPA:` before it. Blanks and characters of no width around it
    /// are left out.
    ///
    /// Parameters that later editions of SGP.22 append are let pass.
    ///
    /// # Errors
    ///
    /// [`ActivationError`], which names the part that does not fit.
    pub fn parse(text: &Secret) -> Result<Self, ActivationError> {
        let text = text.expose().trim_matches(is_blank);
        if text.len() > LONGEST_CODE {
            return Err(ActivationError::TooLong);
        }
        let prefix = text.get(..4).unwrap_or_default();
        let code = if prefix.eq_ignore_ascii_case("LPA:") {
            &text[4..]
        } else {
            text
        };
        let mut parts = code.split('$');
        if parts.next() != Some("1") {
            return Err(ActivationError::UnknownForm);
        }
        let address = parts.next().ok_or(ActivationError::SmdpAddress)?;
        let matching_id = parts.next().ok_or(ActivationError::UnknownForm)?;
        let oid = parts.next().filter(|oid| !oid.is_empty());
        let confirmation = match parts.next() {
            None | Some("") => false,
            Some("1") => true,
            Some(_) => return Err(ActivationError::ConfirmationCodeFlag),
        };
        let mut activation = Self::new(address, Secret::new(matching_id))?;
        activation.smdp_oid = oid.map(str::to_owned);
        activation.confirmation_code_required = confirmation;
        activation.checked()
    }

    /// Reads the activation code of a profile that was bought. SGP.22 allows an empty matching id, for the one
    /// profile that waits at a server for any device; no such profile is sold.
    ///
    /// # Errors
    ///
    /// [`ActivationError`], which names the part that does not fit.
    pub fn parse_bought(text: &Secret) -> Result<Self, ActivationError> {
        let activation = Self::parse(text)?;
        if activation.matching_id.expose().is_empty() {
            return Err(ActivationError::NoMatchingId);
        }
        Ok(activation)
    }

    /// The same with the SM-DP+ object identifier that a phone compares.
    ///
    /// # Errors
    ///
    /// [`ActivationError::SmdpOid`] for anything but digits and dots.
    pub fn with_smdp_oid(mut self, oid: &str) -> Result<Self, ActivationError> {
        self.smdp_oid = Some(oid.to_owned());
        self.checked()
    }

    /// The same, saying whether the phone will ask for a confirmation code.
    #[must_use]
    pub const fn with_confirmation_code(mut self, required: bool) -> Self {
        self.confirmation_code_required = required;
        self
    }

    /// The same with these access point settings.
    #[must_use]
    pub fn with_apn(mut self, apn: Apn) -> Self {
        self.apn = apn;
        self
    }

    fn checked(self) -> Result<Self, ActivationError> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if self.smdp_address.len() > 253 || !self.smdp_address.split('.').all(label) {
            return Err(ActivationError::SmdpAddress);
        }
        let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'$';
        if !self.matching_id.expose().bytes().all(fits) {
            return Err(ActivationError::MatchingId);
        }
        if let Some(oid) = &self.smdp_oid
            && (oid.is_empty()
                || !oid
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.'))
        {
            return Err(ActivationError::SmdpOid);
        }
        if self.lpa().expose().len() > LONGEST_CODE {
            return Err(ActivationError::TooLong);
        }
        Ok(self)
    }

    /// The host name of the SM-DP+ server.
    pub fn smdp_address(&self) -> &str {
        &self.smdp_address
    }

    /// The matching id: whoever has it can download the profile.
    pub const fn matching_id(&self) -> &Secret {
        &self.matching_id
    }

    /// The object identifier of the SM-DP+, where one was given.
    pub fn smdp_oid(&self) -> Option<&str> {
        self.smdp_oid.as_deref()
    }

    /// Whether the phone will ask for a confirmation code.
    pub const fn confirmation_code_required(&self) -> bool {
        self.confirmation_code_required
    }

    /// The access point settings.
    pub const fn apn(&self) -> &Apn {
        &self.apn
    }

    /// The text of the QR code: `LPA:` and the activation code (SGP.22, section 4.1).
    pub fn lpa(&self) -> Secret {
        let mut text = format!("LPA:1${}${}", self.smdp_address, self.matching_id.expose());
        match (&self.smdp_oid, self.confirmation_code_required) {
            (None, false) => {}
            (Some(oid), false) => text.extend(["$", oid]),
            (oid, true) => text.extend(["$", oid.as_deref().unwrap_or_default(), "$1"]),
        }
        Secret::new(text)
    }

    /// The link that installs the profile on an iPhone or iPad with iOS 17.4 or later (Apple,
    /// "eSIM quick setup").
    pub fn ios_install_link(&self) -> Secret {
        self.install_link("https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=")
    }

    /// The link that installs the profile on an Android 15 or later device whose maker supports it
    /// (Android, "eSIM quick setup").
    pub fn android_install_link(&self) -> Secret {
        self.install_link("https://esimsetup.android.com/esim_qrcode_provisioning?carddata=")
    }

    /// `$` and `:` stand for themselves in a query (RFC 3986, section 3.4), as both makers show it.
    fn install_link(&self, base: &str) -> Secret {
        let lpa = self.lpa();
        let mut link = String::with_capacity(base.len() + lpa.expose().len());
        link.push_str(base);
        for byte in lpa.expose().bytes() {
            match byte {
                b'A'..=b'Z'
                | b'a'..=b'z'
                | b'0'..=b'9'
                | b'-'
                | b'.'
                | b'_'
                | b'~'
                | b'$'
                | b':' => {
                    link.push(char::from(byte));
                }
                _ => write!(link, "%{byte:02X}").expect("writing to a String cannot fail"),
            }
        }
        Secret::new(link)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Activation, ActivationError> {
        Activation::parse(&Secret::new(text))
    }

    #[test]
    fn the_forms_of_sgp_22_are_read_and_written_back() {
        for text in [
            "LPA:1$smdp.example.com$04386-AGYFT-A74Y8-3F815",
            "LPA:1$smdp.example.com$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746",
            "LPA:1$smdp.example.com$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746$1",
            "LPA:1$smdp.example.com$04386-AGYFT-A74Y8-3F815$$1",
            "LPA:1$smdp.example.com$",
        ] {
            assert_eq!(parse(text).unwrap().lpa().expose(), text);
        }
    }

    #[test]
    fn the_prefix_may_be_missing_or_in_small_letters() {
        let whole = parse("LPA:1$smdp.example.com$K2").unwrap();
        assert_eq!(parse("1$smdp.example.com$K2").unwrap(), whole);
        assert_eq!(parse("lpa:1$SMDP.example.com$K2").unwrap(), whole);
    }

    #[test]
    fn the_confirmation_code_flag_is_kept() {
        assert!(
            parse("1$smdp.example.com$K2$$1")
                .unwrap()
                .confirmation_code_required()
        );
        assert!(
            !parse("1$smdp.example.com$K2$1.2$")
                .unwrap()
                .confirmation_code_required()
        );
        let error = parse("1$smdp.example.com$K2$$2").unwrap_err();
        assert_eq!(error, ActivationError::ConfirmationCodeFlag);
    }

    #[test]
    fn what_does_not_fit_the_form_is_refused_by_part() {
        assert_eq!(parse("").unwrap_err(), ActivationError::UnknownForm);
        assert_eq!(
            parse("2$smdp.example.com$K2").unwrap_err(),
            ActivationError::UnknownForm
        );
        assert_eq!(
            parse("1$smdp.example.com").unwrap_err(),
            ActivationError::UnknownForm
        );
        assert_eq!(parse("1$$K2").unwrap_err(), ActivationError::SmdpAddress);
        assert_eq!(
            parse("1$smdp example$K2").unwrap_err(),
            ActivationError::SmdpAddress
        );
        assert_eq!(
            parse("1$smdp.example.com$K 2").unwrap_err(),
            ActivationError::MatchingId
        );
        assert_eq!(
            parse("1$smdp.example.com$K2$1.x").unwrap_err(),
            ActivationError::SmdpOid
        );
        let long = format!("1$smdp.example.com${}", "K".repeat(255));
        assert_eq!(parse(&long).unwrap_err(), ActivationError::TooLong);
    }

    #[test]
    fn install_links_carry_the_lpa_text() {
        let activation = parse("1$smdp.example.com$K2-1A9F&3C").unwrap();
        assert_eq!(
            activation.ios_install_link().expose(),
            "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA:1$smdp.example.com$K2-1A9F%263C"
        );
        assert!(
            activation
                .android_install_link()
                .expose()
                .starts_with("https://esimsetup.android.com/")
        );
    }

    #[test]
    fn debug_and_errors_show_no_character_of_the_matching_id() {
        let shown = format!("{:?}", parse("1$smdp.example.com$K2-1A9F3C").unwrap());
        assert!(!shown.contains("1A9F3C"), "{shown}");
        let error = parse("1$smdp.example.com$K2 1A9F3C")
            .unwrap_err()
            .to_string();
        assert!(!error.contains("1A9F3C"), "{error}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,300}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_read_is_written_back_the_same(
            id in "[A-Z0-9-]{0,60}", oid in proptest::option::of("[0-9]{1,3}(\\.[0-9]{1,5}){1,6}"), flag: bool,
        ) {
            let mut activation = Activation::new("smdp.example.com", Secret::new(id)).unwrap()
                .with_confirmation_code(flag);
            if let Some(oid) = &oid { activation = activation.with_smdp_oid(oid).unwrap(); }
            prop_assert_eq!(Activation::parse(&activation.lpa()).unwrap(), activation);
        }
    }
}
