//! Settings that can be used, and what is said of those that cannot.

use rstest::rstest;

use super::*;

#[test]
fn neither_code_nor_key_nor_a_password_in_the_url_is_shown() {
    let config = EsimAccessConfig::new("https://shop:s3cret@api.esimaccess.com", "c0de")
        .with_secret_key("k3y");
    let shown = format!("{config:?}");
    for secret in ["s3cret", "c0de", "k3y"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(config.access_code_header().unwrap(), "c0de");
}

#[rstest]
#[case("")]
#[case(" key")]
#[case("key\n")]
fn a_secret_key_that_cannot_be_right_is_refused(#[case] key: &str) {
    let config = EsimAccessConfig::new("https://x.test", "c").with_secret_key(key);
    let error = config.check().unwrap_err();
    assert!(error.to_string().starts_with("`secret_key`"), "{error}");
}

#[rstest]
#[case(4, false)]
#[case(5, true)]
#[case(500, true)]
#[case(501, false)]
fn a_page_has_five_to_five_hundred_rows(#[case] size: u16, #[case] fits: bool) {
    let config = EsimAccessConfig {
        page_size: size.try_into().unwrap(),
        ..EsimAccessConfig::new("https://x.test", "c")
    };
    assert_eq!(config.check().is_ok(), fits);
}

#[test]
fn settings_are_read_with_their_defaults_and_unknown_keys_are_refused() {
    let json =
        r#"{"base_url":"https://x.test","access_code":"abc","read_time_out":3,"secret_key":"k"}"#;
    let config: EsimAccessConfig = serde_json::from_str(json).unwrap();
    assert_eq!(config.read_time_out, Duration::from_secs(3));
    assert_eq!(config.catalogue_time_out, Duration::from_mins(1));
    assert_eq!(config.name.as_str(), "esim-access");
    assert!(config.secret_key.is_some() && !config.upper_case_signature);
    let json = r#"{"base_url":"https://x.test","access_code":"abc","acess_code":"x"}"#;
    assert!(serde_json::from_str::<EsimAccessConfig>(json).is_err());
}

#[test]
fn a_time_out_of_zero_is_refused_by_name() {
    let config = EsimAccessConfig {
        catalogue_time_out: Duration::ZERO,
        ..EsimAccessConfig::new("https://x.test", "c")
    };
    let error = config.check().unwrap_err();
    assert!(error.to_string().contains("catalogue_time_out"), "{error}");
}
