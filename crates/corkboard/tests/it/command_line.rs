//! The command line as people meet it: help, completions, settings that are checked before anything starts.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{run, words};

/// Key files and a settings file for both sides.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let made = run(&["keys", "generate", &folder.path("secret.key")]);
        assert!(made.status.success(), "{}", words(&made.stderr));
        folder.write("operator.key", "d9X2mQ7vK4tR8wZ1cB6nL3yH5jF0sG-u_p");
        folder.write("receiver.password", "hJ4k-9sPq2Lm_7Xv");
        folder.write("client.secret", "client-secret-of-this-test");
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("a temporary file");
    }

    fn platform(&self) -> Vec<String> {
        let flags = [
            (
                "--database-url",
                format!("sqlite:{}", self.path("platform.db")),
            ),
            ("--base-url", "https://pro-api.example".to_owned()),
            ("--environment", "production".to_owned()),
            ("--operator-key-file", self.path("operator.key")),
            ("--secret-key-file", self.path("secret.key")),
        ];
        flags
            .into_iter()
            .flat_map(|(flag, value)| [flag.to_owned(), value])
            .collect()
    }

    fn gateway(&self) -> Vec<String> {
        let flags = [
            (
                "--database-url",
                format!("sqlite:{}", self.path("gateway.db")),
            ),
            ("--base-url", "https://crm.example".to_owned()),
            ("--api-key-file", self.path("operator.key")),
            ("--secret-key-file", self.path("secret.key")),
            ("--receiver-password-file", self.path("receiver.password")),
            ("--client-id", "our-client".to_owned()),
            ("--client-secret-file", self.path("client.secret")),
        ];
        flags
            .into_iter()
            .flat_map(|(flag, value)| [flag.to_owned(), value])
            .collect()
    }
}

/// Runs a command with these flags, one of them replaced or added.
fn run_with(
    command: &[&str],
    flags: &[String],
    change: Option<(&str, &str)>,
) -> std::process::Output {
    let mut flags = flags.to_vec();
    if let Some((flag, value)) = change {
        match flags.iter().position(|known| known == flag) {
            Some(index) => value.clone_into(&mut flags[index + 1]),
            None => flags.extend([flag.to_owned(), value.to_owned()]),
        }
    }
    let arguments: Vec<&str> = command
        .iter()
        .copied()
        .chain(flags.iter().map(String::as_str))
        .collect();
    run(&arguments)
}

#[test]
fn every_command_explains_itself() {
    for command in [
        "",
        "sandbox",
        "platform",
        "platform serve",
        "gateway",
        "gateway serve",
        "deliveries",
        "deliveries list",
        "deliveries show",
        "deliveries retry",
        "deliveries cancel",
        "deliveries body",
        "deliveries pause",
        "deliveries resume",
        "deliveries health",
        "replay",
        "replay start",
        "replay status",
        "replay cancel",
        "replay list",
        "migrate",
        "config",
        "config check",
        "config check platform",
        "config check gateway",
        "keys",
        "keys generate",
        "completions",
    ] {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let output = run(&arguments);
        assert!(output.status.success(), "{command}");
        let help = words(&output.stdout);
        assert!(help.contains("Usage: corkboard"), "{command}: {help}");
        assert!(output.stderr.is_empty());
    }
    let help = words(&run(&["--help"]).stdout);
    assert!(
        help.contains("corkboard sandbox"),
        "it says how to begin: {help}"
    );
    assert!(words(&run(&["--version"]).stdout).starts_with("corkboard "));
}

#[test]
fn what_is_not_understood_is_told_on_standard_error() {
    for arguments in [
        &["sandbx"][..],
        &["sandbox", "--prot", "1"],
        &["sandbox", "--platform-port", "x"],
        &[],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
    let suggestion = words(&run(&["sandbx"]).stderr);
    assert!(suggestion.contains("sandbox"), "{suggestion}");
}

#[test]
fn there_are_completions_for_every_shell() {
    for (shell, mark) in [
        ("bash", "complete"),
        ("zsh", "#compdef corkboard"),
        ("fish", "complete -c corkboard"),
    ] {
        let output = run(&["completions", shell]);
        assert!(output.status.success());
        let script = words(&output.stdout);
        assert!(
            script.contains(mark) && script.contains("sandbox"),
            "{shell}"
        );
    }
}

#[test]
fn good_settings_are_shown_with_secrets_hidden() {
    let folder = Folder::new();
    for (side, flags) in [
        ("platform", folder.platform()),
        ("gateway", folder.gateway()),
    ] {
        let output = run_with(&["config", "check", side], &flags, None);
        let (shown, notes) = (words(&output.stdout), words(&output.stderr));
        assert!(output.status.success(), "{notes}");
        assert!(
            shown.contains("base-url") && notes.contains("complete"),
            "{shown}{notes}"
        );
        for file in [
            "operator.key",
            "secret.key",
            "receiver.password",
            "client.secret",
        ] {
            let secret = std::fs::read_to_string(Path::new(&folder.path(file))).unwrap();
            let secret = secret.lines().last().unwrap().rsplit(' ').next().unwrap();
            assert!(
                !shown.contains(secret) && !notes.contains(secret),
                "{file}: {shown}"
            );
        }
    }
    let url = "postgres://corkboard:a-secret-password@db.example/corkboard";
    let output = run_with(
        &["config", "check", "platform"],
        &folder.platform(),
        Some(("--database-url", url)),
    );
    assert!(output.status.success(), "{}", words(&output.stderr));
    assert!(!words(&output.stdout).contains("a-secret-password"));
}

#[test]
fn bad_settings_are_named_with_what_to_do_and_serve_refuses_them_too() {
    let folder = Folder::new();
    folder.write("short.key", "secret");
    folder.write("sample.key", &"a".repeat(64));
    folder.write(
        "two-lines.key",
        "d9X2mQ7vK4tR8wZ1cB6nL3yH5jF0sG-u_p\nsecond",
    );
    folder.write("damaged.key", "not a keyring");
    let short = folder.path("short.key");
    let sample = folder.path("sample.key");
    let (two_lines, damaged, missing) = (
        folder.path("two-lines.key"),
        folder.path("damaged.key"),
        folder.path("none"),
    );
    let platform = [
        ("--base-url", "pro-api.example"),
        ("--base-url", "https://pro-api.example/path"),
        ("--operator-key-file", short.as_str()),
        ("--operator-key-file", &sample),
        ("--operator-key-file", &two_lines),
        ("--operator-key-file", &missing),
        ("--secret-key-file", &missing),
        ("--secret-key-file", &short),
        ("--secret-key-file", &damaged),
        ("--trusted-proxy", "everybody"),
    ];
    let gateway = [
        ("--api-key-file", short.as_str()),
        ("--receiver-password-file", &short),
        ("--client-secret-file", &missing),
        ("--scopes", "everything"),
        ("--platform-api-url", "pro-api.example"),
    ];
    let cases = platform
        .iter()
        .map(|case| ("platform", folder.platform(), case));
    let cases = cases.chain(
        gateway
            .iter()
            .map(|case| ("gateway", folder.gateway(), case)),
    );
    for (side, flags, &(flag, value)) in cases {
        for command in [&["config", "check", side][..], &[side, "serve"]] {
            let output = run_with(command, &flags, Some((flag, value)));
            let told = words(&output.stderr);
            assert_eq!(
                output.status.code(),
                Some(1),
                "{command:?} {flag} {value}: {told}"
            );
            assert!(
                told.contains("error: ") && told.contains(flag),
                "{flag} {value}: {told}"
            );
            assert!(told.contains("hint: "), "{flag} {value}: {told}");
            assert!(output.stdout.is_empty(), "{flag} {value}");
        }
    }
    assert!(
        !Path::new(&folder.path("platform.db")).exists(),
        "nothing was begun"
    );
}

#[test]
fn missing_settings_are_all_named() {
    let output = run(&["platform", "serve"]);
    let told = words(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for flag in [
        "--database-url",
        "--base-url",
        "--environment",
        "--operator-key-file",
        "--secret-key-file",
    ] {
        assert!(told.contains(flag), "{flag} in {told}");
    }
}

#[test]
fn a_settings_file_stands_beneath_the_flags() {
    let folder = Folder::new();
    let quoted = |text: String| Value::String(text).to_string();
    let mut file = "[platform]\n".to_owned();
    for pair in folder.platform().chunks(2) {
        writeln!(
            file,
            "{} = {}",
            pair[0].trim_start_matches("--"),
            quoted(pair[1].clone())
        )
        .unwrap();
    }
    file.push_str("trusted-proxy = [\"10.0.0.0/8\", \"192.0.2.1\"]\nrequests-per-second = 7\n");
    folder.write("settings.toml", &file);
    let settings = folder.path("settings.toml");
    let output = run(&["config", "check", "platform", "--config", &settings]);
    let shown = words(&output.stdout);
    assert!(output.status.success(), "{}", words(&output.stderr));
    assert!(
        shown.contains("https://pro-api.example") && shown.contains("10.0.0.0/8, 192.0.2.1"),
        "{shown}"
    );
    assert!(shown.contains("7 a second"), "{shown}");
    let output = run(&[
        "config",
        "check",
        "platform",
        "--config",
        &settings,
        "--base-url",
        "https://other.example",
    ]);
    assert!(
        words(&output.stdout).contains("https://other.example"),
        "a flag wins"
    );
    folder.write("settings.toml", "[platform]\nlisten-on = \"127.0.0.1:1\"\n");
    let output = run(&["config", "check", "platform", "--config", &settings]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        words(&output.stderr).contains("platform.listen-on"),
        "{}",
        words(&output.stderr)
    );
    let output = run(&["sandbox", "--config", &folder.path("none.toml")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output.stderr).contains("hint: "));
}

#[test]
fn a_key_file_is_made_once_and_for_its_owner_only() {
    let folder = Folder::new();
    let path = folder.path("secret.key");
    let before = std::fs::read(&path).unwrap();
    let again = run(&["keys", "generate", &path]);
    assert_eq!(
        again.status.code(),
        Some(1),
        "an existing file is left alone"
    );
    assert!(words(&again.stderr).contains("hint: "));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn a_migration_is_told_before_it_is_made() {
    let folder = Folder::new();
    for side in ["platform", "gateway"] {
        let url = format!("sqlite:{}", folder.path(&format!("{side}.db")));
        let migrate = |more: &[&str]| {
            let arguments = [&["migrate", side, "--database-url", &url], more].concat();
            let output = run(&arguments);
            (output.status.code(), words(&output.stdout))
        };
        let (code, told) = migrate(&["--dry-run"]);
        assert_eq!(code, Some(1), "{told}");
        assert!(told.starts_with("pending "), "{told}");
        let (code, told) = migrate(&[]);
        assert_eq!(code, Some(0), "{told}");
        assert!(told.starts_with("applied "), "{told}");
        let (code, told) = migrate(&["--dry-run"]);
        assert_eq!(
            (code, told.trim_end().ends_with("is up to date")),
            (Some(0), true),
            "{told}"
        );
    }
}
