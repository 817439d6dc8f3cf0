//! The real program, and what the tests of its processes have in common.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use testkit::partner::{Partner, REDIRECT, Tokens, form, parameter};
use testkit::{Pro, process};

/// The program under test.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_corkboard"))
}

/// Runs a command line of the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    process::run(program(), arguments)
}

/// What a command wrote, for people who read failed tests too.
pub(crate) fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A lead without ids for a business, as the operator feeds it in.
pub(crate) fn new_lead(business_id: &str, category: &str, title: &str) -> Value {
    json!({
        "businessID": business_id,
        "request": {
            "category": category, "title": title, "travelPreferences": "Professional must travel to me.",
            "location": {"city": "Austin", "state": "TX", "zipCode": "78701"}
        },
        "customer": {"name": "Jo Example"},
    })
}

/// Connects a business as a pro does in a browser, and exchanges the code.
pub(crate) async fn connect(pro: &Pro, business_id: &str, partner: &Partner) -> Tokens {
    let parameters = [
        ("client_id", partner.client_id.as_str()),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "messages"),
    ];
    let page = format!("/services/partner-connect/?{}", form(&parameters));
    let page = pro.open_logged_in(&page).await;
    let answer = pro
        .submit(&page, "business_id", &[("business_id", business_id)])
        .await;
    let location = answer
        .header("location")
        .expect("the browser is sent to the partner");
    let code = parameter(location, "code").expect("with a code");
    Tokens::of(&partner.exchange(&code).await)
}
