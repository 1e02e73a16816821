//! The seeds: sample bodies of `fixtures`.

use std::fs;
use std::path::{Path, PathBuf};

/// A sample body.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The name of its file.
    pub name: String,
    /// What the file holds.
    pub body: Vec<u8>,
}

/// The sample bodies of one provider: every JSON file of its folder below `fixtures`, sorted by name.
///
/// # Panics
///
/// Panics if the folder cannot be read or holds no sample.
pub fn seeds(provider: &str) -> Vec<Seed> {
    let folder = root().join("fixtures").join(provider);
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the repository has fixtures of every provider")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} holds no sample", folder.display());
    let seed = |path: &PathBuf| Seed {
        name: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        body: fs::read(path).expect("a sample can be read"),
    };
    paths.iter().map(seed).collect()
}

/// The repository's root.
///
/// # Panics
///
/// Panics if this crate lies elsewhere than in `crates`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate lies two folders below the root")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_a_seed() {
        for provider in ["roamify", "esim-access"] {
            let seeds = seeds(provider);
            assert!(seeds.len() > 40, "{provider}: {}", seeds.len());
            for seed in seeds {
                let read = serde_json::from_slice::<serde_json::Value>(&seed.body);
                assert!(read.is_ok(), "{}: {read:?}", seed.name);
            }
        }
    }
}
