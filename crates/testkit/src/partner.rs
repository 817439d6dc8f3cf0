//! A partner's program: an OAuth client that sends what the source's samples send (protocol §2.2 to §3.2).

use data_encoding::BASE64;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::http::{Http, Reply};

/// The redirect URI of the source's samples: it has no path.
pub const REDIRECT: &str = "http://redirect.localhost";

/// An OAuth client at one address of the platform.
#[derive(Clone, Debug)]
pub struct Partner {
    http: Http,
    url: String,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
}

/// A pair of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// For calls.
    pub access: String,
    /// For the next pair.
    pub refresh: String,
}

impl Tokens {
    /// The pair in an answer of the token endpoint.
    ///
    /// # Panics
    /// If the answer is not 200 with both tokens.
    #[track_caller]
    pub fn of(reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.text());
        let body = reply.json();
        let text = |name: &str| body[name].as_str().expect("a token is text").to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }
}

impl Partner {
    /// A client with these credentials.
    pub fn new(http: Http, url: &str, client_id: &str, client_secret: &str) -> Self {
        Self {
            http,
            url: url.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
        }
    }

    /// The same client, talking to another instance of the platform.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..self.clone()
        }
    }

    /// The same client with another secret.
    #[must_use]
    pub fn with_secret(&self, client_secret: &str) -> Self {
        Self {
            client_secret: client_secret.to_owned(),
            ..self.clone()
        }
    }

    /// The value of the `Authorization` header, in the plain encoding.
    pub fn basic(&self) -> String {
        basic(&self.client_id, &self.client_secret)
    }

    /// A POST to a path (with its query), without credentials and without a body.
    pub fn post(&self, path_and_query: &str) -> RequestBuilder {
        let url = format!("{}{path_and_query}", self.url);
        self.http.request(Method::POST, &url)
    }

    /// A POST whose parameters are in the query, with Basic credentials.
    pub async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        let request = self.post(&format!("{path}?{}", form(parameters)));
        Http::send(request.header("authorization", self.basic())).await
    }

    /// Asks for tokens in the source's style.
    pub async fn tokens(&self, parameters: &[(&str, &str)]) -> Reply {
        self.ask("/v2/tokens/access", parameters).await
    }

    /// Exchanges a code that was sent to [`REDIRECT`].
    pub async fn exchange(&self, code: &str) -> Reply {
        self.tokens(&exchange_parameters(code)).await
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> Reply {
        let parameters = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("token_type", "REFRESH"),
        ];
        self.tokens(&parameters).await
    }

    /// Ends the client's connection to a business.
    pub async fn disconnect(&self, business_id: &str) -> Reply {
        let parameters = [("business_pk", business_id)];
        self.ask("/v2/disconnect-partner", &parameters).await
    }

    /// Asks what a token is for.
    pub async fn info(&self, access_token: &str) -> Reply {
        let url = format!("{}/v2/get-thumbtack-info", self.url);
        let request = self.http.request(Method::GET, &url);
        Http::send(request.header("authorization", format!("Bearer {access_token}"))).await
    }

    /// Sends a JSON body with a bearer token.
    pub async fn call(
        &self,
        method: Method,
        access_token: &str,
        path: &str,
        body: &Value,
    ) -> Reply {
        let url = format!("{}{path}", self.url);
        let authorization = format!("Bearer {access_token}");
        self.http
            .json(method, &url, Some(&authorization), body)
            .await
    }

    /// Sends a message to the customer of a lead.
    pub async fn send_message(&self, access_token: &str, lead: &LeadIds, text: &str) -> Reply {
        let path = format!(
            "/v2/business/{}/lead/{}/message",
            lead.business_id, lead.lead_id
        );
        let body = json!({"text": text});
        self.call(Method::POST, access_token, &path, &body).await
    }

    /// Switches the targeting of a business.
    pub async fn set_targeting(
        &self,
        access_token: &str,
        business_id: &str,
        enabled: bool,
    ) -> Reply {
        let path = format!("/v3/accounts/~/services/{business_id}/preferences/targeting");
        let body = json!({"enabled": enabled});
        self.call(Method::PATCH, access_token, &path, &body).await
    }
}

/// Where a lead is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadIds {
    /// The business that it reached.
    pub business_id: String,
    /// The lead.
    pub lead_id: String,
}

/// The parameters of the source's sample link, and `more`.
pub fn connect_parameters<'a>(
    client_id: &'a str,
    scope: &'a str,
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let sample = [
        ("client_id", client_id),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", scope),
    ];
    [&sample, more].concat()
}

/// The parameters of the exchange of a code, as in the source's sample.
pub fn exchange_parameters(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("token_type", "AUTH_CODE"),
    ]
}

/// The value of an `Authorization` header for a name and a secret.
pub fn basic(name: &str, secret: &str) -> String {
    format!(
        "Basic {}",
        BASE64.encode(format!("{name}:{secret}").as_bytes())
    )
}

/// Parameters as they stand in a query or a form body.
pub fn form(parameters: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

/// A parameter of the query of an address.
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let query = query.split('#').next().unwrap_or(query);
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, value) = pairs.find(|(known, _)| known == name)?;
    Some(value.into_owned())
}

/// The same as the source's sample has it: with a line end after the secret, and one `=` too many (protocol §1).
pub fn odd_basic(name: &str, secret: &str) -> String {
    format!(
        "Basic {}=",
        BASE64.encode(format!("{name}:{secret}\n").as_bytes())
    )
}
