//! Installing a Debian package, if we may.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::process;

/// Installs packages with apt. Fails, with `otherwise` as the hint, where there is no apt or no right to use it.
pub(crate) fn packages(names: &[&str], otherwise: &str) -> Result<(), Failure> {
    let list = names.join(" ");
    let missing = || Failure::new(format!("missing: {list}")).hint(otherwise);
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(missing());
    }
    let Some(privilege) = privilege() else {
        return Err(missing());
    };
    eprintln!("  installing {list} (apt-get)");
    let mut update = apt(privilege);
    update.args(["update", "-qq"]);
    let mut install = apt(privilege);
    install.args(["install", "-y", "-qq", "--no-install-recommends"]);
    install.args(names).stdout(Stdio::null());
    process::run(&mut update)
        .and_then(|()| process::run(&mut install))
        .map_err(|failure| {
            eprintln!("{failure}");
            missing()
        })
}

/// Who we are to apt: root, or somebody who may become root without being asked.
#[derive(Clone, Copy)]
enum Privilege {
    Root,
    Sudo,
}

fn privilege() -> Option<Privilege> {
    let succeeds = |command: &mut Command| {
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    if is_root() {
        Some(Privilege::Root)
    } else if succeeds(Command::new("sudo").args(["-n", "true"])) {
        Some(Privilege::Sudo)
    } else {
        None
    }
}

/// Whether this process runs as the superuser.
pub(crate) fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt(privilege: Privilege) -> Command {
    // sudo drops the environment, so `env` sets the variable behind it.
    let words = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
    let mut command = match privilege {
        Privilege::Root => Command::new("env"),
        Privilege::Sudo => {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", "env"]);
            sudo
        }
    };
    command.args(words.into_iter().skip(1)).stdin(Stdio::null());
    command
}
