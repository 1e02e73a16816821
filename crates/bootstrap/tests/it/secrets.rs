//! Secrets: where they may stand, and that nothing shows them.

use roamport_bootstrap::settings::HIDDEN;
use roamport_bootstrap::{Environment, Settings, SettingsError};
use roamport_domain::Secret;

use crate::support::{Home, from_environment, from_file, message};

const TOKEN: &str = "tok-5eCr3t-0042";

fn shown(settings: &Settings, key: &str) -> Option<String> {
    settings
        .describe()
        .into_iter()
        .find(|one| one.key == key)
        .unwrap()
        .value
}

#[test]
fn a_token_is_read_and_nothing_shows_it() {
    let settings = from_environment(&[("ROAMPORT__ROAMIFY__TOKEN", TOKEN)]).unwrap();
    assert_eq!(
        settings.roamify.token.read().unwrap(),
        Some(Secret::new(TOKEN))
    );
    assert_eq!(shown(&settings, "roamify.token").as_deref(), Some(HIDDEN));
    let everything = format!(
        "{settings:?} {:#?} {:?}",
        settings.roamify,
        settings.describe()
    );
    assert!(!everything.contains(TOKEN), "{everything}");
}

#[test]
fn neither_the_loader_nor_the_environment_shows_a_token() {
    let home = Home::new();
    let environment = Environment::from_pairs([("ROAMPORT__ROAMIFY__TOKEN", TOKEN)]);
    let shown = format!("{environment:?}");
    let loader = home
        .loader()
        .environment(environment)
        .flag("roamify.token", TOKEN, "--token");
    let shown = format!("{shown} {loader:?}");
    assert!(
        shown.contains("ROAMPORT__ROAMIFY__TOKEN") && !shown.contains(TOKEN),
        "{shown}"
    );
}

#[test]
fn a_token_file_is_read_when_the_token_is_needed_and_loses_its_line_end() {
    let home = Home::new();
    for (text, expected) in [
        ("tok-1", "tok-1"),
        ("tok-1\n", "tok-1"),
        ("tok-1\r\n\n", "tok-1"),
    ] {
        let path = home.write("token", text);
        let flag = path.display().to_string();
        let settings = home
            .loader()
            .flag("roamify.token_file", flag, "--token-file")
            .load()
            .unwrap();
        assert_eq!(
            settings.roamify.token.read().unwrap(),
            Some(Secret::new(expected))
        );
        assert_eq!(
            shown(&settings, "roamify.token_file"),
            Some(path.display().to_string())
        );
    }
}

#[test]
fn a_token_file_is_found_beside_the_settings_file_that_names_it() {
    let home = Home::new();
    home.write("roamify-token", "tok-2\n");
    let path = home.write("own.toml", "[roamify]\ntoken_file = \"roamify-token\"\n");
    let settings = home.loader().file(path).load().unwrap();
    assert_eq!(
        settings.roamify.token.read().unwrap(),
        Some(Secret::new("tok-2"))
    );
}

#[test]
fn a_missing_token_file_is_named_with_the_setting_and_its_place() {
    let settings = from_environment(&[("ROAMPORT__ROAMIFY__TOKEN_FILE", "nowhere/token")]).unwrap();
    let error = settings.roamify.token.read().unwrap_err();
    assert!(matches!(error, SettingsError::SecretFile { .. }), "{error}");
    let text = error.to_string();
    let expected = "cannot read the secret file nowhere/token, named by `roamify.token_file` in the \
                    environment variable ROAMPORT__ROAMIFY__TOKEN_FILE: ";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn an_empty_token_file_is_no_token() {
    let home = Home::new();
    let path = home.write("token", " \n\n").display().to_string();
    let settings = home
        .loader()
        .flag("roamify.token_file", path, "--token-file")
        .load()
        .unwrap();
    let error = settings.roamify.token.read().unwrap_err();
    assert!(
        matches!(error, SettingsError::EmptySecretFile { .. }),
        "{error}"
    );
}

#[test]
fn a_token_and_a_token_file_do_not_go_together() {
    let home = Home::new();
    let path = home.write(
        "settings.toml",
        &format!("[roamify]\ntoken = \"{TOKEN}\"\n"),
    );
    let environment = Environment::from_pairs([("ROAMPORT__ROAMIFY__TOKEN_FILE", "token")]);
    insta::assert_snapshot!(
        message(home.loader().file(&path).environment(environment).load()),
        @"both `roamify.token` (settings.toml:2) and `roamify.token_file` (ROAMPORT__ROAMIFY__TOKEN_FILE) are set: remove one of them, or set it to an empty text"
    );
    let environment = Environment::from_pairs([
        ("ROAMPORT__ROAMIFY__TOKEN_FILE", "token"),
        ("ROAMPORT__ROAMIFY__TOKEN", ""),
    ]);
    assert!(
        home.loader()
            .file(path)
            .environment(environment)
            .load()
            .is_ok()
    );
}

#[test]
fn a_missing_token_says_how_to_give_one() {
    let settings = from_file("provider = \"roamify\"\n").unwrap();
    let error = settings
        .roamify
        .token
        .required("the API key of the portal")
        .unwrap_err();
    insta::assert_snapshot!(
        error,
        @"setting `roamify.token` is not set: put the API key of the portal into ROAMPORT__ROAMIFY__TOKEN, or the path of a file that holds it into ROAMPORT__ROAMIFY__TOKEN_FILE"
    );
}

#[test]
fn a_token_that_is_a_list_is_not_shown_either() {
    let settings = from_file(&format!("[roamify]\ntoken = [\"{TOKEN}\"]\n")).unwrap();
    assert!(!format!("{settings:?}").contains(TOKEN));
    assert_eq!(shown(&settings, "roamify.token").as_deref(), Some(HIDDEN));
}

#[test]
fn a_password_in_a_base_url_is_refused_and_not_shown() {
    let result = from_environment(&[(
        "ROAMPORT__ROAMIFY__BASE_URL",
        "https://shop:s3cret@api.test",
    )]);
    let error = result.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("roamify.base_url") && !text.contains("s3cret"),
        "{text}"
    );
}

#[test]
fn a_secret_of_an_embedder_is_a_secret_too() {
    let home = Home::new();
    let settings = home
        .loader()
        .more_defaults(
            "[acme]\napi_token = \"\"\napi_token_file = \"\"\nurl = \"https://a.test\"\n",
        )
        .environment(Environment::from_pairs([(
            "ROAMPORT__ACME__API_TOKEN",
            TOKEN,
        )]))
        .load()
        .unwrap();
    assert_eq!(
        settings.secret("acme.api_token").unwrap(),
        Some(Secret::new(TOKEN))
    );
    assert_eq!(settings.text("acme.url"), Some("https://a.test"));
    assert_eq!(shown(&settings, "acme.api_token").as_deref(), Some(HIDDEN));
    assert!(!format!("{settings:?}").contains(TOKEN));
}
