//! What is said about settings that cannot be used.

use insta::assert_snapshot;
use roamport_bootstrap::{Environment, SettingsError, SettingsLoader};

use crate::support::{Home, from_environment, from_file, message};

#[test]
fn an_unknown_key_in_a_file_names_the_file_the_line_and_the_nearest() {
    assert_snapshot!(
        message(from_file("provider = \"sandbox\"\n\n[roamify]\npage_sise = 10\n")),
        @"unknown setting `roamify.page_sise` in settings.toml, line 4: did you mean `roamify.page_size`?"
    );
}

#[test]
fn an_unknown_variable_names_the_nearest_variable() {
    assert_snapshot!(
        message(from_environment(&[("ROAMPORT__ROAMIFY__TOKN", "s3cret")])),
        @"unknown setting `ROAMPORT__ROAMIFY__TOKN` in the environment: did you mean `ROAMPORT__ROAMIFY__TOKEN`?"
    );
}

#[test]
fn a_variable_with_one_underscore_is_not_overlooked() {
    assert_snapshot!(
        message(from_environment(&[("ROAMPORT_PROVIDER", "roamify")])),
        @"unknown setting `ROAMPORT_PROVIDER` in the environment: did you mean `ROAMPORT__PROVIDER`?"
    );
    assert_snapshot!(
        message(from_environment(&[("ROAMPORT__ROAMIFY_BASE_URL", "https://x.test")])),
        @"unknown setting `ROAMPORT__ROAMIFY_BASE_URL` in the environment: did you mean `ROAMPORT__ROAMIFY__BASE_URL`?"
    );
}

#[test]
fn an_unknown_flag_names_the_flag() {
    assert_snapshot!(
        message(Home::new().loader().flag("sandbox.seeds", "2", "--seeds").load()),
        @"unknown setting `sandbox.seeds` given with --seeds: did you mean `sandbox.seed`?"
    );
}

#[test]
fn a_key_in_the_wrong_section_is_found() {
    assert_snapshot!(
        message(from_file("quiet_period = \"5s\"\n")),
        @"unknown setting `quiet_period` in settings.toml, line 1: did you mean `orders.quiet_period`?"
    );
}

#[test]
fn a_key_like_no_other_gets_no_suggestion() {
    assert_snapshot!(
        message(from_file("colour = \"blue\"\n")),
        @"unknown setting `colour` in settings.toml, line 1: `roamport config show` lists all there are"
    );
}

#[test]
fn an_unknown_section_is_an_error_even_without_keys() {
    assert_snapshot!(
        message(from_file("[roamfy]\n")),
        @"unknown setting `roamfy` in settings.toml, line 1: did you mean `roamify`?"
    );
    assert!(from_file("[roamify]\n").is_ok());
}

#[test]
fn a_section_is_no_value_and_a_value_no_section() {
    assert_snapshot!(
        message(from_file("orders = 3\n")),
        @"setting `orders` in settings.toml, line 1: it takes settings below it, such as `orders.attention_look_up_every`"
    );
    assert_snapshot!(
        message(from_file("[provider]\nname = \"roamify\"\n")),
        @"unknown setting `provider.name` in settings.toml, line 2: did you mean `provider`?"
    );
}

#[test]
fn a_bad_duration_names_the_value_its_place_and_what_is_allowed() {
    assert_snapshot!(
        message(from_file("[orders]\nquiet_period = 180\n")),
        @"setting `orders.quiet_period` is `180` in settings.toml, line 2: it takes a duration above zero and up to 8784h, such as 250ms, 180s, 15m or PT3M"
    );
    assert_snapshot!(
        message(from_environment(&[("ROAMPORT__ORDERS__LEASE", "-3s")])),
        @"setting `orders.lease` is `-3s` in the environment variable ROAMPORT__ORDERS__LEASE: it takes a duration above zero and up to 8784h, such as 250ms, 180s, 15m or PT3M"
    );
}

#[test]
fn no_time_of_an_order_may_be_zero_negative_or_senseless() {
    let keys = [
        "orders.place_within",
        "orders.quiet_period",
        "orders.reconcile_for",
        "orders.attention_look_up_every",
        "orders.attention_look_up_for",
        "orders.delivery_within",
        "orders.provision_again_after",
        "orders.provision_within",
        "orders.lease",
        "orders.renew_every",
        "worker.idle_poll",
        "orders.look_up_waits",
        "orders.profile_waits",
        "circuit_breaker.pause",
        "circuit_breaker.probe_limit",
        "retry.shortest_pause",
        "retry.longest_pause",
        "retry.longest_read",
        "roamify.connect_timeout",
        "roamify.read_timeout",
        "roamify.listing_timeout",
        "roamify.purchase_timeout",
        "roamify.provisioning_timeout",
    ];
    for key in keys {
        for value in ["0s", "-1s", "soon", "", "3", "9000h", "1s ago"] {
            let error = Home::new()
                .loader()
                .flag(key, value, "--flag")
                .load()
                .unwrap_err();
            let SettingsError::BadValue {
                key: named,
                value: shown,
                ..
            } = &error
            else {
                panic!("{key} = {value}: {error}");
            };
            assert_eq!((named.as_str(), shown.as_deref()), (key, Some(value)));
        }
    }
}

#[test]
fn a_number_out_of_its_range_is_refused_and_never_rounded() {
    let cases = [
        ("orders.max_attempts", "0"),
        ("orders.look_ups_for_absence", "0"),
        ("orders.items_at_once", "0"),
        ("orders.items_at_once", "101"),
        ("orders.back_pressure_reconciling", "-1"),
        ("orders.back_pressure_share", "101"),
        ("orders.back_pressure_calls", "0"),
        ("worker.batch", "0"),
        ("worker.at_once", "0"),
        ("worker.held", "10001"),
        ("circuit_breaker.failures", "-1"),
        ("circuit_breaker.failures", "often"),
        ("retry.tries", "0"),
        ("roamify.page_size", "0"),
        ("roamify.page_size", "2.5"),
        ("roamify.page_size", "70000"),
        ("roamify.page_size", "-1"),
        ("roamify.pages_in_flight", "65"),
        ("roamify.burst", "0"),
        ("sandbox.packages", "0"),
        ("sandbox.packages", "many"),
        ("sandbox.seed", "-1"),
    ];
    for (key, value) in cases {
        let error = Home::new()
            .loader()
            .flag(key, value, "--flag")
            .load()
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("setting `{key}` is `{value}` given with --flag")),
            "{error}"
        );
        assert!(error.contains("a whole number from"), "{error}");
    }
    assert_snapshot!(
        message(from_file("[roamify]\npage_size = 2.5\n")),
        @"setting `roamify.page_size` is `2.5` in settings.toml, line 2: it takes a whole number from 1 to 10000"
    );
}

#[test]
fn other_bad_values_say_what_is_allowed() {
    let cases = [
        ("provider", "My Shop", "a provider's name"),
        ("provider", "", "a provider's name"),
        ("journal", "", "the URL of a PostgreSQL database"),
        ("log", "wran", "a level"),
        ("log", "warn,roamport=loud", "a level"),
        ("log_format", "xml", "\"text\" or \"json\""),
        ("roamify.instant_orders", "perhaps", "true or false"),
        (
            "roamify.base_url",
            "api.getroamify.com",
            "http:// or https://",
        ),
        ("roamify.base_url", "https://", "http:// or https://"),
        ("roamify.base_url", "", "http:// or https://"),
        ("sandbox.balance", "-5", "an amount of US dollars"),
        ("sandbox.balance", "much", "an amount of US dollars"),
        (
            "orders.look_up_waits",
            "1s,,2s",
            "at least one duration above zero",
        ),
    ];
    for (key, value, allowed) in cases {
        let error = Home::new()
            .loader()
            .flag(key, value, "--flag")
            .load()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!("`{key}`")) && error.contains(allowed),
            "{error}"
        );
    }
}

#[test]
fn a_lease_outlives_its_renewal() {
    assert_snapshot!(
        message(from_environment(&[("ROAMPORT__ORDERS__LEASE", "10s")])),
        @"setting `orders.renew_every` in the compiled-in defaults does not go with `orders.lease`: a lease has to be renewed before it is over"
    );
    assert_snapshot!(
        message(from_file("[retry]\nshortest_pause = \"9s\"\n")),
        @"setting `retry.shortest_pause` in settings.toml, line 2 does not go with `retry.longest_pause`: the shortest pause must not be the longer one"
    );
}

#[test]
fn a_list_where_one_value_belongs_is_refused() {
    assert_snapshot!(
        message(from_file("[orders]\nlease = [\"1s\", \"2s\"]\n")),
        @"setting `orders.lease` is `[1s, 2s]` in settings.toml, line 2: it takes a duration above zero and up to 8784h, such as 250ms, 180s, 15m or PT3M"
    );
}

#[test]
fn a_settings_file_that_was_asked_for_has_to_exist() {
    let home = Home::new();
    let error = home
        .loader()
        .file(home.path().join("none.toml"))
        .load()
        .unwrap_err();
    assert!(matches!(error, SettingsError::File { .. }), "{error}");
    assert!(error.to_string().contains("none.toml"), "{error}");
}

#[test]
fn broken_toml_names_line_and_column_and_shows_no_text_of_the_file() {
    let result = from_file("provider = \"roamify\"\n[roamify]\ntoken = \"s3cret\nbase_url = 1\n");
    let error = message(result);
    assert!(
        error.starts_with("the settings file settings.toml is not valid TOML at line 3, column"),
        "{error}"
    );
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn a_value_that_is_no_utf_8_is_refused_without_being_shown() {
    #[cfg(unix)]
    {
        use std::ffi::OsString;
        use std::os::unix::ffi::OsStringExt as _;
        let pair = (
            OsString::from("ROAMPORT__ROAMIFY__TOKEN"),
            OsString::from_vec(vec![0x74, 0xff]),
        );
        let error = Home::new()
            .loader()
            .environment(Environment::from_pairs([pair]))
            .load();
        assert_snapshot!(
            message(error),
            @"setting `roamify.token` in the environment variable ROAMPORT__ROAMIFY__TOKEN: it takes text in UTF-8"
        );
    }
}

#[test]
fn without_a_home_directory_the_place_for_data_has_to_be_named() {
    let error = SettingsLoader::new().load().unwrap_err();
    assert!(matches!(error, SettingsError::NoDataDirectory), "{error}");
    assert!(
        SettingsLoader::new()
            .flag("data_dir", "here", "--data-dir")
            .load()
            .is_ok()
    );
}
