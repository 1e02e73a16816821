//! Every direct third-party dependency has its reason in writing.

use anyhow::Context;
use toml::{Table, Value};

use super::Finding;
use crate::workspace::PREFIX;

/// The page with the reasons.
pub(super) const PAGE: &str = "docs/decisions/0003-dependencies.md";

/// Compares the root manifest's `[workspace.dependencies]` with the page.
pub(super) fn check(root_manifest: &str, page: &str) -> anyhow::Result<Vec<Finding>> {
    let manifest: Table = root_manifest.parse().context("failed to read Cargo.toml")?;
    let declared = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(Value::as_table);
    Ok(declared
        .into_iter()
        .flat_map(Table::keys)
        .filter(|name| !name.starts_with(PREFIX))
        .filter(|name| !page.contains(&format!("`{name}`")))
        .map(|name| Finding {
            rule: "register",
            place: "Cargo.toml".to_owned(),
            problem: format!("nobody has written down why we depend on `{name}`"),
            instead: format!("use what {PAGE} lists already, or add a line with the reason"),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace.dependencies]\n\
                            roamport-domain = { path = 'crates/domain' }\n\
                            serde = '1'\nserde_json = '1'\n";

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let findings = check(MANIFEST, "| `serde` | data types |").unwrap();
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].problem,
            "nobody has written down why we depend on `serde_json`"
        );
    }

    #[test]
    fn our_own_crates_need_no_line() {
        assert_eq!(check(MANIFEST, "`serde` and `serde_json`").unwrap(), []);
    }
}
