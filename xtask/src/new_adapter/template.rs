//! The files of a new adapter: those below `templates/adapter`, with the name put in.

use super::name::AdapterName;

/// Where each file goes below the crate, and its text.
const FILES: [(&str, &str); 14] = [
    (
        "Cargo.toml",
        include_str!("../../templates/adapter/manifest.toml"),
    ),
    (
        "README.md",
        include_str!("../../templates/adapter/README.md"),
    ),
    (
        "src/lib.rs",
        include_str!("../../templates/adapter/src/lib.rs"),
    ),
    (
        "src/client.rs",
        include_str!("../../templates/adapter/src/client.rs"),
    ),
    (
        "src/config.rs",
        include_str!("../../templates/adapter/src/config.rs"),
    ),
    (
        "src/convert.rs",
        include_str!("../../templates/adapter/src/convert.rs"),
    ),
    (
        "src/error.rs",
        include_str!("../../templates/adapter/src/error.rs"),
    ),
    (
        "src/provider.rs",
        include_str!("../../templates/adapter/src/provider.rs"),
    ),
    (
        "src/webhook.rs",
        include_str!("../../templates/adapter/src/webhook.rs"),
    ),
    (
        "src/wire.rs",
        include_str!("../../templates/adapter/src/wire.rs"),
    ),
    (
        "tests/it/main.rs",
        include_str!("../../templates/adapter/tests/it/main.rs"),
    ),
    (
        "tests/it/suite.rs",
        include_str!("../../templates/adapter/tests/it/suite.rs"),
    ),
    (
        "tests/it/webhook.rs",
        include_str!("../../templates/adapter/tests/it/webhook.rs"),
    ),
    (
        "examples/balance.rs",
        include_str!("../../templates/adapter/examples/balance.rs"),
    ),
];

/// Each file's path below the root.
pub(super) fn places(name: &AdapterName) -> impl Iterator<Item = String> {
    let folder = name.folder();
    FILES
        .iter()
        .map(move |(place, _)| format!("{folder}/{place}"))
}

/// Each file's path below the root, and its text for this provider.
pub(super) fn files(name: &AdapterName) -> impl Iterator<Item = (String, String)> {
    places(name).zip(FILES.iter().map(|(_, text)| filled(text, name)))
}

fn filled(text: &str, name: &AdapterName) -> String {
    text.replace("@Type@", &name.type_name())
        .replace("@Words@", &name.words())
        .replace("@snake@", &name.snake())
        .replace("@kebab@", name.kebab())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_blank_of_the_form_is_left_open() {
        let name = AdapterName::parse("blue-roam").unwrap();
        for (place, text) in files(&name) {
            for blank in [
                "@Type@", "@Words@", "@snake@", "@kebab@", "@type@", "@Name@",
            ] {
                assert!(!text.contains(blank), "{place} keeps {blank}");
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_used() {
        let folder = crate::repository_root().join("xtask/templates/adapter");
        let listed = crate::new_adapter::check::files_below(&folder).unwrap();
        assert_eq!(listed.len(), FILES.len(), "{listed:?}");
    }
}
