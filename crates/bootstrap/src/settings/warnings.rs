//! What is risky about settings that work.

use std::path::Path;

use super::{SecretSetting, Settings, address};

impl Settings {
    /// What is risky about the settings that are in force, a sentence each, without a full stop: a file
    /// with a secret that every account of this machine can read, and an address to which a secret is sent
    /// in the clear. Empty where nothing is. Files that cannot be looked at are left to whoever reads them.
    pub fn warnings(&self) -> Vec<String> {
        let (secrets, base_url): (Vec<&SecretSetting>, _) = match self.provider.as_str() {
            "roamify" => (vec![&self.roamify.token], Some(&self.roamify.base_url)),
            "esim-access" => {
                let settings = &self.esim_access;
                let secrets = vec![&settings.access_code, &settings.secret_key];
                (secrets, Some(&settings.base_url))
            }
            _ => (Vec::new(), None),
        };
        let files = secrets.into_iter().chain([&self.postgres.url]);
        let exposed = files
            .filter_map(SecretSetting::path)
            .filter(|path| is_world_readable(path));
        let exposed = exposed.map(|path| {
            let path = path.display();
            format!(
                "every account of this machine can read the secret in {path}: `chmod 600 {path}`"
            )
        });
        let open = base_url.filter(|url| address::is_open(url)).map(|url| {
            format!("what is sent to {url} can be read on the way, the credentials included: use https://")
        });
        exposed.chain(open).collect()
    }
}

#[cfg(unix)]
fn is_world_readable(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path);
    metadata.is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_world_readable(_: &Path) -> bool {
    false
}
