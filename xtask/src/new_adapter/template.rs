//! The files of a new adapter: those below `xtask/templates/adapter`, with the name put in.

use std::fs;

use anyhow::Context;

use super::name::AdapterName;
use crate::files::files_below;
use crate::repository_root;

/// Where the template's manifest lies: under its own name it would make the folder a crate.
const MANIFEST: &str = "manifest.toml";

/// Each file's path below the crate, and its text for this provider.
pub(super) fn files(name: &AdapterName) -> anyhow::Result<Vec<(String, String)>> {
    let folder = repository_root().join("xtask/templates/adapter");
    let mut files = Vec::new();
    for path in files_below(&folder, |_| true)? {
        let place = path.to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(folder.join(&path))
            .with_context(|| format!("failed to read the template's {place}"))?;
        let place = if place == MANIFEST {
            "Cargo.toml".to_owned()
        } else {
            place
        };
        files.push((place, filled(&text, name)));
    }
    Ok(files)
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
        for (place, text) in files(&name).unwrap() {
            for blank in [
                "@Type@", "@Words@", "@snake@", "@kebab@", "@type@", "@Name@",
            ] {
                assert!(!text.contains(blank), "{place} keeps {blank}");
            }
        }
    }
}
