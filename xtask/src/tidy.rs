//! `cargo xtask tidy`: the house rules as code, each with a message that says what to do instead.

mod arrows;
mod budget;
mod fences;
mod files;
mod manifests;
mod register;
mod rules;
mod sources;

use std::fmt;
use std::path::Path;

use anyhow::{Context, bail};
use xshell::Shell;

use crate::workspace::Workspace;

/// A rule that something breaks.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// The short name of the rule.
    rule: &'static str,
    /// The file, with a line where there is one.
    place: String,
    /// What is wrong there.
    problem: String,
    /// What to do about it.
    instead: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            place,
            problem,
            instead,
        } = self;
        write!(
            formatter,
            "{place}: {problem} [{rule}]\n    instead: {instead}"
        )
    }
}

/// Checks the repository at `root`; prints what embedders pay and every broken rule, then fails if there
/// was one.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let Report { findings, costs } = check(root)?;
    for cost in costs {
        println!("{cost}");
    }
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: every rule holds");
            Ok(())
        }
        1 => bail!("1 house rule is broken"),
        number => bail!("{number} house rules are broken"),
    }
}

/// Accepts the crates that come with ours now, then checks the repository.
pub(crate) fn accept(root: &Path) -> anyhow::Result<()> {
    for change in budget::accept(root, &budget::trees(root, &workspace(root)?)?)? {
        println!("{change}");
    }
    run(root)
}

/// What was found.
#[derive(Debug)]
struct Report {
    findings: Vec<Finding>,
    /// What each package costs an embedder, in words.
    costs: Vec<String>,
}

fn check(root: &Path) -> anyhow::Result<Report> {
    let workspace = workspace(root)?;
    let mut findings = arrows::check(&workspace);
    findings.extend(fences::check(&workspace));
    findings.extend(fences::check_lockfile(&read(root, "Cargo.lock")?)?);
    findings.extend(register::check(
        &read(root, "Cargo.toml")?,
        &read(root, register::PAGE)?,
    )?);
    for member in &workspace.members {
        let place = member.manifest();
        findings.extend(manifests::check(member, &read(root, &place)?)?);
    }
    for file in files::text_files(root)? {
        findings.extend(files::check(&file));
        if file.is_rust() {
            findings.extend(sources::check(&file));
        }
    }
    let trees = budget::trees(root, &workspace)?;
    findings.extend(budget::check(root, &trees)?);
    Ok(Report {
        findings,
        costs: budget::costs(&trees),
    })
}

fn workspace(root: &Path) -> anyhow::Result<Workspace> {
    let shell = Shell::new()?;
    shell.change_dir(root);
    Workspace::read(&shell)
}

fn read(root: &Path, place: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(root.join(place)).with_context(|| format!("failed to read {place}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ROOT_MANIFEST: &str = r#"
        [workspace]
        resolver = "3"
        members = ["crates/*"]
        [workspace.package]
        version = "0.1.0"
        edition = "2024"
        rust-version = "1.95"
        license = "MIT"
        repository = "https://example.com"
        [workspace.dependencies]
        roamport-domain = { path = "crates/domain" }
        roamport-adapter-sqlite = { path = "crates/adapter-sqlite" }
        [workspace.lints.rust]
        unsafe_code = "forbid"
    "#;

    fn manifest(name: &str, dependencies: &str) -> String {
        let inherited = [
            "version",
            "edition",
            "rust-version",
            "license",
            "repository",
        ]
        .map(|key| format!("{key}.workspace = true\n"))
        .concat();
        format!(
            "[package]\nname = \"roamport-{name}\"\n{inherited}\n\
             [dependencies]\n{dependencies}\n[lints]\nworkspace = true\n"
        )
    }

    /// A small repository in which `app` has the given dependencies.
    fn repository(dependencies_of_app: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |place: &str, text: &str| {
            let path = root.path().join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("Cargo.toml", ROOT_MANIFEST);
        write("Cargo.lock", "version = 4\n");
        write(register::PAGE, "No dependencies.\n");
        write(budget::PLACE, "");
        let domain = "roamport-domain.workspace = true";
        for (name, dependencies) in [
            ("domain", ""),
            ("adapter-sqlite", domain),
            ("app", dependencies_of_app),
        ] {
            write(
                &format!("crates/{name}/Cargo.toml"),
                &manifest(name, dependencies),
            );
            write(&format!("crates/{name}/src/lib.rs"), "//! One job.\n");
        }
        root
    }

    fn findings(root: &Path) -> Vec<Finding> {
        check(root).unwrap().findings
    }

    #[test]
    fn a_tidy_repository_passes() {
        let root = repository("roamport-domain.workspace = true");
        assert_eq!(findings(root.path()), []);
        run(root.path()).unwrap();
    }

    #[test]
    fn a_forbidden_arrow_in_a_manifest_fails_the_task() {
        let root = repository("roamport-adapter-sqlite.workspace = true");
        let [finding] = &findings(root.path())[..] else {
            panic!("one finding")
        };
        assert_eq!(
            finding.to_string(),
            "crates/app/Cargo.toml: `app` must not depend on `adapter-sqlite` [arrows]\n    \
             instead: take the port as a parameter (`EsimProvider`, `OrderJournal`) and let \
             `bootstrap` choose the adapter; `app` may use: domain"
        );
        assert_eq!(
            run(root.path()).unwrap_err().to_string(),
            "1 house rule is broken"
        );
    }

    #[test]
    fn a_broken_source_file_fails_the_task_too() {
        let root = repository("");
        fs::write(
            root.path().join("crates/app/src/other.rs"),
            "#[test]\nfn works() {}\n",
        )
        .unwrap();
        let rules: Vec<_> = findings(root.path())
            .into_iter()
            .map(|finding| finding.rule)
            .collect();
        assert_eq!(rules, ["module-docs", "tests"]);
    }

    #[test]
    fn a_crate_that_joins_the_domain_fails_the_task_until_it_is_accepted() {
        let root = repository("");
        for (place, text) in [
            (
                "stowaway/Cargo.toml",
                "[package]\nname = \"tokio\"\nversion = \"1.0.0\"\nedition = \"2024\"\n",
            ),
            ("stowaway/src/lib.rs", "//! One job.\n"),
            (
                "Cargo.toml",
                &format!("{ROOT_MANIFEST}\n[workspace.dependencies.tokio]\npath = \"stowaway\"\n"),
            ),
            (
                "crates/domain/Cargo.toml",
                &manifest("domain", "tokio.workspace = true"),
            ),
            (register::PAGE, "`tokio`: for no reason\n"),
        ] {
            let path = root.path().join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let budget = || {
            let findings = findings(root.path()).into_iter();
            let budget = findings.filter(|finding| finding.rule == "budget");
            budget.map(|finding| finding.problem).collect::<Vec<_>>()
        };
        let forbidden = "an embedder of `roamport-domain` must not get `tokio`".to_owned();
        let new = "not accepted: roamport-domain: tokio".to_owned();
        assert_eq!(budget(), [forbidden.clone(), new]);
        assert!(accept(root.path()).is_err(), "a limit is not lifted");
        assert_eq!(budget(), [forbidden]);
    }

    #[test]
    fn a_folder_that_is_no_workspace_is_an_error() {
        assert!(run(tempfile::tempdir().unwrap().path()).is_err());
    }

    #[test]
    fn the_arrows_of_this_very_workspace_hold() {
        let workspace = workspace(crate::repository_root()).unwrap();
        assert!(workspace.members.len() > 2);
        assert_eq!(arrows::check(&workspace), []);
        assert_eq!(fences::check(&workspace), []);
    }
}
