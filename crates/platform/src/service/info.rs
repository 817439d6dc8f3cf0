//! What an access token is for, told to its holder (protocol §2.3).

use database::Error;

use crate::core::Core;
use crate::service::access::Access;
use crate::store::business;

/// The name of the token's business. A business is never deleted while a grant refers to it.
pub(crate) async fn business_name(core: &Core, access: &Access) -> Result<String, Error> {
    let business = business::find(&mut core.db.reader(), access.business_id).await?;
    Ok(business.ok_or(Error::NoRow)?.name)
}
