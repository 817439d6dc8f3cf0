//! `reference`: the command line in Markdown, from its own words, so that the documents cannot drift from the program.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};

use crate::cli::{Cli, ReferenceCommand};
use crate::printer;

/// Prints one of the reference documents.
pub(crate) fn print(which: ReferenceCommand) {
    let mut command = Cli::command();
    command.build();
    let text = match which {
        ReferenceCommand::Cli => cli(&command),
        ReferenceCommand::Settings => settings(&command),
    };
    printer::line(text.trim_end());
}

fn cli(root: &Command) -> String {
    let mut text = String::from(
        "# Command line\n\nMade from the program's own words by `cargo xtask generate`. \
         Every command also answers `--help`.\n",
    );
    describe(&mut text, root, "corkboard", &[]);
    text
}

/// What is among the inherited flags was told where they are defined.
fn describe(text: &mut String, command: &Command, path: &str, inherited: &[&str]) {
    if path != "corkboard" {
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        let _ = write!(text, "\n## `{path}`\n\n{about}\n");
        let arguments: Vec<&Arg> = shown_arguments(command, inherited).collect();
        if !arguments.is_empty() {
            text.push_str("\n| argument | meaning | default |\n|---|---|---|\n");
        }
        for argument in arguments {
            let _ = writeln!(
                text,
                "| `{}` | {} | {} |",
                name(argument),
                help(argument),
                default(argument)
            );
        }
    }
    let inherited = [inherited, &global_names(command)].concat();
    for inner in command.get_subcommands() {
        if !inner.is_hide_set() && inner.get_name() != "help" {
            let path = format!("{path} {}", inner.get_name());
            describe(text, inner, &path, &inherited);
        }
    }
}

fn settings(root: &Command) -> String {
    let mut text = String::from(
        "# Settings\n\nMade from the program's own words by `cargo xtask generate`. A flag wins over its environment \
         variable, which wins over the key in the file named by `--config` (`CORKBOARD_CONFIG`).\n",
    );
    for (table, path) in [
        ("platform", &["platform", "serve"][..]),
        ("gateway", &["gateway", "serve"]),
        ("sandbox", &["sandbox"]),
        ("operator", &["deliveries"]),
    ] {
        let command = path
            .iter()
            .try_fold(root, |command, name| command.find_subcommand(name));
        let _ = write!(
            text,
            "\n## `[{table}]`\n\n| key and flag | variable | meaning | default |\n|---|---|---|---|\n"
        );
        let inherited = global_names(root);
        let arguments = command.into_iter();
        let arguments = arguments.flat_map(|command| shown_arguments(command, &inherited));
        for argument in arguments.filter(|argument| argument.get_env().is_some()) {
            let key = argument.get_long().unwrap_or_default();
            let variable = argument
                .get_env()
                .map(|name| name.to_string_lossy())
                .unwrap_or_default();
            let _ = writeln!(
                text,
                "| `{key}` | `{variable}` | {} | {} |",
                help(argument),
                default(argument)
            );
        }
    }
    text
}

fn shown_arguments<'a>(command: &'a Command, inherited: &[&str]) -> impl Iterator<Item = &'a Arg> {
    command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set())
        .filter(|argument| !inherited.contains(&argument.get_id().as_str()))
        .filter(|argument| !matches!(argument.get_id().as_str(), "help" | "version"))
}

fn global_names(command: &Command) -> Vec<&str> {
    let globals = command
        .get_arguments()
        .filter(|argument| argument.is_global_set());
    globals.map(|argument| argument.get_id().as_str()).collect()
}

fn name(argument: &Arg) -> String {
    let value = argument
        .get_value_names()
        .and_then(|names| names.first())
        .filter(|_| argument.get_action().takes_values())
        .map(ToString::to_string);
    match (argument.get_long(), value) {
        (Some(long), Some(value)) => format!("--{long} {value}"),
        (Some(long), None) => format!("--{long}"),
        (None, value) => value.unwrap_or_else(|| argument.get_id().to_string().to_uppercase()),
    }
}

fn help(argument: &Arg) -> String {
    argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default()
        .replace('|', "\\|")
}

fn default(argument: &Arg) -> String {
    let values: Vec<String> = argument
        .get_default_values()
        .iter()
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    match (values.is_empty(), argument.is_required_set()) {
        (false, _) if argument.get_action().takes_values() => values.join(", "),
        (_, true) => "required".to_owned(),
        _ => String::new(),
    }
}
