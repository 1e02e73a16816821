//! What an embedder pays for our crates: how many others come with them, and which never may.
//!
//! The names are pinned in a file, both ways: a crate that joins fails the check until somebody accepts it,
//! and one that has gone fails it too, since a pin that is too high is room for the next to join unseen.

mod pins;
mod tree;

use std::collections::BTreeSet;
use std::path::Path;

use super::Finding;
use super::role::Role;
use super::workspace::Workspace;
pub(super) use pins::Pins;
use pins::{ACCEPT, PLACE, surplus};
use tree::Tree;

/// How many crates the domain may take, itself included.
const DOMAIN_AT_MOST: usize = 50;

/// Crates that may not come along, not even through another.
struct Fence {
    packages: &'static [&'static str],
    instead: &'static str,
}

const NO_EFFECTS: Fence = Fence {
    packages: &["tokio", "reqwest", "hyper", "sqlx", "sqlx-core"],
    instead: "keep `domain` pure: what waits, sends or stores belongs to an adapter",
};
const NO_OTHER_TLS: Fence = Fence {
    packages: &[
        "native-tls",
        "openssl",
        "openssl-sys",
        "boring",
        "boring-sys",
        "ring",
        "s2n-tls",
        "mbedtls",
    ],
    instead: "switch the feature off that asks for it: one TLS stack, rustls with aws-lc-rs",
};
const NO_DATABASE: Fence = Fence {
    packages: &["libsqlite3-sys", "rusqlite", "sqlx", "sqlx-core"],
    instead: "keep orders through the `OrderJournal` port: a provider's adapter stores nothing",
};
const NO_SERVER: Fence = Fence {
    packages: &["axum", "axum-core"],
    instead: "leave serving HTTP to whoever embeds the adapter: it decodes events from bytes",
};

/// The crates that make the one TLS stack. Each must be there in one version.
const TLS_STACK: [&str; 2] = ["rustls", "aws-lc-rs"];

/// What a package costs whoever embeds it.
#[derive(Debug)]
pub(super) struct Cost {
    /// Where findings are placed.
    manifest: String,
    role: Role,
    tree: Tree,
}

/// Counts for each package that is embedded by itself: the domain and the providers' adapters.
pub(super) fn costs(root: &Path, workspace: &Workspace) -> anyhow::Result<Vec<Cost>> {
    let embedded = workspace.members.iter().filter_map(|member| {
        let role = Role::of(&member.folder)?;
        matches!(role, Role::Domain | Role::ProviderAdapter).then_some((member, role))
    });
    embedded
        .map(|(member, role)| {
            Ok(Cost {
                manifest: member.manifest(),
                role,
                tree: Tree::of(root, &member.package)?,
            })
        })
        .collect()
}

/// Compares the costs with the limits and with what was accepted.
pub(super) fn check(costs: &[Cost], pins: &Pins) -> Vec<Finding> {
    let limits = costs.iter().flat_map(check_limits);
    let accepted = costs.iter().flat_map(|cost| check_pins(cost, pins));
    limits
        .chain(accepted)
        .chain(check_leftovers(costs, pins))
        .collect()
}

/// One line a package, for whoever runs `tidy`.
pub(super) fn lines(costs: &[Cost], pins: &Pins) -> Vec<String> {
    let line = |Cost { role, tree, .. }: &Cost| {
        let (package, count) = (&tree.package, tree.count());
        let remark = match (role, pins.of(package)) {
            (Role::Domain, _) => format!(" (at most {DOMAIN_AT_MOST})"),
            (_, None) => format!(" (not accepted yet: `{ACCEPT}`)"),
            _ => String::new(),
        };
        format!("budget: {package} compiles {count} crates, itself included{remark}")
    };
    costs.iter().map(line).collect()
}

/// Writes the file below `root` as the costs are now; tells what that changes.
pub(super) fn accept(root: &Path, costs: &[Cost]) -> anyhow::Result<Vec<String>> {
    // Whatever is wrong with the old file, a new one mends it.
    let before = Pins::load(root).unwrap_or_default();
    let mut pins = Pins::default();
    let mut told = Vec::new();
    for Cost { tree, .. } in costs {
        pins.set(&tree.package, tree.names());
        let Some(old) = before.of(&tree.package) else {
            told.push(format!("{}: accepted as it is", tree.package));
            continue;
        };
        let joined = surplus(tree.names(), old.iter().map(String::as_str));
        let gone = surplus(old.iter().map(String::as_str), tree.names());
        for (names, what) in [(joined, "accepted"), (gone, "dropped")] {
            if !names.is_empty() {
                told.push(format!("{}: {what} {}", tree.package, names.join(", ")));
            }
        }
    }
    pins.save(root)?;
    Ok(told)
}

fn check_limits(cost: &Cost) -> Vec<Finding> {
    match cost.role {
        Role::Domain => {
            let mut findings = check_fence(cost, &NO_EFFECTS);
            findings.extend(check_count(cost, DOMAIN_AT_MOST));
            findings
        }
        Role::ProviderAdapter => [NO_OTHER_TLS, NO_DATABASE, NO_SERVER]
            .iter()
            .flat_map(|fence| check_fence(cost, fence))
            .chain(check_tls(cost))
            .collect(),
        _ => Vec::new(),
    }
}

fn check_fence(cost: &Cost, fence: &Fence) -> Vec<Finding> {
    let Cost { manifest, tree, .. } = cost;
    fence
        .packages
        .iter()
        .filter_map(|name| Some((name, tree.paths(name).first().copied()?)))
        .map(|(name, path)| Finding {
            rule: "budget",
            place: manifest.clone(),
            problem: format!("an embedder must not get `{name}`: {path}"),
            instead: fence.instead.to_owned(),
        })
        .collect()
}

fn check_count(cost: &Cost, at_most: usize) -> Option<Finding> {
    let Cost { manifest, tree, .. } = cost;
    let (package, count) = (&tree.package, tree.count());
    (count > at_most).then(|| Finding {
        rule: "budget",
        place: manifest.clone(),
        problem: format!("`{package}` compiles {count} crates; embedders get at most {at_most}"),
        instead: format!(
            "drop a dependency, or features of one; `cargo tree --package {package} --edges \
             normal` shows who brings what"
        ),
    })
}

fn check_tls(cost: &Cost) -> Vec<Finding> {
    let Cost { manifest, tree, .. } = cost;
    TLS_STACK
        .into_iter()
        .filter_map(|name| {
            let versions = tree.versions(name);
            let problem = match versions[..] {
                [_] => return None,
                [] => format!("the adapter has no `{name}`"),
                _ => format!(
                    "the adapter has `{name}` more than once: {}",
                    versions.join(", ")
                ),
            };
            Some(Finding {
                rule: "budget",
                place: manifest.clone(),
                problem,
                instead: "use the workspace's `reqwest`, with rustls and aws-lc-rs: one TLS stack"
                    .to_owned(),
            })
        })
        .collect()
}

/// An adapter that is not in the file yet is being written: its count is printed, and `accept` pins it.
fn check_pins(cost: &Cost, pins: &Pins) -> Vec<Finding> {
    let Cost { role, tree, .. } = cost;
    let package = &tree.package;
    let pinned = match pins.of(package) {
        Some(pinned) => pinned,
        None if *role == Role::ProviderAdapter => return Vec::new(),
        None => &[],
    };
    let finding = |problem, instead| Finding {
        rule: "budget",
        place: PLACE.to_owned(),
        problem,
        instead,
    };
    let mut findings = Vec::new();
    let joined = surplus(tree.names(), pinned.iter().map(String::as_str));
    if !joined.is_empty() {
        findings.push(finding(
            format!(
                "`{package}` compiles {} crates, accepted: {}; new: {}",
                tree.count(),
                pinned.len(),
                described(&joined, tree)
            ),
            format!("do without, or accept them knowingly: `{ACCEPT}`"),
        ));
    }
    let gone = surplus(pinned.iter().map(String::as_str), tree.names());
    if !gone.is_empty() {
        findings.push(finding(
            format!("`{package}` no longer compiles: {}", gone.join(", ")),
            format!("keep what was won: `{ACCEPT}`"),
        ));
    }
    findings
}

/// Each crate once, with the ways that lead to it.
fn described(names: &[&str], tree: &Tree) -> String {
    let names: BTreeSet<_> = names.iter().collect();
    let described: Vec<_> = names
        .into_iter()
        .map(|name| format!("`{name}` ({})", tree.paths(name).join("; ")))
        .collect();
    described.join(", ")
}

fn check_leftovers(costs: &[Cost], pins: &Pins) -> Vec<Finding> {
    pins.packages()
        .filter(|package| costs.iter().all(|cost| cost.tree.package != *package))
        .map(|package| Finding {
            rule: "budget",
            place: PLACE.to_owned(),
            problem: format!("no `{package}` is embedded by itself"),
            instead: format!("take it out: `{ACCEPT}`"),
        })
        .collect()
}

#[cfg(test)]
mod tests;
