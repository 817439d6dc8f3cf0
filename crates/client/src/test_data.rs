//! Test data in a platform's staging environment (§3.3).

use http::Method;
use protocol::basic_credentials::Credentials;
use protocol::id::BusinessId;
use protocol::json::sentence;
use protocol::lead::Lead;
use protocol::paths::partner;
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::ClientError;
use crate::transport::{Authorization, Call};

impl Client {
    /// Makes a lead for a business of the test environment; the platform also delivers it to the partner's endpoint.
    ///
    /// # Errors
    /// [`ClientError::is_not_found`] in production, where there is no such call.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// let lead = client.create_test_lead(&example.partner, example.business_id).await?;
    /// assert_eq!(lead.business.business_id, example.business_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_test_lead(
        &self,
        partner: &Credentials,
        business_id: BusinessId,
    ) -> Result<Lead, ClientError> {
        let body = json!({ "businessID": business_id.to_string() });
        self.post_create_lead(partner, &body).await
    }

    /// Makes a dummy business and a lead for it; otherwise like [`Client::create_test_lead`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// let lead = client.create_test_lead_and_business(&example.partner).await?;
    /// assert_ne!(lead.business.business_id, example.business_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_test_lead_and_business(
        &self,
        partner: &Credentials,
    ) -> Result<Lead, ClientError> {
        self.post_create_lead(partner, &json!({})).await
    }

    async fn post_create_lead(
        &self,
        partner: &Credentials,
        body: &Value,
    ) -> Result<Lead, ClientError> {
        let url = self.addresses().api(partner::CREATE_LEAD);
        let call = Call::new(Method::POST, url, &Authorization::Basic(partner))?.with_json(body);
        let lead = call.send(self.outgoing()).await?.object()?;
        Lead::parse(&lead).map_err(|problems| ClientError::Malformed(sentence(&problems)))
    }
}
