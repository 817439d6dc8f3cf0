//! Events about a lead: itself, and its price.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::value::{Arrived, inner_text, moment, text};
use crate::phone::Phone;
use crate::price::Price;
use crate::schedule::{Schedule, ScheduleWindow};
use crate::timestamp::UnixSeconds;

/// The data of `lead.received` and `lead.revised`.
#[derive(Debug, Clone, Serialize)]
pub struct LeadEvent<'a> {
    #[serde(rename = "leadID")]
    lead_id: Option<&'a str>,
    #[serde(rename = "businessID")]
    business_id: Option<&'a str>,
    #[serde(rename = "customerID")]
    customer_id: Option<&'a str>,
    created_at: Option<String>,
    received_at: String,
    revision: usize,
    schedule: Option<SchedulePart>,
    price: Option<PricePart>,
    charge: Option<ChargePart>,
    phone: Option<Phone>,
    lead: &'a Map<String, Value>,
}

/// The data of `lead.updated`.
#[derive(Debug, Clone, Serialize)]
pub struct ChargeEvent<'a> {
    #[serde(rename = "leadID")]
    lead_id: Option<&'a str>,
    #[serde(rename = "businessID")]
    business_id: Option<&'a str>,
    #[serde(rename = "customerID")]
    customer_id: Option<&'a str>,
    received_at: String,
    charge: Option<ChargePart>,
    update: &'a Map<String, Value>,
}

#[derive(Debug, Clone, Serialize)]
struct SchedulePart {
    text: String,
    understood: bool,
    unread: Vec<String>,
    year_inferred: bool,
    length_minutes: Option<u32>,
    windows: Vec<WindowPart>,
}

#[derive(Debug, Clone, Serialize)]
struct WindowPart {
    date: String,
    start: Option<String>,
    end: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct PricePart {
    cents: Option<i64>,
    per: Option<String>,
    text: String,
}

#[derive(Debug, Clone, Serialize)]
struct ChargePart {
    cents: Option<i64>,
    per: Option<String>,
    text: String,
    state: Option<String>,
}

impl<'a> LeadEvent<'a> {
    /// The lead with these members (§4.1), as it stands.
    pub fn read(lead: &'a Map<String, Value>, arrived: Arrived) -> Self {
        let made_at =
            text(lead, "createTimestamp").and_then(|count| UnixSeconds::parse(count).ok());
        let made_at = made_at.map(UnixSeconds::timestamp);
        let schedule = inner_text(lead, "request", "schedule").filter(|text| has_words(text));
        let phone = inner_text(lead, "customer", "phone").filter(|text| has_words(text));
        Self {
            lead_id: text(lead, "leadID"),
            business_id: inner_text(lead, "business", "businessID"),
            customer_id: inner_text(lead, "customer", "customerID"),
            created_at: made_at.map(moment),
            received_at: moment(arrived.at),
            revision: arrived.revision,
            schedule: schedule.map(|text| SchedulePart::read(text, made_at.unwrap_or(arrived.at))),
            price: text(lead, "price").map(PricePart::read),
            charge: ChargePart::read(lead),
            phone: phone.map(Phone::read),
            lead,
        }
    }
}

impl<'a> ChargeEvent<'a> {
    /// The update with these members (§4.3) of the lead with those.
    pub fn read(
        update: &'a Map<String, Value>,
        lead: &'a Map<String, Value>,
        received_at: Timestamp,
    ) -> Self {
        Self {
            lead_id: text(update, "leadID"),
            business_id: inner_text(lead, "business", "businessID"),
            customer_id: inner_text(lead, "customer", "customerID"),
            received_at: moment(received_at),
            charge: ChargePart::read(update),
            update,
        }
    }
}

impl SchedulePart {
    fn read(text: &str, made_at: Timestamp) -> Self {
        let schedule = Schedule::read(text);
        let windows = schedule.windows(made_at);
        Self {
            text: text.to_owned(),
            understood: windows.unread.is_empty(),
            unread: windows.unread,
            year_inferred: windows.is_year_inferred,
            length_minutes: schedule.length_minutes(),
            windows: windows.windows.into_iter().map(WindowPart::of).collect(),
        }
    }
}

impl WindowPart {
    fn of(window: ScheduleWindow) -> Self {
        let clock = |time: jiff::civil::Time| format!("{:02}:{:02}", time.hour(), time.minute());
        Self {
            date: window.date.to_string(),
            start: window.start.map(clock),
            end: window.end.map(clock),
            name: window.name,
        }
    }
}

impl PricePart {
    fn read(text: &str) -> Self {
        let price = Price::new(text);
        Self {
            cents: price.cents(),
            per: price.unit().map(str::to_owned),
            text: text.to_owned(),
        }
    }
}

impl ChargePart {
    /// `leadPrice` and `chargeState`; nothing while there is no price.
    fn read(members: &Map<String, Value>) -> Option<Self> {
        let price = PricePart::read(text(members, "leadPrice")?);
        Some(Self {
            cents: price.cents,
            per: price.per,
            text: price.text,
            state: text(members, "chargeState").map(str::to_owned),
        })
    }
}

fn has_words(text: &str) -> bool {
    !text.trim().is_empty()
}
