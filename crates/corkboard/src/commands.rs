//! What each command does.

mod completions;
mod config_check;
mod deliveries;
mod desk;
mod gateway_serve;
mod keys;
mod migrate;
mod platform_serve;
mod reference;
mod replay;
mod sandbox;
mod server;
pub(crate) mod settings;

use crate::cli::{
    CheckCommand, Cli, Command, ConfigCommand, GatewayCommand, KeysCommand, PlatformCommand,
};
use crate::failure::Failure;

/// Does what the command line asked for.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Sandbox(arguments) => server::block_on(sandbox::run(arguments)),
        Command::Platform(PlatformCommand::Serve(arguments)) => {
            server::block_on(platform_serve::run(*arguments))
        }
        Command::Gateway(GatewayCommand::Serve(arguments)) => {
            server::block_on(gateway_serve::run(*arguments))
        }
        Command::Deliveries(arguments) => server::block_on(deliveries::run(arguments)),
        Command::Replay(arguments) => server::block_on(replay::run(arguments)),
        Command::Migrate(arguments) => server::block_on(migrate::run(arguments)),
        Command::Config(ConfigCommand::Check(CheckCommand::Platform(arguments))) => {
            config_check::platform(&arguments)
        }
        Command::Config(ConfigCommand::Check(CheckCommand::Gateway(arguments))) => {
            config_check::gateway(&arguments)
        }
        Command::Keys(KeysCommand::Generate { file }) => keys::generate(&file),
        Command::Completions { shell } => {
            completions::print(shell);
            Ok(())
        }
        Command::Reference(which) => {
            reference::print(which);
            Ok(())
        }
    }
}
