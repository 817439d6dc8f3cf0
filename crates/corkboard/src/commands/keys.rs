//! `keys generate`: a new file of master keys.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use base::{Entropy, Keyring};

use crate::failure::Failure;
use crate::printer;

/// Writes a new key file, for its owner's eyes only. Never overwrites one: that would make stored secrets unreadable.
pub(crate) fn generate(path: &Path) -> Result<(), Failure> {
    let text = Keyring::generate(&Entropy::system());
    write_new_secret(path, text.expose()).map_err(|error| {
        Failure::mendable(
            format!("key file {} cannot be made: {error}", path.display()),
            "name a file that does not exist, in a folder that you may write to",
        )
    })?;
    printer::line(&format!("wrote {} with key number 1", path.display()));
    printer::note(
        "Keep a copy in a safe place: without it stored passwords and tokens cannot be read.",
    );
    Ok(())
}

/// Makes a file that only its owner may read, and fails if it exists.
pub(crate) fn write_new_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
