//! The TOML file beneath the command line: `--config FILE` (or `CORKBOARD_CONFIG`) gives every flag a default.
//!
//! A flag wins over its environment variable, which wins over the file. The file has one table per side, with the names of
//! the flags of `serve` as keys:
//!
//! ```toml
//! [platform]
//! listen = "127.0.0.1:8300"
//! database-url = "sqlite:/var/lib/corkboard/platform.db"
//! ```

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::OsStr;
use clap::{Arg, ArgAction, Command};

use crate::failure::Failure;

/// The tables that a file may hold, and the commands that they set defaults for.
const TABLES: &[(&str, &[&[&str]])] = &[
    (
        "platform",
        &[&["platform", "serve"], &["config", "check", "platform"]],
    ),
    (
        "gateway",
        &[&["gateway", "serve"], &["config", "check", "gateway"]],
    ),
    ("sandbox", &[&["sandbox"]]),
    ("operator", &[&["deliveries"], &["replay"]]),
];

/// Reads the settings file, if one was named, and makes its values the defaults of `command`'s flags.
pub(crate) fn apply(command: Command) -> Result<Command, Failure> {
    let Some(path) = path_from(std::env::args_os())? else {
        return Ok(command);
    };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Failure::mendable(
            format!("settings file {} cannot be read: {error}", path.display()),
            "name an existing file with --config, or leave it out",
        )
    })?;
    apply_text(command, &text).map_err(|problem| {
        Failure::mendable(
            format!("settings file {}: {problem}", path.display()),
            "`corkboard config check platform` (or `gateway`) shows what is understood; docs/reference/settings.md lists every key",
        )
    })
}

fn path_from(arguments: impl Iterator<Item = OsString>) -> Result<Option<PathBuf>, Failure> {
    let mut only_config = vec![OsString::from("corkboard")];
    let mut arguments = arguments.skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--config" {
            only_config.push(argument);
            only_config.extend(arguments.next());
        } else if argument.to_string_lossy().starts_with("--config=") {
            only_config.push(argument);
        }
    }
    let matches = Command::new("corkboard")
        .arg(
            Arg::new("config")
                .long("config")
                .env("CORKBOARD_CONFIG")
                .action(ArgAction::Set)
                .overrides_with("config")
                .value_parser(clap::value_parser!(PathBuf)),
        )
        .try_get_matches_from(only_config)
        .or_else(Failure::from_clap)?;
    Ok(matches.get_one::<PathBuf>("config").cloned())
}

fn apply_text(command: Command, text: &str) -> Result<Command, String> {
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| error.to_string())?;
    table.into_iter().try_fold(command, |command, (name, value)| {
        let (_, paths) = TABLES
            .iter()
            .find(|(table, _)| *table == name)
            .ok_or_else(|| format!("there is no table `{name}`; use [platform], [gateway], [sandbox] or [operator]"))?;
        let toml::Value::Table(values) = value else {
            return Err(format!("`{name}` must be a table"));
        };
        values
            .into_iter()
            .try_fold(command, |command, (key, value)| {
                let texts = texts(&value).ok_or_else(|| {
                    format!("`{name}.{key}` must be a text, a number, true or false, or an array of texts")
                })?;
                paths
                    .iter()
                    .try_fold(command, |command, path| set_default(command, path, &key, &texts))
                    .ok_or_else(|| format!("there is no setting `{name}.{key}`"))
            })
    })
}

fn texts(value: &toml::Value) -> Option<Vec<OsStr>> {
    let text = |value: &toml::Value| match value {
        toml::Value::String(text) => Some(OsStr::from(text.clone())),
        toml::Value::Integer(number) => Some(OsStr::from(number.to_string())),
        toml::Value::Boolean(flag) => Some(OsStr::from(flag.to_string())),
        _ => None,
    };
    match value {
        toml::Value::Array(values) => values.iter().map(text).collect(),
        other => Some(vec![text(other)?]),
    }
}

/// Gives the flag `key` of the subcommand at `path` the default `texts`; nothing if there is no such flag.
fn set_default(command: Command, path: &[&str], key: &str, texts: &[OsStr]) -> Option<Command> {
    let mut target = &command;
    for name in path {
        target = target.find_subcommand(name)?;
    }
    let key = key.replace('_', "-");
    let id = target
        .get_arguments()
        .find(|argument| argument.get_long() == Some(key.as_str()))?
        .get_id()
        .clone();
    Some(on_subcommand(command, path, &|subcommand| {
        let texts = texts.to_vec();
        subcommand.mut_arg(&id, |argument| {
            argument.required(false).default_values(texts)
        })
    }))
}

fn on_subcommand(command: Command, path: &[&str], change: &dyn Fn(Command) -> Command) -> Command {
    match path.split_first() {
        None => change(command),
        Some((name, rest)) => {
            command.mut_subcommand(*name, |inner| on_subcommand(inner, rest, change))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    fn listen_of(text: &str, arguments: &[&str]) -> Result<String, String> {
        let command = apply_text(Cli::command(), text)?;
        let mut words = vec!["corkboard", "sandbox"];
        words.extend(arguments);
        let matches = command
            .try_get_matches_from(words)
            .map_err(|error| error.to_string())?;
        let (_, sandbox) = matches.subcommand().ok_or("no subcommand")?;
        Ok(sandbox
            .get_one::<u16>("platform_port")
            .copied()
            .unwrap_or_default()
            .to_string())
    }

    #[test]
    fn the_file_gives_defaults_and_a_flag_wins() {
        let text = "[sandbox]\nplatform-port = 9001\n";
        assert_eq!(listen_of(text, &[]).unwrap(), "9001");
        assert_eq!(
            listen_of(text, &["--platform-port", "9002"]).unwrap(),
            "9002"
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let problem = |text| listen_of(text, &[]).unwrap_err();
        assert!(problem("[sandbox]\nprot = 1").contains("`sandbox.prot`"));
        assert!(problem("[sandbx]\n").contains("`sandbx`"));
        assert!(problem("[sandbox]\nplatform-port = 1.5").contains("`sandbox.platform-port`"));
        assert!(problem("sandbox = 1").contains("must be a table"));
        assert!(problem("[sandbox").contains("line 1"));
    }

    #[test]
    fn the_file_is_named_by_its_flag() {
        let words = |text: &str| {
            text.split(' ')
                .map(OsString::from)
                .collect::<Vec<_>>()
                .into_iter()
        };
        let path = |text| path_from(words(text)).unwrap();
        assert_eq!(
            path("corkboard sandbox --config a.toml"),
            Some("a.toml".into())
        );
        assert_eq!(
            path("corkboard --config=b.toml sandbox"),
            Some("b.toml".into())
        );
        assert_eq!(path("corkboard sandbox"), None);
    }
}
