//! What every command of the operator works with: the platform, the time, and who reads.

use base::Clock;
use serde_json::Value;

use crate::cli::OperatorArguments;
use crate::failure::Failure;
use crate::operator_client::OperatorClient;
use crate::printer;

/// The operator's desk.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) client: OperatorClient,
    pub(crate) clock: Clock,
    /// Whether a program reads.
    json: bool,
}

impl Desk {
    /// A desk for the platform that the arguments name.
    pub(crate) fn new(arguments: &OperatorArguments) -> Result<Self, Failure> {
        Ok(Self {
            client: OperatorClient::new(arguments)?,
            clock: Clock::system(),
            json: arguments.json,
        })
    }

    /// Prints the answer as it is, if a program reads; whether it did.
    pub(crate) fn printed(&self, answer: &Value) -> bool {
        if self.json {
            printer::line(&format!("{answer:#}"));
        }
        self.json
    }
}
