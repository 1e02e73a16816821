//! `roamport reference`: pages that are the same on every machine, and hold nothing of it.

use insta::assert_snapshot;

use crate::home::{Finished, Home};

const SECRET: &str = "s3cr3t-of-this-machine";

fn pages(home: &Home) -> Vec<String> {
    let finished = home.run("reference");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    finished.stdout.lines().map(str::to_owned).collect()
}

fn page(home: &Home, name: &str) -> Finished {
    let finished = home.run(&format!("reference {name}"));
    assert_eq!(finished.code, Some(0), "{name}: {}", finished.stderr);
    finished
}

#[test]
fn the_program_names_its_pages() {
    assert_snapshot!(pages(&Home::new()).join(" "), @"README commands errors providers settings");
}

#[test]
fn no_page_depends_on_the_machine_and_none_holds_a_secret_of_it() {
    let (plain, odd) = (Home::new(), odd_home());
    for name in pages(&plain) {
        let expected = page(&plain, &name);
        let finished: Finished = odd
            .command(&["reference", &name])
            .env("COLUMNS", "20")
            .env("CLICOLOR_FORCE", "1")
            .output()
            .unwrap()
            .into();
        assert!(
            expected.stdout == finished.stdout,
            "{name} depends on the machine"
        );
        assert_eq!(finished.stderr, "", "{name}");
        assert!(!finished.stdout.contains(SECRET), "{name} holds a secret");
        let here = odd.path("");
        assert!(
            !finished.stdout.contains(&*here.to_string_lossy()),
            "{name} holds a path"
        );
        assert!(!finished.stdout.contains('\u{1b}'), "{name} holds colours");
    }
    assert!(
        !odd.data().exists(),
        "a page of the reference made a data directory"
    );
}

/// A home whose settings are secret, odd, or refused by every other command.
fn odd_home() -> Home {
    let home = Home::new()
        .set("PROVIDER", "no such provider")
        .set(
            "JOURNAL",
            &format!("postgres://ada:{SECRET}@localhost/shop"),
        )
        .set("SANDBOX__TOKEN", SECRET)
        .set("ORDERS__QUIET_PERIOD", "1h");
    let refused = home.run("config show");
    assert_eq!(refused.code, Some(6), "{}", refused.stderr);
    home
}

#[test]
fn an_unknown_page_is_refused_with_those_there_are() {
    let finished = Home::new().run("reference colours");
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(finished.failure(), @r"
    exit 2
    error: invalid value 'colours' for '[PAGE]'
      [possible values: README, commands, errors, providers, settings]

    For more information, try '--help'.
    ");
}

#[test]
fn a_page_is_one_document_under_json() {
    let home = Home::new();
    let document = home.json("reference settings");
    assert_eq!(document["page"], "settings");
    assert_eq!(document["markdown"], page(&home, "settings").stdout);
    assert_eq!(home.json("reference")["pages"][1], "commands");
}

#[test]
fn neither_help_nor_a_shell_names_what_only_the_house_needs() {
    let home = Home::new();
    let help = home.run("--help").stdout;
    assert!(
        help.contains("providers") && !help.contains("reference"),
        "{help}"
    );
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = home.run(&format!("completions {shell}")).stdout;
        assert!(
            script.contains("data-dir") && script.contains("write-off"),
            "{shell}"
        );
        assert!(!script.contains("reference"), "{shell}");
    }
}

#[test]
fn the_settings_page_has_every_setting_that_config_show_lists() {
    let home = Home::new();
    let page = page(&home, "settings").stdout;
    let document = home.json("config show");
    let settings = document["settings"].as_array().unwrap();
    assert!(settings.len() > 50, "{}", settings.len());
    for setting in settings {
        let key = setting["key"].as_str().unwrap();
        assert!(page.contains(&format!("- **`{key}`**: ")), "{key}");
    }
}
