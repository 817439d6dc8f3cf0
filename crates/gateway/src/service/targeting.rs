//! Switching whether customers are offered a business, or one of its categories (protocol §3.2). The platform remembers
//! it; the gateway passes it on.

use base::Secret;
use client::ClientError;
use protocol::id::{BusinessId, CategoryId};
use protocol::targeting::TargetingChange;

use super::call::CallError;
use super::connections;
use crate::core::Core;

/// What is switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Business(BusinessId),
    Category(BusinessId, CategoryId),
}

/// Switches the targeting at the platform. It may be asked again after an uncertain answer: it changes nothing more.
pub(crate) async fn switch(
    core: &Core,
    target: Target,
    change: TargetingChange,
) -> Result<(), CallError> {
    let (Target::Business(business_id) | Target::Category(business_id, _)) = target;
    let connection = connections::usable(core, business_id).await?;
    let without_token = |error| CallError::without_token(error, core.clock.now());
    let token = core.keeper.access_token(&connection).await;
    let token = token.map_err(without_token)?;
    match ask(core, &token, target, change).await {
        Err(error) if error.is_unauthorized() => {
            let token = core.keeper.refresh_now(&connection, &token).await;
            let token = token.map_err(without_token)?;
            ask(core, &token, target, change).await?;
        }
        answer => answer?,
    }
    Ok(())
}

async fn ask(
    core: &Core,
    token: &Secret,
    target: Target,
    change: TargetingChange,
) -> Result<(), ClientError> {
    match target {
        Target::Business(business_id) => {
            core.platform
                .set_targeting(token, business_id, change)
                .await
        }
        Target::Category(business_id, category_id) => {
            core.platform
                .set_category_targeting(token, business_id, category_id, change)
                .await
        }
    }
}
