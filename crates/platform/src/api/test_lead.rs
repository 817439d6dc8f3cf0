//! Test data for partners (protocol §3.3). Only staging has this route.

use axum::Json;
use axum::extract::State;
use protocol::id::BusinessId;
use protocol::json::{Members, Problems, sentence};
use protocol::lead::Lead;
use serde_json::Value;
use web::body::OptionalJsonBody;
use web::error::ApiError;

use crate::api::errors;
use crate::api::partner_basic::BasicPartner;
use crate::core::Core;
use crate::service::test_lead;

/// `POST /v1/test/create-lead`
pub(super) async fn create_test_lead(
    partner: BasicPartner,
    State(core): State<Core>,
    OptionalJsonBody(body): OptionalJsonBody,
) -> Result<Json<Lead>, ApiError> {
    let business_id = match &body {
        None => None,
        Some(body) => business_id(body)?,
    };
    let lead = test_lead::create(&core, partner.partner_id, business_id).await;
    Ok(Json(lead.map_err(errors::test_lead)?))
}

/// The business, if one is named: the source's sample leaves the quotation marks of the id out.
fn business_id(body: &Value) -> Result<Option<BusinessId>, ApiError> {
    let problems = Problems::new();
    let read =
        Members::of_body(body, &problems).map(|members| match members.optional("businessID") {
            Some(Value::Number(number)) => {
                let id = number.as_i64().and_then(BusinessId::from_i64);
                if id.is_none() {
                    members.report("businessID", "must be an id in decimal digits");
                }
                id
            }
            _ => members.optional_parsed("businessID", BusinessId::parse),
        });
    let finished = problems.finish(read);
    finished.map_err(|problems| ApiError::bad_request(sentence(&problems)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_business_may_be_a_number_a_text_or_absent() {
        let id = BusinessId::from_i64(286_900_112_233_445_504);
        for (body, expected) in [
            (json!({"businessID": 286_900_112_233_445_504_i64}), id),
            (json!({"businessID": "286900112233445504"}), id),
            (json!({"businessID": null}), None),
            (json!({"other": 1}), None),
            (json!({}), None),
        ] {
            assert_eq!(business_id(&body).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn what_is_no_id_is_named() {
        for value in [
            json!(0),
            json!(-5),
            json!(1.5),
            json!(1e300),
            json!("x"),
            json!(""),
            json!([1]),
            json!(true),
        ] {
            let error = business_id(&json!({"businessID": value})).unwrap_err();
            assert!(
                error.description().starts_with("/businessID must "),
                "{value}"
            );
        }
    }
}
