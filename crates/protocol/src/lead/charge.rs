//! What the pro pays for a lead: `leadPrice` and `chargeState`, which are null together or not at all (§4.1, §4.3).

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::json::Members;
use crate::price::Price;

/// The price of a lead, once it is known. Serializes as the two members, to be flattened into a lead or an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charge {
    /// Not known yet: both members are `null`.
    Unpriced,
    /// Known.
    Priced {
        /// `leadPrice`.
        price: Price,
        /// `chargeState`.
        state: ChargeState,
    },
}

/// Whether the price was charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeState {
    /// The only state that the protocol names.
    Charged,
    /// A state that came after this program.
    Other(String),
}

impl ChargeState {
    /// The state with this name, whatever it is.
    pub fn new(name: &str) -> Self {
        match name {
            "Charged" => Self::Charged,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Charged => "Charged",
            Self::Other(name) => name,
        }
    }
}

impl Charge {
    /// This price, charged.
    pub fn charged(price: Price) -> Self {
        Self::Priced {
            price,
            state: ChargeState::Charged,
        }
    }

    /// The price, if it is known.
    pub fn price(&self) -> Option<&Price> {
        match self {
            Self::Unpriced => None,
            Self::Priced { price, .. } => Some(price),
        }
    }

    /// The state, if there is a price.
    pub fn state(&self) -> Option<&ChargeState> {
        match self {
            Self::Unpriced => None,
            Self::Priced { state, .. } => Some(state),
        }
    }

    /// Reads both members; `None` if neither is there. A price without a state counts as charged, because nothing else is
    /// documented; a state without a price says nothing.
    pub(crate) fn read(members: &Members<'_>) -> Option<Self> {
        let price = members.optional_string("leadPrice");
        let state = members.optional_string("chargeState");
        match price {
            Some(price) => Some(Self::Priced {
                price: Price::new(price),
                state: state.map_or(ChargeState::Charged, ChargeState::new),
            }),
            None => {
                (members.has("leadPrice") || members.has("chargeState")).then_some(Self::Unpriced)
            }
        }
    }
}

impl Serialize for Charge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(2))?;
        members.serialize_entry("leadPrice", &self.price())?;
        members.serialize_entry("chargeState", &self.state().map(ChargeState::as_str))?;
        members.end()
    }
}
