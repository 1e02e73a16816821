//! The manifests of a new adapter: its line in the workspace, and its own where it stands outside of one.

use std::path::Path;

use anyhow::{Context, bail};
use toml::{Table, Value};

use super::name::AdapterName;

const SECTION: &str = "[workspace.dependencies]";

/// The root manifest with one line more, in its place by the alphabet. Every other line stays as it is.
pub(super) fn with_adapter(manifest: &str, name: &AdapterName) -> anyhow::Result<String> {
    let package = name.package();
    let mut lines: Vec<&str> = manifest.lines().collect();
    let section = lines.iter().position(|line| line.trim() == SECTION);
    let start = section.with_context(|| format!("the root manifest has no line {SECTION}"))? + 1;
    let key = |line: &&str| line.split([' ', '=']).next().unwrap_or_default().to_owned();
    let ours = lines[start..]
        .iter()
        .take_while(|line| line.starts_with("roamport-"))
        .map(key);
    let before: Vec<_> = ours.take_while(|key| *key <= package).collect();
    if before.last() == Some(&package) {
        bail!("the root manifest declares {package} already; nothing was written");
    }
    let folder = name.folder();
    let line = format!("{package} = {{ path = \"{folder}\", version = \"0.1.0\" }}");
    lines.insert(start + before.len(), &line);
    Ok(lines.join("\n") + "\n")
}

/// The manifest of a crate outside the workspace at `root`: everything that `workspace = true` stands for is written
/// out, and our own crates are taken from that workspace.
pub(super) fn standalone(
    manifest: &str,
    root_manifest: &str,
    root: &Path,
) -> anyhow::Result<String> {
    let mut manifest: Table = manifest
        .parse()
        .context("failed to read the template's manifest")?;
    let mut workspace: Table = root_manifest
        .parse()
        .context("failed to read the root manifest")?;
    let profile = workspace.remove("profile");
    let workspace = workspace
        .get("workspace")
        .context("the root manifest has no [workspace]")?;
    for (table, declarations) in [
        ("package", "package"),
        ("dependencies", "dependencies"),
        ("dev-dependencies", "dependencies"),
    ] {
        let declared = workspace.get(declarations).and_then(Value::as_table);
        let declared = declared.with_context(|| format!("the workspace has no {declarations}"))?;
        let entries = manifest.get_mut(table).and_then(Value::as_table_mut);
        for (key, value) in entries.into_iter().flatten() {
            if value.get("workspace").is_some() {
                let declared = declared
                    .get(key)
                    .with_context(|| format!("no `{key}` is declared"))?;
                *value = written_out(value, declared, root)?;
            }
        }
    }
    let lints = workspace
        .get("lints")
        .context("the workspace has no lints")?;
    manifest.insert("lints".to_owned(), lints.clone());
    // With the same profiles, what was built in this repository is not built again.
    manifest.extend(profile.map(|profile| ("profile".to_owned(), profile)));
    manifest.insert("workspace".to_owned(), Table::new().into());
    // As people write it: the package comes first.
    let package = manifest.remove("package");
    let package = Table::from_iter(package.map(|package| ("package".to_owned(), package)));
    Ok(format!("{package}\n{manifest}"))
}

/// A declaration of the workspace with the features that the member adds.
fn written_out(member: &Value, declared: &Value, root: &Path) -> anyhow::Result<Value> {
    let features = |value: &Value| value.get("features").and_then(Value::as_array).cloned();
    let mut written = match declared {
        Value::String(version) if features(member).is_some() => {
            Table::from_iter([("version".to_owned(), version.as_str().into())])
        }
        Value::Table(table) => table.clone(),
        other => return Ok(other.clone()),
    };
    if let Some(path) = written.get("path").and_then(Value::as_str) {
        let path = root.join(path);
        let path = path
            .to_str()
            .context("the repository's path is no text")?
            .to_owned();
        written.insert("path".to_owned(), path.into());
    }
    if let Some(added) = features(member) {
        let all = features(declared).into_iter().flatten().chain(added);
        written.insert("features".to_owned(), Value::Array(all.collect()));
    }
    Ok(written.into())
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
        lines
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect()
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
        assert!(with_adapter("[workspace]\n", &name).is_err());
    }

    #[test]
    fn outside_the_workspace_everything_inherited_is_written_out() {
        let root_manifest = "[workspace.package]\nedition = '2024'\n\
                             [workspace.dependencies]\nserde = '1'\njiff = '0.2'\n\
                             roamport-domain = { path = 'crates/domain', version = '0.1.0' }\n\
                             tokio = { version = '1', default-features = false, features = ['rt'] }\n\
                             [workspace.lints.rust]\nunsafe_code = 'forbid'\n[profile.dev]\ndebug = 0\n";
        let member = "[package]\nname = 'x'\nedition.workspace = true\n\
                      [dependencies]\njiff.workspace = true\nroamport-domain.workspace = true\n\
                      serde = { workspace = true, features = ['derive'] }\n\
                      [dev-dependencies]\ntokio = { workspace = true, features = ['time'] }\n\
                      [lints]\nworkspace = true\n";
        let expected: Table = "lints.rust.unsafe_code = 'forbid'\nprofile.dev.debug = 0\nworkspace = {}\n\
                               package = { name = 'x', edition = '2024' }\n\
                               [dependencies]\njiff = '0.2'\n\
                               roamport-domain = { path = '/repository/crates/domain', version = '0.1.0' }\n\
                               serde = { version = '1', features = ['derive'] }\n\
                               [dev-dependencies.tokio]\nversion = '1'\ndefault-features = false\n\
                               features = ['rt', 'time']\n"
            .parse()
            .unwrap();
        let written = standalone(member, root_manifest, Path::new("/repository")).unwrap();
        assert_eq!(written.parse::<Table>().unwrap(), expected, "{written}");
        assert!(written.starts_with("[package]\n"), "{written}");
        assert!(
            standalone(
                "[dependencies]\nnone.workspace = true",
                root_manifest,
                Path::new("/")
            )
            .is_err()
        );
    }
}
