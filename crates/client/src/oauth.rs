//! The token endpoint: from code to tokens and from old tokens to new (§2.2).
//!
//! Keeping tokens fresh is [`crate::TokenKeeper`]'s work; a program that uses it calls [`Client::exchange_code`] alone.

use std::time::Duration;

use base::Secret;
use http::Method;
use protocol::paths::oauth;

use crate::addresses::TokenParameters;
use crate::client::Client;
use crate::error::ClientError;
use crate::tokens::TokenPair;
use crate::transport::{Authorization, CALL_DEADLINE, Call};

/// How long one refresh may take. It is short so that a second and a third fit into the grace period of 10 s when the
/// first one's answer is lost (§2.2 D5).
pub(crate) const REFRESH_DEADLINE: Duration = Duration::from_secs(3);

/// What turns a code into tokens.
#[derive(Clone, Debug)]
pub struct CodeExchange<'a> {
    /// The code that came back to the redirect URI; good for five minutes and once.
    pub code: &'a Secret,
    /// The redirect URI of the connect request; any registered one if that had none.
    pub redirect_uri: &'a str,
    /// The verifier whose challenge the connect request carried (RFC 7636).
    pub code_verifier: Option<&'a Secret>,
}

impl Client {
    /// Exchanges a code for the first pair of tokens (§2.2, `AUTH_CODE`).
    ///
    /// # Errors
    /// [`ClientError::is_invalid_grant`] if the code is used, expired or another client's: the pro has to connect again.
    /// After an uncertain answer the same holds for the code, most likely.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// # let code = example.new_code().await;
    /// use client::CodeExchange;
    ///
    /// let exchange = CodeExchange {
    ///     code: &code,
    ///     redirect_uri: "http://127.0.0.1:8999/callback",
    ///     code_verifier: None,
    /// };
    /// let tokens = client.exchange_code(&exchange).await?;
    /// assert_eq!(tokens.expires_in.as_secs(), 3_600);
    ///
    /// // A code works once.
    /// let error = client.exchange_code(&exchange).await.unwrap_err();
    /// assert!(error.is_invalid_grant());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn exchange_code(
        &self,
        exchange: &CodeExchange<'_>,
    ) -> Result<TokenPair, ClientError> {
        let mut parameters = vec![
            ("grant_type", "authorization_code"),
            ("code", exchange.code.expose()),
            ("redirect_uri", exchange.redirect_uri),
            ("token_type", "AUTH_CODE"),
        ];
        let verifier = exchange.code_verifier;
        parameters.extend(verifier.map(|verifier| ("code_verifier", verifier.expose())));
        self.ask_for_tokens(&parameters, CALL_DEADLINE).await
    }

    /// Exchanges a refresh token for a new pair (§2.2, `REFRESH`).
    ///
    /// # Errors
    /// [`ClientError::may_have_had_effect`]: the answer was lost; ask again with the same token within ten seconds.
    /// [`ClientError::is_invalid_grant`]: the token is used up, expired or revoked.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// # let tokens = &example.tokens;
    /// let next = client.refresh(&tokens.refresh_token).await?;
    ///
    /// // The answer was lost? For ten seconds the same question gives the same pair.
    /// let again = client.refresh(&tokens.refresh_token).await?;
    /// assert_eq!(again.refresh_token.expose(), next.refresh_token.expose());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<TokenPair, ClientError> {
        let parameters = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose()),
            ("token_type", "REFRESH"),
        ];
        self.ask_for_tokens(&parameters, REFRESH_DEADLINE).await
    }

    /// Ends a grant by either of its tokens (RFC 7009). The real platform does not document it; see
    /// [`Client::disconnect`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// # let tokens = &example.tokens;
    /// client.revoke(&tokens.refresh_token).await?;
    /// assert!(client.info(&tokens.access_token).await.unwrap_err().is_unauthorized());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revoke(&self, token: &Secret) -> Result<(), ClientError> {
        let url = self.addresses().api(oauth::TOKENS_REVOKE);
        let credentials = self.credentials();
        let call = Call::new(Method::POST, url, &Authorization::Basic(&credentials))?
            .with_form(&[("token", token.expose())]);
        // The RFC leaves the body of a success open.
        call.send(self.outgoing()).await.map(|_| ())
    }

    async fn ask_for_tokens(
        &self,
        parameters: &[(&str, &str)],
        deadline: Duration,
    ) -> Result<TokenPair, ClientError> {
        let url = self.addresses().token_url().clone();
        let credentials = self.credentials();
        let call = Call::new(Method::POST, url, &Authorization::Basic(&credentials))?;
        let call = match self.addresses().token_parameters() {
            TokenParameters::Query => call.with_query(parameters),
            TokenParameters::Form => call.with_form(parameters),
        };
        let success = call.within(deadline).send(self.outgoing()).await?;
        success.read(TokenPair::read)
    }
}
