//! The kinds of leads.

use serde::{Serialize, Serializer};

macro_rules! lead_types {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal;)+) => {
        /// How a customer's request became a lead (§4.1). A receiver accepts kinds that it does not know.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum LeadType {
            $($(#[doc = $doc])+ $variant,)+
            /// A kind that came after this program.
            Other(String),
        }

        impl LeadType {
            /// All kinds that the protocol names.
            pub const KNOWN: &[Self] = &[$(Self::$variant,)+];

            /// The kind with this name, whatever it is.
            pub fn new(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }

            /// The name on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other(name) => name,
                }
            }
        }
    };
}

lead_types! {
    /// The customer asked when the pro is free.
    Availability = "AVAILABILITY";
    /// The customer got in touch.
    Contact = "CONTACT";
    /// The customer asked for an estimate.
    Estimation = "ESTIMATION";
    /// The customer called.
    Call = "CALL";
    /// The customer asked for an appointment.
    Booking = "BOOKING";
    /// A consultation by phone.
    PhoneConsultation = "PHONE_CONSULTATION";
    /// The customer booked an open slot.
    InstantBook = "INSTANT_BOOK";
    /// The lead came from an advertisement.
    Sponsored = "SPONSORED";
    /// The customer booked a consultation.
    InstantConsult = "INSTANT_CONSULT";
    /// The customer booked a visit.
    ServiceCall = "SERVICE_CALL";
    /// The platform sold the job itself.
    Fulfillment = "FULFILLMENT";
    /// The customer asked for a quote.
    RequestAQuote = "REQUEST_A_QUOTE";
    /// The customer asked for a quote outside the pro's preferences.
    MismatchRequestAQuote = "MISMATCH_REQUEST_A_QUOTE";
}

impl LeadType {
    /// Whether leads of this kind carry the customer's street address.
    pub const fn wants_address(&self) -> bool {
        matches!(
            self,
            Self::InstantBook | Self::Booking | Self::InstantConsult | Self::ServiceCall
        )
    }
}

impl std::fmt::Display for LeadType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for LeadType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_unknown_ones_are_kept() {
        for kind in LeadType::KNOWN {
            assert_eq!(LeadType::new(kind.as_str()), *kind);
        }
        let unknown = LeadType::new("VIDEO_CALL");
        assert_eq!(unknown, LeadType::Other("VIDEO_CALL".into()));
        assert_eq!(unknown.as_str(), "VIDEO_CALL");
    }

    #[test]
    fn four_kinds_carry_an_address() {
        let carrying = LeadType::KNOWN.iter().filter(|kind| kind.wants_address());
        let names: Vec<&str> = carrying.map(LeadType::as_str).collect();
        assert_eq!(
            names,
            ["BOOKING", "INSTANT_BOOK", "INSTANT_CONSULT", "SERVICE_CALL"]
        );
    }
}
