//! Switching a business's targeting (§3.2): `{"enabled": true|false|"true"|"false"}`.

use serde::Serialize;
use serde_json::Value;

use crate::json::{Members, Problem, Problems};

/// Whether customers are to be offered the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TargetingChange {
    /// On or off.
    pub enabled: bool,
}

impl TargetingChange {
    /// Reads the body, or names what is wrong with it. The source's own sample has the string.
    pub fn parse(body: &Value) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new();
        let change = Members::of_body(body, &problems).and_then(|members| {
            let enabled = match members.required("enabled")? {
                Value::Bool(enabled) => *enabled,
                Value::String(text) if text == "true" => true,
                Value::String(text) if text == "false" => false,
                _ => {
                    members.report("enabled", "must be true, false, \"true\" or \"false\"");
                    return None;
                }
            };
            Some(Self { enabled })
        });
        problems.finish(change)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::sentence;

    #[test]
    fn a_bool_or_its_name_switches() {
        for (value, enabled) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(false), false),
            (json!("false"), false),
        ] {
            let change = TargetingChange::parse(&json!({ "enabled": value })).unwrap();
            assert_eq!(change.enabled, enabled);
        }
    }

    #[test]
    fn anything_else_is_named() {
        let invalid = "/enabled must be true, false, \"true\" or \"false\".";
        for (body, complaint) in [
            (json!({}), "/enabled is required."),
            (json!({"enabled": null}), "/enabled must not be null."),
            (json!({"enabled": 1}), invalid),
            (json!({"enabled": "yes"}), invalid),
            (json!({"enabled": "TRUE"}), invalid),
            (json!([true]), "the body must be an object."),
        ] {
            assert_eq!(
                sentence(&TargetingChange::parse(&body).unwrap_err()),
                complaint
            );
        }
    }
}
