//! The new crate's line in the root manifest's `[workspace.dependencies]`.

use anyhow::{Context, bail};

use super::name::AdapterName;

const SECTION: &str = "[workspace.dependencies]";

/// The manifest with one line more, in its place by the alphabet. Every other line stays as it is.
pub(super) fn with_adapter(manifest: &str, name: &AdapterName) -> anyhow::Result<String> {
    let package = name.package();
    let table: toml::Table = manifest
        .parse()
        .context("failed to read the root manifest")?;
    let declared = table
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(toml::Value::as_table)
        .with_context(|| format!("the root manifest has no {SECTION}"))?;
    if declared.contains_key(&package) {
        bail!("the root manifest declares {package} already; nothing was written");
    }
    let line = format!(
        "{package} = {{ path = \"{}\", version = \"0.1.0\" }}",
        name.folder()
    );
    let mut lines: Vec<&str> = manifest.lines().collect();
    let start = lines
        .iter()
        .position(|line| line.trim() == SECTION)
        .with_context(|| format!("the root manifest has no line {SECTION}"))?;
    let goes_before = |other: &&str| {
        let ours = other.starts_with("roamport-");
        let key = other.split([' ', '=']).next().unwrap_or_default();
        !ours || key > package.as_str()
    };
    let behind = &lines[start + 1..];
    let offset = behind.iter().position(goes_before).unwrap_or(behind.len());
    lines.insert(start + 1 + offset, &line);
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace]\nmembers = [\"crates/*\"] # all\n\n[workspace.dependencies]\n\
                            roamport-adapter-mid = { path = \"m\" }\nroamport-domain = { path = \"d\" }\n\n\
                            serde = \"1\"\n";

    fn keys(manifest: &str) -> Vec<String> {
        let lines = manifest
            .lines()
            .filter(|line| line.starts_with("roamport-"));
        let key = |line: &str| line.split(' ').next().unwrap().to_owned();
        lines.map(key).collect()
    }

    #[test]
    fn the_line_takes_its_place_by_the_alphabet() {
        for name in ["alpha", "zulu"] {
            let name = AdapterName::parse(name).unwrap();
            let written = with_adapter(MANIFEST, &name).unwrap();
            let mut sorted = keys(&written);
            sorted.sort();
            assert_eq!(keys(&written), sorted);
            assert_eq!(keys(&written).len(), 3);
            let others = written.lines().filter(|line| !line.contains(name.kebab()));
            assert!(others.eq(MANIFEST.lines()), "{written}");
        }
    }

    #[test]
    fn a_declared_crate_is_refused() {
        let name = AdapterName::parse("mid").unwrap();
        let error = with_adapter(MANIFEST, &name).unwrap_err().to_string();
        assert!(error.contains("already"), "{error}");
        let other = AdapterName::parse("alpha").unwrap();
        assert!(with_adapter("[workspace]\n", &other).is_err());
        assert!(with_adapter("[workspace", &other).is_err());
    }
}
