//! Settings that can be used, and what is said of those that cannot.

use rstest::rstest;
use serde::Deserialize;

use super::*;

#[rstest]
#[case("https://api.acme.test", "https://api.acme.test/")]
#[case(" https://api.acme.test/ ", "https://api.acme.test/")]
#[case("http://127.0.0.1:8080/proxy/", "http://127.0.0.1:8080/proxy")]
fn a_base_url_loses_the_slash_at_its_end(#[case] given: &str, #[case] expected: &str) {
    let url = BaseUrl::parse(given).unwrap();
    assert_eq!(url.as_str(), expected);
    assert_eq!(url.is_encrypted(), expected.starts_with("https"));
    assert!(format!("{url:?}").contains(expected));
}

#[rstest]
#[case("")]
#[case("api.acme.test")]
#[case("ftp://api.acme.test")]
#[case("https://")]
#[case("https://api.acme.test/?token=x")]
#[case("https://api.acme.test/#x")]
fn what_is_no_base_url_is_refused(#[case] given: &str) {
    let error = BaseUrl::parse(given).unwrap_err();
    let words = error.to_string();
    assert!(words.starts_with("`base_url` cannot be used: "), "{words}");
}

#[rstest]
#[case("https://shop:s3cret@api.acme.test")]
#[case("https://s3cret@api.acme.test")]
#[case("https://:s3cret@api.acme.test/")]
fn credentials_in_the_base_url_are_refused_and_never_shown(#[case] given: &str) {
    let error = BaseUrl::parse(given).unwrap_err();
    let shown = format!("{error:?} {error} {}", without_credentials(given));
    assert!(
        shown.contains("must not hold a user name or a password"),
        "{shown}"
    );
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("api.acme.test"), "{shown}");
}

#[rstest]
#[case("https://a.test", "/orders", "https://a.test/orders")]
#[case("https://a.test/v1/", "/orders", "https://a.test/v1/orders")]
fn a_path_is_added_to_that_of_the_base_url(
    #[case] base: &str,
    #[case] path: &str,
    #[case] expected: &str,
) {
    let url = BaseUrl::parse(base).unwrap().with(path, &[]);
    assert_eq!(url.as_str(), expected);
}

#[test]
fn parameters_are_escaped() {
    let base = BaseUrl::parse("https://a.test").unwrap();
    let url = base.with(
        "/o",
        &[("q", "Åland & more=1".into()), ("page", "2".into())],
    );
    assert_eq!(
        url.as_str(),
        "https://a.test/o?q=%C3%85land+%26+more%3D1&page=2"
    );
}

#[rstest]
#[case("", "`token` is empty")]
#[case("two words", "`token` has a blank")]
#[case("line\nbreak", "`token` has a blank")]
#[case("ümlaut", "`token` has a blank")]
#[case(" ", "`token` has a blank")]
fn a_secret_that_no_header_carries_is_refused_and_never_shown(
    #[case] secret: &str,
    #[case] expected: &str,
) {
    let error = secret_header("token", "Bearer ", secret).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.starts_with(expected), "{shown}");
    assert!(
        secret.trim().is_empty() || !shown.contains(secret),
        "{shown}"
    );
}

#[test]
fn a_secret_header_is_marked_as_sensitive() {
    let value = secret_header("token", "Bearer ", "abc123").unwrap();
    assert!(value.is_sensitive());
    assert_eq!(value, "Bearer abc123");
    assert_eq!(secret_header("token", "", "abc123").unwrap(), "abc123");
}

#[test]
fn a_time_out_of_zero_is_refused_by_name() {
    let second = Duration::from_secs(1);
    assert!(check_time_outs([("a", second), ("b", second)]).is_ok());
    let all = [("a", second), ("b", Duration::ZERO), ("c", Duration::ZERO)];
    let error = check_time_outs(all).unwrap_err();
    assert!(error.to_string().starts_with("`b` is zero"), "{error}");
}

#[test]
fn a_duration_is_written_in_whole_seconds() {
    #[derive(Deserialize)]
    struct Sample {
        #[serde(with = "whole_seconds")]
        wait: Duration,
    }
    let sample: Sample = serde_json::from_str(r#"{"wait":15}"#).unwrap();
    assert_eq!(sample.wait, Duration::from_secs(15));
    for wrong in [r#"{"wait":-1}"#, r#"{"wait":1.5}"#, r#"{"wait":"15"}"#] {
        assert!(serde_json::from_str::<Sample>(wrong).is_err(), "{wrong}");
    }
}
