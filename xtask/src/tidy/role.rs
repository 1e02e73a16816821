//! The crates that the architecture names, and the table of who may use whom.

use Role::{
    App, Bootstrap, Cli, Conformance, Domain, Fuzz, JournalAdapter, Layers, ProviderAdapter,
    ProviderHttp, Sandbox, Server, Xtask,
};

/// The place of a crate in the architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Words and rules.
    Domain,
    /// Use-cases.
    App,
    /// Decorators of a provider.
    Layers,
    /// The suites for providers and journals.
    Conformance,
    /// What every provider adapter does over HTTP.
    ProviderHttp,
    /// `EsimProvider` over somebody's HTTP API.
    ProviderAdapter,
    /// `OrderJournal` on a database.
    JournalAdapter,
    /// The simulated provider.
    Sandbox,
    /// Composition root of the binaries.
    Bootstrap,
    /// The fuzz targets.
    Fuzz,
    /// `roamport`.
    Cli,
    /// `roamport-server`.
    Server,
    /// This crate.
    Xtask,
}

const ADAPTER: &str = "adapter-";
const DATABASES: [&str; 2] = ["sqlite", "postgres"];

impl Role {
    /// The role of a folder below the root, if the architecture names it.
    pub(super) fn of(folder: &str) -> Option<Self> {
        match folder.strip_prefix("crates/") {
            None => (folder == "xtask").then_some(Xtask),
            Some(short_name) => Self::of_crate(short_name),
        }
    }

    /// The role of a crate below `crates`, by the name of its folder.
    pub(super) fn of_crate(short_name: &str) -> Option<Self> {
        let role = match short_name {
            "domain" => Domain,
            "app" => App,
            "layers" => Layers,
            "conformance" => Conformance,
            "provider-http" => ProviderHttp,
            "sandbox" => Sandbox,
            "bootstrap" => Bootstrap,
            "fuzz" => Fuzz,
            "cli" => Cli,
            "server" => Server,
            _ => match short_name.strip_prefix(ADAPTER)? {
                "" => return None,
                name if DATABASES.contains(&name) => JournalAdapter,
                _ => ProviderAdapter,
            },
        };
        Some(role)
    }

    /// Whom the crate itself may use.
    pub(super) fn may_use(self) -> &'static [Self] {
        match self {
            Domain | Fuzz | Xtask => &[],
            App | Layers | Conformance | ProviderHttp | JournalAdapter | Sandbox => &[Domain],
            ProviderAdapter => &[Domain, ProviderHttp],
            Bootstrap => &[
                Domain,
                App,
                Layers,
                ProviderAdapter,
                JournalAdapter,
                Sandbox,
            ],
            Cli => &[Domain, App, Bootstrap, Sandbox],
            Server => &[Domain, App, Bootstrap],
        }
    }

    /// Whom its tests, examples and benches may use besides.
    pub(super) fn tests_may_also_use(self) -> &'static [Self] {
        match self {
            Domain | Cli | Xtask => &[],
            ProviderHttp => &[Conformance],
            App => &[Sandbox, Conformance, Layers],
            Layers | ProviderAdapter | JournalAdapter | Sandbox => &[Conformance, Sandbox],
            Conformance | Server => &[Sandbox],
            // Tests there answer adapters in process, below `provider-http`.
            Bootstrap => &[Conformance, ProviderHttp],
            Fuzz => &[Domain, ProviderHttp, ProviderAdapter, Bootstrap],
        }
    }

    /// How a message calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Domain => "domain",
            App => "app",
            Layers => "layers",
            Conformance => "conformance",
            ProviderHttp => "provider-http",
            ProviderAdapter => "provider adapters",
            JournalAdapter => "journal adapters",
            Sandbox => "sandbox",
            Bootstrap => "bootstrap",
            Fuzz => "fuzz",
            Cli => "cli",
            Server => "server",
            Xtask => "xtask",
        }
    }
}

/// The names of several roles, for a message.
pub(super) fn names(roles: impl IntoIterator<Item = Role>) -> String {
    let names: Vec<_> = roles.into_iter().map(Role::name).collect();
    if names.is_empty() {
        "nothing of ours".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapters_are_told_apart_by_what_they_reach() {
        assert_eq!(Role::of("crates/adapter-roamify"), Some(ProviderAdapter));
        assert_eq!(
            Role::of("crates/adapter-esim-access"),
            Some(ProviderAdapter)
        );
        assert_eq!(Role::of("crates/adapter-sqlite"), Some(JournalAdapter));
        assert_eq!(Role::of("crates/adapter-postgres"), Some(JournalAdapter));
    }

    #[test]
    fn a_folder_outside_the_architecture_has_no_role() {
        for folder in [
            "crates/utils",
            "crates/adapter-",
            "domain",
            "crates/xtask",
            "",
        ] {
            assert_eq!(Role::of(folder), None, "{folder}");
        }
    }
}
