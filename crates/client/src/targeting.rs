//! Switching on and off whether customers are offered a business, or one category of it (§3.2).

use base::Secret;
use http::Method;
use protocol::id::{BusinessId, CategoryId};
use protocol::paths::partner::{self, OWN_ACCOUNT};
use protocol::targeting::TargetingChange;
use serde_json::json;

use crate::client::Client;
use crate::error::ClientError;
use crate::transport::{Authorization, Call};

impl Client {
    /// Switches a whole business, scope `targeting`. The account is always the token's own, written `~`. Repeating it
    /// changes nothing.
    ///
    /// # Errors
    /// [`ClientError::is_unauthorized`] also if the token is another business's.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// use protocol::targeting::TargetingChange;
    ///
    /// let off = TargetingChange { enabled: false };
    /// client.set_targeting(&example.tokens.access_token, example.business_id, off).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_targeting(
        &self,
        access_token: &Secret,
        business_id: BusinessId,
        change: TargetingChange,
    ) -> Result<(), ClientError> {
        let path = partner::targeting(OWN_ACCOUNT, business_id);
        self.patch_targeting(access_token, &path, change).await
    }

    /// Switches one category of a business; otherwise like [`Client::set_targeting`].
    ///
    /// # Errors
    /// [`ClientError::is_not_found`] if the category is not one of the business's.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let example = testkit::example::Example::start().await;
    /// # let client = &example.client;
    /// use protocol::targeting::TargetingChange;
    ///
    /// # let token = &example.tokens.access_token;
    /// let off = TargetingChange { enabled: false };
    /// client.set_category_targeting(token, example.business_id, example.category_id, off).await?;
    ///
    /// // A category that the business does not have.
    /// let unknown = protocol::id::CategoryId::parse("1")?;
    /// let answer = client.set_category_targeting(token, example.business_id, unknown, off).await;
    /// assert!(answer.unwrap_err().is_not_found());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_category_targeting(
        &self,
        access_token: &Secret,
        business_id: BusinessId,
        category_id: CategoryId,
        change: TargetingChange,
    ) -> Result<(), ClientError> {
        let path = partner::category_targeting(OWN_ACCOUNT, business_id, category_id);
        self.patch_targeting(access_token, &path, change).await
    }

    async fn patch_targeting(
        &self,
        access_token: &Secret,
        path: &str,
        change: TargetingChange,
    ) -> Result<(), ClientError> {
        let url = self.addresses().api(path);
        let call = Call::new(Method::PATCH, url, &Authorization::Bearer(access_token))?
            .with_json(&json!({ "enabled": change.enabled }));
        let success = call.send(self.outgoing()).await?;
        success.expect_status_success()
    }
}
