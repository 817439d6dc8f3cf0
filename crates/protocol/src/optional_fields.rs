//! Which optional members and events a partner is sent (§4.5). Partners that joined before a field existed are not sent
//! it unasked.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// One member, group of members or kind of event that a partner opts into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OptionalField {
    /// `customer.phone`.
    Phone,
    /// `address1` and `address2`, and those only for the lead types that carry them.
    Address,
    /// `request.categoryID`.
    CategoryId,
    /// `attachments` of requests and messages.
    Attachments,
    /// `leadType`.
    LeadType,
    /// `leadPrice` and `chargeState`. The estimate in `price` is older than any partner and is not part of this.
    Price,
    /// Lead updates (§4.3).
    Updates,
    /// Reviews (§4.4).
    Reviews,
}

impl OptionalField {
    /// All of them, in the order of the protocol.
    pub const ALL: [Self; 8] = [
        Self::Phone,
        Self::Address,
        Self::CategoryId,
        Self::Attachments,
        Self::LeadType,
        Self::Price,
        Self::Updates,
        Self::Reviews,
    ];

    /// The name in `fields` (§8.4).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Address => "address",
            Self::CategoryId => "categoryID",
            Self::Attachments => "attachments",
            Self::LeadType => "leadType",
            Self::Price => "price",
            Self::Updates => "updates",
            Self::Reviews => "reviews",
        }
    }

    /// The field with this exact name.
    pub fn parse(name: &str) -> Result<Self, UnknownField> {
        Self::ALL
            .into_iter()
            .find(|field| field.as_str() == name)
            .ok_or(UnknownField)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A name that no optional field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of phone, address, categoryID, attachments, leadType, price, updates, reviews"
)]
pub struct UnknownField;

/// The set that one partner has opted into. The default is what the source's tables list without a mark: address,
/// leadType, price and updates.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OptionalFields(u8);

impl OptionalFields {
    /// Nothing optional.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self(u8::MAX);

    /// Reads a list of names.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownField> {
        names.into_iter().map(OptionalField::parse).collect()
    }

    /// Whether the partner has opted into this.
    pub const fn contains(self, field: OptionalField) -> bool {
        self.0 & field.bit() != 0
    }

    /// The same set and this field.
    #[must_use]
    pub const fn with(self, field: OptionalField) -> Self {
        Self(self.0 | field.bit())
    }

    /// The same set but this field.
    #[must_use]
    pub const fn without(self, field: OptionalField) -> Self {
        Self(self.0 & !field.bit())
    }

    /// The fields, in the order of the protocol.
    pub fn iter(self) -> impl Iterator<Item = OptionalField> {
        OptionalField::ALL
            .into_iter()
            .filter(move |field| self.contains(*field))
    }
}

impl Default for OptionalFields {
    fn default() -> Self {
        Self::from_iter([
            OptionalField::Address,
            OptionalField::LeadType,
            OptionalField::Price,
            OptionalField::Updates,
        ])
    }
}

impl FromIterator<OptionalField> for OptionalFields {
    fn from_iter<I: IntoIterator<Item = OptionalField>>(fields: I) -> Self {
        fields.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for OptionalFields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for OptionalFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(OptionalField::as_str))
    }
}

impl<'de> Deserialize<'de> for OptionalFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Self::parse(names.iter().map(String::as_str)).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_what_the_tables_list_without_a_mark() {
        assert_eq!(
            serde_json::to_string(&OptionalFields::default()).unwrap(),
            r#"["address","leadType","price","updates"]"#
        );
    }

    #[test]
    fn names_come_back_and_others_are_refused() {
        let names = OptionalField::ALL.map(OptionalField::as_str);
        assert_eq!(OptionalFields::parse(names), Ok(OptionalFields::ALL));
        assert_eq!(OptionalFields::parse([]), Ok(OptionalFields::NONE));
        assert_eq!(OptionalFields::parse(["Phone"]), Err(UnknownField));
        assert_eq!(
            serde_json::from_str::<OptionalFields>(r#"["reviews"]"#).unwrap(),
            OptionalFields::NONE.with(OptionalField::Reviews)
        );
        let all_but_phone = OptionalFields::ALL.without(OptionalField::Phone);
        assert!(!all_but_phone.contains(OptionalField::Phone));
        assert_eq!(all_but_phone.iter().count(), 7);
    }
}
