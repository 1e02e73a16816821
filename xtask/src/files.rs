//! The files below a folder.

use std::path::{Path, PathBuf};

use anyhow::Context;
use walkdir::{DirEntry, WalkDir};

/// Every file below `folder`, as a path relative to it, in order. A file or folder that is not `wanted` is left
/// out, with everything below it.
pub(crate) fn files_below(
    folder: &Path,
    wanted: impl Fn(&DirEntry) -> bool,
) -> anyhow::Result<Vec<PathBuf>> {
    let entries = WalkDir::new(folder).min_depth(1).sort_by_file_name();
    let mut files = Vec::new();
    for entry in entries.into_iter().filter_entry(wanted) {
        let entry = entry.with_context(|| format!("failed to list {}", folder.display()))?;
        if entry.file_type().is_file() {
            files.push(entry.path().strip_prefix(folder)?.to_owned());
        }
    }
    Ok(files)
}
