//! The endpoints over HTTP, as real client libraries call them: where they put their credentials and parameters, and
//! which answers they choke on.

mod program;

use axum::body::Body;
use http::{Request, header};
use serde_json::Value;

use super::*;
use crate::testing::{OTHER, OWN, SECRET, arrange};
use program::{FORM, OWN_BASIC, Program, Sent, form, refused};

#[tokio::test]
async fn the_answer_has_its_members_in_the_documented_order_and_is_not_stored() {
    let program = Program::new().await;
    let query = program.code_form().await;
    // As curl in the source and a Rails CRM do: everything in the query, and nothing in the body.
    let sent = Sent {
        basic: OWN_BASIC,
        content_type: Some("application/json"),
        body: String::new(),
    };
    let reply = program
        .post(&format!("/v2/tokens/access?{query}"), sent)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let body = reply.json();
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["access_token", "token_type", "expires_in", "refresh_token"]
    );
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["expires_in"], 3_600);
    assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn credentials_and_parameters_come_in_every_usual_way() {
    let program = Program::new().await;
    let body = form(&[("client_id", OWN), ("client_secret", SECRET)]);
    let in_body = format!("{}&{body}", program.code_form().await);
    let sent = Sent {
        basic: None,
        content_type: FORM,
        body: in_body,
    };
    let first = program.post(paths::TOKEN, sent.clone()).await;
    assert_eq!(first.status, 200, "{}", first.text);
    // Form-encoded Basic, and a JSON body.
    let token = first.json()["refresh_token"].clone();
    let encoded = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect::<String>();
    let sent = Sent {
        basic: Some((OWN, &encoded)),
        content_type: Some("application/json; charset=utf-8"),
        body: serde_json::json!({"grant_type": "refresh_token", "refresh_token": token})
            .to_string(),
    };
    let second = program.post(paths::TOKEN, sent.clone()).await;
    assert_eq!(second.status, 200, "{}", second.text);
    // The grace period: the same bytes.
    assert_eq!(program.post(paths::TOKEN, sent).await.text, second.text);
}

#[tokio::test]
async fn a_failed_authentication_is_told_in_the_endpoints_style_and_leaves_the_code() {
    let program = Program::new().await;
    let body = program.code_form().await;
    let mut told = Vec::new();
    for basic in [Some((OWN, "wrong")), Some(("nobody", SECRET))] {
        let sent = Sent {
            basic,
            content_type: FORM,
            body: body.clone(),
        };
        let source = program.post(paths::TOKENS_ACCESS, sent.clone()).await;
        assert_eq!(source.refusal(), refused(400, "INVALID_CLIENT"));
        assert_eq!(source.json()["error_code"], "INVALID_CLIENT");
        let rfc = program.post(paths::TOKEN, sent).await;
        assert_eq!(rfc.refusal(), (401, "invalid_client".to_owned(), true));
        assert!(
            rfc.headers[header::WWW_AUTHENTICATE]
                .to_str()
                .unwrap()
                .starts_with("Basic")
        );
        assert_eq!(rfc.json()["error_code"], "INVALID_CLIENT");
        told.push(source.json()["error_description"].clone());
    }
    assert_eq!(told[0], told[1]);
    // Credentials in the body get no challenge, which would hide the body from some clients.
    let wrong = form(&[("client_id", OWN), ("client_secret", "wrong")]);
    let sent = Sent {
        basic: None,
        content_type: FORM,
        body: format!("{body}&{wrong}"),
    };
    let rfc = program.post(paths::TOKEN, sent).await;
    assert_eq!(rfc.refusal(), refused(400, "invalid_client"));
    assert_eq!(program.post_form(paths::TOKEN, body).await.status, 200);
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named_and_costs_nothing() {
    let program = Program::new().await;
    let good = program.code_form().await;
    for (from, to, code, named) in [
        (
            "grant_type=authorization_code",
            "",
            "INVALID_REQUEST",
            "grant_type",
        ),
        (
            "=authorization_code",
            "=password",
            "UNSUPPORTED_GRANT_TYPE",
            "grant_type",
        ),
        ("token_type=AUTH_CODE", "", "INVALID_REQUEST", "token_type"),
        (
            "token_type=AUTH_CODE",
            "token_type=REFRESH",
            "INVALID_REQUEST",
            "token_type",
        ),
        ("&code=", "&no_code=", "INVALID_REQUEST", "code"),
        ("redirect_uri=", "other=", "INVALID_REQUEST", "redirect_uri"),
        (
            "crm.example",
            "crm.example.evil",
            "INVALID_GRANT",
            "edirect_uri",
        ),
        (
            "https%3A%2F%2F",
            "https%253A%252F%252F",
            "INVALID_GRANT",
            "twice",
        ),
        ("&code=", "&code=x&code=", "INVALID_REQUEST", "code"),
    ] {
        let reply = program
            .post_form(paths::TOKENS_ACCESS, good.replace(from, to))
            .await;
        assert_eq!(reply.refusal(), refused(400, code), "{from} {to}");
        let description = reply.json()["error_description"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(description.contains(named), "{description}");
    }
    assert_eq!(
        program.post_form(paths::TOKENS_ACCESS, good).await.status,
        200
    );
}

#[tokio::test]
async fn a_lenient_client_may_leave_token_type_out_and_not_send_a_wrong_one() {
    let program = Program::new().await;
    let lenient = "UPDATE client SET profile = 'lenient' WHERE client_id = 'own'";
    arrange(&program.bench.core.db, lenient).await;
    let body = program.code_form().await;
    let wrong = body.replace("AUTH_CODE", "REFRESH");
    let reply = program.post_form(paths::TOKENS_ACCESS, wrong).await;
    assert_eq!(reply.refusal(), refused(400, "INVALID_REQUEST"));
    let without = body.replace("&token_type=AUTH_CODE", "");
    let reply = program.post_form(paths::TOKENS_ACCESS, without).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn a_client_that_lost_every_scope_may_use_no_grant() {
    let program = Program::new().await;
    let body = program.code_form().await;
    let without = "UPDATE client SET scopes = '' WHERE client_id = 'own'";
    arrange(&program.bench.core.db, without).await;
    let source = program.post_form(paths::TOKENS_ACCESS, body.clone()).await;
    assert_eq!(source.refusal(), refused(400, "UNAUTHORIZED_CLIENT"));
    let rfc = program.post_form(paths::TOKEN, body).await;
    assert_eq!(rfc.refusal(), refused(400, "unauthorized_client"));
}

#[tokio::test]
async fn a_repeated_code_is_an_invalid_grant() {
    let program = Program::new().await;
    let body = program.code_form().await;
    assert_eq!(
        program.post_form(paths::TOKEN, body.clone()).await.status,
        200
    );
    let again = program.post_form(paths::TOKEN, body).await;
    assert_eq!(again.refusal(), refused(400, "invalid_grant"));
    assert_eq!(again.json()["error_code"], "INVALID_GRANT");
}

#[tokio::test]
async fn more_scope_is_refused_in_each_style_and_less_is_told() {
    let program = Program::new().await;
    let pair = program.bench.connect(OWN).await;
    let body = |scope: &str| {
        form(&[
            ("grant_type", "refresh_token"),
            ("token_type", "REFRESH"),
            ("refresh_token", pair.refresh_token.expose()),
            ("scope", scope),
        ])
    };
    let source = program
        .post_form(paths::TOKENS_ACCESS, body("messages bookings"))
        .await;
    assert_eq!(source.refusal(), refused(400, "INSUFFICIENT_SCOPE"));
    let rfc = program
        .post_form(paths::TOKEN, body("messages bookings"))
        .await;
    assert_eq!(rfc.refusal(), refused(400, "invalid_scope"));
    let less = program.post_form(paths::TOKEN, body("messages")).await;
    assert_eq!(less.json()["scope"], "messages targeting");
    let same = program
        .post_form(paths::TOKEN, body("targeting,messages"))
        .await;
    assert_eq!(same.json()["scope"], Value::Null);
}

#[tokio::test]
async fn info_revocation_introspection_and_disconnect_answer_as_documented() {
    let program = Program::new().await;
    let pair = program.bench.connect(OWN).await;
    let access = pair.access_token.expose();
    let business_pk = program.bench.business_id.to_string();
    let info = async || {
        let request = Request::get("/v2/get-thumbtack-info")
            .header(header::AUTHORIZATION, format!("Bearer {access}"));
        program.send(request.body(Body::empty()).unwrap()).await
    };
    let expected = format!(
        r#"{{"business_pk":"{business_pk}","client_id":"own","scope":["messages","targeting"],"business_name":"cleaner business"}}"#
    );
    assert_eq!(info().await.text, expected);
    let asked = form(&[("token", access)]);
    let own = program
        .post_form(paths::TOKENS_INTROSPECT, asked.clone())
        .await;
    assert_eq!(own.json()["active"], true);
    let foreign = Sent {
        basic: Some((OTHER, SECRET)),
        content_type: FORM,
        body: asked.clone(),
    };
    let foreign = program.post(paths::INTROSPECT, foreign).await;
    assert_eq!(foreign.text, r#"{"active":false}"#);
    assert_eq!(
        program.post_form(paths::TOKENS_REVOKE, asked).await.status,
        200
    );
    let ended = info().await;
    assert_eq!(ended.refusal(), (401, "INVALID_TOKEN".to_owned(), true));
    for _ in 0..2 {
        let path = format!("/v2/disconnect-partner?business_pk={business_pk}");
        let sent = Sent {
            basic: OWN_BASIC,
            ..Sent::default()
        };
        let reply = program.post(&path, sent).await;
        assert_eq!(
            reply.text,
            format!(r#"{{"business_pk":"{business_pk}","client_id":"own"}}"#)
        );
    }
}

#[tokio::test]
async fn a_disconnect_needs_a_business_that_exists_and_the_right_secret() {
    let program = Program::new().await;
    for (query, basic, expected) in [
        ("", OWN_BASIC, refused(400, "INVALID_REQUEST")),
        ("?business_pk=", OWN_BASIC, refused(400, "INVALID_REQUEST")),
        (
            "?business_pk=abc",
            OWN_BASIC,
            refused(400, "INVALID_REQUEST"),
        ),
        ("?business_pk=5", OWN_BASIC, refused(404, "NOT_FOUND")),
        (
            "?business_pk=5",
            Some((OWN, "wrong")),
            (401, "UNAUTHORIZED".to_owned(), true),
        ),
        (
            "?business_pk=5",
            None,
            (401, "UNAUTHORIZED".to_owned(), true),
        ),
    ] {
        let sent = Sent {
            basic,
            ..Sent::default()
        };
        let reply = program
            .post(&format!("/v2/disconnect-partner{query}"), sent)
            .await;
        assert_eq!(reply.refusal(), expected, "{query}");
    }
}

#[tokio::test]
async fn the_metadata_name_the_endpoints_of_the_rfcs() {
    let program = Program::new().await;
    let request = Request::get(paths::METADATA).body(Body::empty()).unwrap();
    let metadata = program.send(request).await.json();
    assert_eq!(metadata["issuer"], "https://platform.example");
    assert_eq!(
        metadata["authorization_endpoint"],
        "https://platform.example/oauth2/auth"
    );
    assert_eq!(
        metadata["token_endpoint"],
        "https://platform.example/oauth2/token"
    );
    assert_eq!(
        metadata["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
    assert_eq!(
        metadata["authorization_response_iss_parameter_supported"],
        true
    );
}

#[tokio::test]
async fn a_read_of_the_token_endpoint_names_its_method() {
    let program = Program::new().await;
    let request = Request::get(paths::TOKENS_ACCESS)
        .body(Body::empty())
        .unwrap();
    let reply = program.send(request).await;
    assert_eq!(
        (reply.status, &reply.headers[header::ALLOW]),
        (405, &"POST".parse().unwrap())
    );
}
