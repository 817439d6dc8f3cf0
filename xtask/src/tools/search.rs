//! Looking for a program: in `PATH`, then in the folders where packages hide it.

use std::path::{Path, PathBuf};

/// The folders of `PATH`, then Homebrew's, which a non-login shell may not have in it.
pub(crate) fn usual_folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/opt/homebrew/bin", "/usr/local/bin"].map(PathBuf::from));
    folders
}

/// The first file of one of these names, names before folders.
pub(crate) fn find(names: &[&str], folders: &[PathBuf]) -> Option<PathBuf> {
    names.iter().find_map(|name| {
        let mut candidates = folders.iter().map(|folder| folder.join(name));
        candidates.find(|candidate| candidate.is_file())
    })
}

/// The `bin` folders inside the folders of `parent` whose names begin with `prefix`, highest version first.
pub(crate) fn versioned(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    let entries = std::fs::read_dir(Path::new(parent)).into_iter().flatten();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if let Some(version) = name.strip_prefix(prefix) {
            let version = version.trim_start_matches('@').parse().unwrap_or(0);
            found.push((version, entry.path().join("bin")));
        }
    }
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}
