//! Starting a connection: the URL that a pro's browser is sent to (§2.1).

use protocol::pkce::CodeChallenge;
use protocol::scope::Scopes;
use url::Url;

use crate::client::Client;
use crate::transport::encode;

/// What a connection asks the pro for.
#[derive(Clone, Debug)]
pub struct ConnectRequest<'a> {
    /// What the connection is to allow.
    pub scopes: &'a Scopes,
    /// Where the browser comes back to with the code; one that is registered with the platform, character for
    /// character. Without it the pro is shown the code and has to copy it.
    pub redirect_uri: Option<&'a str>,
    /// Comes back unchanged: a random text that ties the answer to this browser.
    pub state: Option<&'a str>,
    /// The challenge of a verifier that [`Client::exchange_code`] will show (RFC 7636).
    pub code_challenge: Option<&'a CodeChallenge>,
}

impl Client {
    /// The page where the pro logs in, chooses a business and confirms (§2.1).
    ///
    /// ```
    /// # use base::{Outgoing, Secret, outgoing::AddressPolicy};
    /// # use client::{Client, ConnectRequest, PlatformAddresses};
    /// # let outgoing = Outgoing::new(AddressPolicy::PublicOnly).unwrap();
    /// # let secret = Secret::new("secret");
    /// use protocol::scope::Scopes;
    ///
    /// let client = Client::new(PlatformAddresses::thumbtack_production(), "MY CRM", secret, outgoing);
    /// let scopes = Scopes::parse(["messages"]).unwrap();
    /// let url = client.authorize_url(&ConnectRequest {
    ///     scopes: &scopes,
    ///     redirect_uri: Some("https://crm.example/callback"),
    ///     state: Some("k3y"),
    ///     code_challenge: None,
    /// });
    /// assert_eq!(
    ///     url.as_str(),
    ///     "https://thumbtack.com/services/partner-connect/?client_id=MY%20CRM\
    ///      &redirect_uri=https%3A%2F%2Fcrm.example%2Fcallback&response_type=code&scope=messages&state=k3y"
    /// );
    /// ```
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// use client::ConnectRequest;
    /// use protocol::scope::Scopes;
    ///
    /// let page = client.authorize_url(&ConnectRequest {
    ///     scopes: &Scopes::parse(["messages", "targeting"])?,
    ///     redirect_uri: Some("http://127.0.0.1:8999/callback"),
    ///     state: Some("a random text"),
    ///     code_challenge: None,
    /// });
    /// assert_eq!(page.path(), "/services/partner-connect/");
    /// # Ok(())
    /// # }
    /// ```
    pub fn authorize_url(&self, request: &ConnectRequest<'_>) -> Url {
        let scope = request.scopes.to_string();
        let mut parameters = vec![("client_id", self.client_id())];
        parameters.extend(request.redirect_uri.map(|uri| ("redirect_uri", uri)));
        parameters.extend([("response_type", "code"), ("scope", &scope)]);
        parameters.extend(request.state.map(|state| ("state", state)));
        if let Some(challenge) = request.code_challenge {
            parameters.extend([
                ("code_challenge", challenge.as_str()),
                ("code_challenge_method", "S256"),
            ]);
        }
        let mut url = self.addresses().connect_url().clone();
        url.set_query(Some(&encode(&parameters)));
        url
    }
}
