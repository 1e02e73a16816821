//! Which source of a setting wins, and what is said of where it came from.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::path::Path;
use std::time::Duration;

use roamport_app::{BackPressurePolicy, LeasePolicy, WorkerPolicy};
use roamport_bootstrap::settings::DEFAULTS;
use roamport_bootstrap::{Environment, Origin, Settings, SettingsError, SettingsLoader};
use roamport_domain::order::OrderPolicy;
use roamport_layers::RetryPolicy;

use crate::support::{Home, from_environment, from_file};

fn origin(settings: &Settings, key: &str) -> Origin {
    settings
        .describe()
        .into_iter()
        .find(|one| one.key == key)
        .unwrap()
        .origin
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::from_pairs(pairs.iter().copied())
}

#[test]
fn with_nothing_configured_the_sandbox_sells() {
    let home = Home::new();
    let settings = home.loader().load().unwrap();
    assert_eq!(settings.provider.as_str(), "sandbox");
    assert_eq!(settings.data_dir, home.data());
    assert_eq!(
        (settings.sandbox.packages, settings.sandbox.seed),
        (28_000, 1)
    );
    assert_eq!(settings.roamify.base_url, "https://api.getroamify.com");
    assert!(
        settings
            .describe()
            .iter()
            .all(|one| one.origin == Origin::Default)
    );
}

#[test]
fn the_compiled_in_times_and_limits_are_those_of_the_crates() {
    let settings = Home::new().loader().load().unwrap();
    assert_eq!(settings.orders, OrderPolicy::default());
    assert_eq!(settings.lease, LeasePolicy::default());
    assert_eq!(settings.back_pressure, BackPressurePolicy::default());
    assert_eq!(settings.worker, WorkerPolicy::default());
    assert_eq!(settings.retry, RetryPolicy::default());
    let adapter = roamport_adapter_roamify::RoamifyConfig::new("https://x.test", "t");
    let roamify = settings.roamify;
    assert_eq!(roamify.page_size, adapter.page_size);
    assert_eq!(roamify.pages_in_flight, adapter.pages_in_flight);
    assert_eq!(roamify.connect_timeout, adapter.connect_time_out);
    assert_eq!(roamify.read_timeout, adapter.read_time_out);
    assert_eq!(roamify.listing_timeout, adapter.listing_time_out);
    assert_eq!(roamify.purchase_timeout, adapter.purchase_time_out);
    assert_eq!(roamify.provisioning_timeout, adapter.provision_time_out);
    assert_eq!(roamify.longest_effect, adapter.longest_effect);
    assert_eq!(roamify.instant_orders, adapter.instant_orders);
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
    let home = Home::new();
    let path = home.write(
        "own.toml",
        "provider = \"roamify\"\n[sandbox]\npackages = 60\nseed = 2\n",
    );
    let settings = home
        .loader()
        .file(&path)
        .environment(environment(&[
            ("ROAMPORT__SANDBOX__SEED", "3"),
            ("ROAMPORT__SANDBOX__BALANCE", "7.25"),
        ]))
        .flag("sandbox.balance", "9", "--balance")
        .load()
        .unwrap();
    assert_eq!(settings.provider.as_str(), "roamify");
    assert_eq!(settings.sandbox.packages, 60);
    assert_eq!(settings.sandbox.seed, 3);
    assert_eq!(settings.sandbox.balance, "9");
    assert_eq!(
        origin(&settings, "sandbox.packages"),
        Origin::File { path, line: 3 }
    );
    assert_eq!(
        origin(&settings, "sandbox.seed"),
        Origin::Environment("ROAMPORT__SANDBOX__SEED".to_owned())
    );
    assert_eq!(
        origin(&settings, "sandbox.balance"),
        Origin::Flag("--balance".to_owned())
    );
    assert_eq!(origin(&settings, "sandbox.latency"), Origin::Default);
}

#[test]
fn the_file_in_the_platforms_directory_is_read_if_it_exists() {
    let home = Home::new();
    home.write("config.toml", "[sandbox]\nseed = 5\n");
    assert_eq!(home.loader().load().unwrap().sandbox.seed, 5);
    let other = home.write("other.toml", "[sandbox]\nseed = 6\n");
    assert_eq!(home.loader().file(other).load().unwrap().sandbox.seed, 6);
}

#[test]
fn a_platform_file_that_is_there_but_cannot_be_read_is_an_error() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("config.toml")).unwrap();
    let error = home.loader().load().unwrap_err();
    assert!(matches!(error, SettingsError::File { .. }), "{error}");
}

#[test]
fn the_case_of_a_variable_does_not_matter() {
    let settings = from_environment(&[("roamport__Roamify__page_SIZE", "75")]).unwrap();
    assert_eq!(settings.roamify.page_size.get(), 75);
    let expected = Origin::Environment("roamport__Roamify__page_SIZE".to_owned());
    assert_eq!(origin(&settings, "roamify.page_size"), expected);
}

#[test]
fn variables_of_other_programs_are_left_alone() {
    let others = [
        ("PATH", "x"),
        ("ROAMPORT_TEST_POSTGRES_URL", "x"),
        ("ROAMPORTER", "x"),
        ("R", "x"),
    ];
    assert!(from_environment(&others).is_ok());
}

#[test]
fn a_list_has_commas_in_a_variable_and_brackets_in_a_file() {
    let waits = |seconds: &[u64]| -> Vec<Duration> {
        seconds.iter().copied().map(Duration::from_secs).collect()
    };
    let settings = from_environment(&[("ROAMPORT__ORDERS__LOOK_UP_WAITS", "1s, 2s,1m")]).unwrap();
    assert_eq!(settings.orders.look_up_waits, waits(&[1, 2, 60]));
    let settings = from_file("[orders]\nlook_up_waits = [\"3s\"]\n").unwrap();
    assert_eq!(settings.orders.look_up_waits, waits(&[3]));
}

#[test]
fn durations_are_read_as_people_and_as_iso_8601_write_them() {
    for (text, milliseconds) in [
        ("250ms", 250),
        ("180s", 180_000),
        ("PT3M", 180_000),
        ("1h 30m", 5_400_000),
        ("1.5s", 1_500),
    ] {
        let settings = from_environment(&[("ROAMPORT__ORDERS__QUIET_PERIOD", text)]).unwrap();
        assert_eq!(
            settings.orders.quiet_period,
            Duration::from_millis(milliseconds),
            "{text}"
        );
    }
}

#[test]
fn every_time_and_limit_of_an_order_is_a_setting() {
    let text = "[orders]\nplace_within = \"1s\"\nquiet_period = \"2s\"\nmax_attempts = 3\n\
                look_ups_for_absence = 4\nproven_absence_first = true\nlook_up_waits = [\"5s\"]\nreconcile_for = \"6s\"\n\
                attention_look_up_every = \"7s\"\nattention_look_up_for = \"8s\"\n\
                delivery_within = \"9s\"\nprofile_waits = [\"10s\"]\nprovision_again_after = \"11s\"\n\
                provision_within = \"12s\"\nitems_at_once = 13\nlease = \"15s\"\nrenew_every = \"14s\"\n";
    let settings = from_file(text).unwrap();
    let seconds = Duration::from_secs;
    let expected = OrderPolicy {
        place_within: seconds(1),
        quiet_period: seconds(2),
        max_attempts: 3,
        look_ups_for_absence: 4,
        proven_absence_first: true,
        look_up_waits: vec![seconds(5)],
        reconcile_for: seconds(6),
        attention_look_up_every: seconds(7),
        attention_look_up_for: seconds(8),
        delivery_within: seconds(9),
        profile_waits: vec![seconds(10)],
        provision_again_after: seconds(11),
        provision_within: seconds(12),
        items_at_once: 13,
    };
    assert_eq!(settings.orders, expected);
    assert_eq!(
        settings.lease,
        LeasePolicy {
            lease: seconds(15),
            renew_every: seconds(14)
        }
    );
}

#[test]
fn how_much_a_worker_takes_on_and_when_new_orders_wait_are_settings() {
    let text = "[orders]\nback_pressure_reconciling = 1\nback_pressure_share = 2\n\
                back_pressure_calls = 3\n[worker]\nbatch = 4\nat_once = 5\nheld = 6\n\
                idle_poll = \"7s\"\n";
    let settings = from_file(text).unwrap();
    let expected = BackPressurePolicy {
        reconciling: 1,
        share_percent: 2,
        calls: 3,
    };
    assert_eq!(settings.back_pressure, expected);
    let number = |number| NonZeroU16::new(number).unwrap();
    let expected = WorkerPolicy {
        batch: number(4),
        at_once: number(5),
        held: number(6),
        idle_poll: Duration::from_secs(7),
    };
    assert_eq!(settings.worker, expected);
}

#[test]
fn a_relative_path_counts_from_the_folder_of_the_file_that_says_it() {
    let home = Home::new();
    let path = home.write("own.toml", "data_dir = \"orders\"\n");
    assert_eq!(
        home.loader().file(&path).load().unwrap().data_dir,
        home.path().join("orders")
    );
    let settings = home
        .loader()
        .flag("data_dir", "orders", "--data-dir")
        .load()
        .unwrap();
    assert_eq!(settings.data_dir, Path::new("orders"));
}

#[test]
fn an_empty_data_dir_is_the_platforms() {
    let settings = from_environment(&[("ROAMPORT__DATA_DIR", "")]).unwrap();
    assert!(
        settings.data_dir.ends_with("data"),
        "{:?}",
        settings.data_dir
    );
}

#[test]
fn the_effective_data_directory_is_shown_where_none_is_set() {
    let home = Home::new();
    let described = home.loader().load().unwrap().describe();
    let shown = described.iter().find(|one| one.key == "data_dir").unwrap();
    assert_eq!(shown.value, Some(home.data().display().to_string()));
    let emptied = home
        .loader()
        .flag("data_dir", "", "--data-dir")
        .load()
        .unwrap();
    assert_eq!(origin(&emptied, "data_dir"), Origin::Default);
}

#[test]
fn settings_outside_a_section_are_described_first() {
    let described = Home::new().loader().load().unwrap().describe();
    let keys: Vec<&str> = described.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(
        keys[..6],
        [
            "data_dir",
            "journal",
            "journal_file",
            "log",
            "log_format",
            "provider"
        ]
    );
    assert_eq!(keys[6], "circuit_breaker.failures");
    let waits = described
        .iter()
        .find(|one| one.key == "orders.profile_waits")
        .unwrap();
    assert_eq!(waits.value.as_deref(), Some("5s, 10s, 30s"));
    let token = described
        .iter()
        .find(|one| one.key == "roamify.token")
        .unwrap();
    assert_eq!(token.value, None);
}

fn keys_of(text: &str) -> BTreeSet<String> {
    let root: toml::Table = text.parse().unwrap();
    let mut keys = BTreeSet::new();
    for (name, value) in &root {
        match value.as_table() {
            Some(section) => keys.extend(section.keys().map(|key| format!("{name}.{key}"))),
            None => {
                keys.insert(name.clone());
            }
        }
    }
    keys
}

#[test]
fn the_example_is_loaded_and_has_every_key() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/example.toml");
    let settings = SettingsLoader::new().file(&example).load().unwrap();
    assert_eq!(settings.provider.as_str(), "roamify");
    assert_eq!(
        keys_of(&std::fs::read_to_string(example).unwrap()),
        keys_of(DEFAULTS)
    );
}

#[test]
fn every_compiled_in_key_is_described() {
    let described = Home::new().loader().load().unwrap().describe();
    let keys: BTreeSet<String> = described.into_iter().map(|one| one.key).collect();
    assert_eq!(keys, keys_of(DEFAULTS));
}
