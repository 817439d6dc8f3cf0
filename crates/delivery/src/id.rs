//! The engine's own ids: where to, and in which order. Those of deliveries and businesses are the protocol's.

use std::fmt;

use database::{FromColumn, Value};
use protocol::id::{BusinessId, LeadId, PartnerId};

/// How many shards the endpoints are spread over. Rows of `delivery_shard`, so it never changes.
pub(crate) const SHARDS: i64 = 256;

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The id with this number.
            pub const fn new(value: i64) -> Self {
                Self(value)
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromColumn for $name {
            fn from_column(value: &Value) -> Result<Self, String> {
                i64::from_column(value).map(Self)
            }
        }
    )+};
}

ids! {
    /// Where deliveries go: a partner on the platform's side, a forward to a CRM on the gateway's.
    EndpointId;
    /// What deliveries are ordered within: a lead, or the business for what belongs to no lead.
    ConversationId;
}

impl EndpointId {
    /// The shard that the endpoint belongs to, for ever: a mixing hash (`SplitMix64`'s last step) modulo [`SHARDS`].
    pub(crate) const fn shard(self) -> i64 {
        let mut mixed = self.0.cast_unsigned();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).cast_signed().rem_euclid(SHARDS)
    }
}

impl From<PartnerId> for EndpointId {
    fn from(id: PartnerId) -> Self {
        Self(id.get())
    }
}

impl From<LeadId> for ConversationId {
    fn from(id: LeadId) -> Self {
        Self(id.get())
    }
}

impl From<BusinessId> for ConversationId {
    fn from(id: BusinessId) -> Self {
        Self(id.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_spread_over_the_shards_and_stay_where_they_are() {
        let mut counts = [0; 256];
        for number in 0..25_600 {
            let shard = EndpointId::new(number << 10).shard();
            counts[usize::try_from(shard).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (50..200).contains(count)));
        // Rows in databases out there depend on these.
        assert_eq!(EndpointId::new(1).shard(), 229);
        assert_eq!(EndpointId::new(380_497_493_950_742_534).shard(), 94);
    }
}
