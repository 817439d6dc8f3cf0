//! Grants: from the code to the end of the connection.
//!
//! Lock order, for every operation that changes a grant or its tokens: first the grant's row (several: in order of id),
//! then, **in a new statement**, whatever else is read of it. A row that was waited for is fresh, but what the same
//! statement read beside it is not.

use base::SecretHash;
use database::{Error, Param, Read, Row, Sql, Tx, params};
use jiff::Timestamp;
use protocol::id::{AccountId, BusinessId, PartnerId};
use protocol::pkce::CodeChallenge;
use protocol::scope::Scopes;

use crate::domain::client::{ClientKind, ClientLimit};
use crate::domain::grant::{CodeOffer, Grant, GrantId, GrantState, NewGrant, RevocationReason};
use crate::domain::redirect_uri::Redirect;
use crate::store::{client, column};

macro_rules! columns {
    () => {
        "SELECT oauth_grant.grant_id, oauth_grant.code_hash, oauth_grant.client_id, oauth_grant.partner_id,
        oauth_grant.kind, oauth_grant.business_id, oauth_grant.account_id, oauth_grant.scopes,
        oauth_grant.redirect_uri, oauth_grant.location_hash, oauth_grant.code_challenge,
        oauth_grant.code_expires_at_us, oauth_grant.code_used_at_us, oauth_grant.created_at_us,
        oauth_grant.revoked_at_us"
    };
}

macro_rules! live_of_partner {
    () => {
        "SELECT grant_id FROM oauth_grant WHERE partner_id = $1 AND business_id = $2 AND kind = 'production'
        AND revoked_at_us IS NULL AND code_used_at_us IS NOT NULL"
    };
}

database::statements! {
    INSERT = "INSERT INTO oauth_grant (grant_id, code_hash, client_id, partner_id, kind, business_id, account_id,
        scopes, redirect_uri, location_hash, code_challenge, code_expires_at_us, exclusive, created_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    FIND = (columns!(), " FROM oauth_grant WHERE grant_id = $1");
    LOCK = for_update (columns!(), " FROM oauth_grant WHERE grant_id = $1");
    LOCK_BY_CODE = for_update (columns!(), " FROM oauth_grant WHERE code_hash = $1");
    LOCK_UNREVOKED = for_update (columns!(), " FROM oauth_grant
        WHERE client_id = $1 AND business_id = $2 AND revoked_at_us IS NULL ORDER BY grant_id");
    FIND_LIVE_OF_PARTNER = (live_of_partner!(), " LIMIT 1");
    LOCK_LIVE_OF_PARTNER = for_update (live_of_partner!(), " ORDER BY grant_id");
    /// All that a bearer check needs to know, in one point query.
    FIND_FOR_ACCESS = (columns!(), ", client.requests_per_second, client.burst,
        EXISTS (SELECT 1 FROM revoked_access WHERE revoked_access.grant_id = oauth_grant.grant_id
            AND revoked_access.access_expires_at_ns = $2) AS is_revoked_alone
        FROM oauth_grant JOIN client ON client.client_id = oauth_grant.client_id
        WHERE oauth_grant.code_hash = $1");
    MARK_EXCHANGED = "UPDATE oauth_grant SET code_used_at_us = $2 WHERE grant_id = $1";
    REVOKE = "UPDATE oauth_grant SET revoked_at_us = $2, revoked_reason = $3, exclusive = FALSE WHERE grant_id = $1";
    REVOKE_ACCESS = "INSERT INTO revoked_access (grant_id, access_expires_at_ns) VALUES ($1, $2)
        ON CONFLICT (grant_id, access_expires_at_ns) DO NOTHING";
    IS_ACCESS_REVOKED = "SELECT grant_id FROM revoked_access WHERE grant_id = $1 AND access_expires_at_ns = $2";
    FORGET_REVOKED_ACCESS = "DELETE FROM revoked_access WHERE grant_id = $1";
}

/// A grant as a bearer check sees it.
#[derive(Clone, Debug)]
pub(crate) struct GrantForAccess {
    pub(crate) grant: Grant,
    /// The client's own request limit.
    pub(crate) limit: Option<ClientLimit>,
    /// Whether this very access token was revoked alone.
    pub(crate) is_revoked_alone: bool,
}

/// Stores a new grant. [`Error::Conflict`]: another one of this production client and business is alive (D3); it was
/// made by somebody who was faster.
pub(crate) async fn insert<T: Tx>(tx: &mut T, grant: &NewGrant) -> Result<(), Error> {
    let redirect = &grant.offer.redirect;
    let scopes = grant.scopes.to_string();
    tx.execute(
        INSERT,
        params![
            grant.grant_id.get(),
            &grant.code_hash,
            &grant.client_id,
            grant.partner_id.get(),
            grant.kind.as_str(),
            grant.business_id.get(),
            grant.account_id.get(),
            &scopes,
            redirect.asked.as_deref(),
            redirect.location_hash.as_ref().map(SecretHash::as_str),
            grant
                .offer
                .code_challenge
                .as_ref()
                .map(CodeChallenge::as_str),
            grant.offer.expires_at,
            grant.kind == ClientKind::Production,
            grant.created_at,
        ],
    )
    .await?;
    Ok(())
}

/// The grant with this number.
pub(crate) async fn find<R: Read>(read: &mut R, grant_id: GrantId) -> Result<Option<Grant>, Error> {
    find_one(read, FIND, params![grant_id.get()]).await
}

/// The grant, locked until the end of the transaction.
pub(crate) async fn lock<T: Tx>(tx: &mut T, grant_id: GrantId) -> Result<Option<Grant>, Error> {
    find_one(tx, LOCK, params![grant_id.get()]).await
}

/// The grant that began with this code, locked until the end of the transaction.
pub(crate) async fn lock_by_code<T: Tx>(
    tx: &mut T,
    code_hash: &str,
) -> Result<Option<Grant>, Error> {
    find_one(tx, LOCK_BY_CODE, params![code_hash]).await
}

/// Every grant of this client and business that is offered or live, locked in order of id.
pub(crate) async fn lock_unrevoked<T: Tx>(
    tx: &mut T,
    client_id: &str,
    business_id: BusinessId,
) -> Result<Vec<Grant>, Error> {
    let rows = tx
        .query(LOCK_UNREVOKED, params![client_id, business_id.get()])
        .await?;
    rows.iter().map(from_row).collect()
}

/// Whether a production client of the partner has a live connection to the business. It may end at any time.
pub(crate) async fn has_live_of_partner<R: Read>(
    read: &mut R,
    partner_id: PartnerId,
    business_id: BusinessId,
) -> Result<bool, Error> {
    let params = params![partner_id.get(), business_id.get()];
    let row = read.query_optional(FIND_LIVE_OF_PARTNER, params).await?;
    Ok(row.is_some())
}

/// The same, and none of them can end before the transaction does. Not for a transaction that holds a grant already: the
/// order of the locks would be lost.
pub(crate) async fn hold_live_of_partner<T: Tx>(
    tx: &mut T,
    partner_id: PartnerId,
    business_id: BusinessId,
) -> Result<bool, Error> {
    let rows = tx
        .query(
            LOCK_LIVE_OF_PARTNER,
            params![partner_id.get(), business_id.get()],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// The grant behind an access token that names this code and expires then.
pub(crate) async fn find_for_access<R: Read>(
    read: &mut R,
    code_hash: &str,
    access_expires_at: Timestamp,
) -> Result<Option<GrantForAccess>, Error> {
    let expires_at = column::nanoseconds(access_expires_at);
    let row = read
        .query_optional(FIND_FOR_ACCESS, params![code_hash, expires_at])
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(GrantForAccess {
        grant: from_row(&row)?,
        limit: client::limit(&row)?,
        is_revoked_alone: row.get("is_revoked_alone")?,
    }))
}

/// Marks the code as used: the connection is live.
pub(crate) async fn mark_exchanged<T: Tx>(
    tx: &mut T,
    grant_id: GrantId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(MARK_EXCHANGED, params![grant_id.get(), now])
        .await?;
    Ok(())
}

/// Ends a grant. Its tokens are deleted separately.
pub(crate) async fn revoke<T: Tx>(
    tx: &mut T,
    grant_id: GrantId,
    reason: RevocationReason,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(REVOKE, params![grant_id.get(), now, reason.as_str()])
        .await?;
    tx.execute(FORGET_REVOKED_ACCESS, params![grant_id.get()])
        .await?;
    Ok(())
}

/// Ends one access token of a grant, and nothing else of it.
pub(crate) async fn revoke_access<T: Tx>(
    tx: &mut T,
    grant_id: GrantId,
    access_expires_at: Timestamp,
) -> Result<(), Error> {
    let expires_at = column::nanoseconds(access_expires_at);
    tx.execute(REVOKE_ACCESS, params![grant_id.get(), expires_at])
        .await?;
    Ok(())
}

/// Whether this access token was ended alone.
pub(crate) async fn is_access_revoked<R: Read>(
    read: &mut R,
    grant_id: GrantId,
    access_expires_at: Timestamp,
) -> Result<bool, Error> {
    let expires_at = column::nanoseconds(access_expires_at);
    let row = read
        .query_optional(IS_ACCESS_REVOKED, params![grant_id.get(), expires_at])
        .await?;
    Ok(row.is_some())
}

async fn find_one<R: Read>(
    read: &mut R,
    sql: Sql,
    params: &[Param<'_>],
) -> Result<Option<Grant>, Error> {
    let row = read.query_optional(sql, params).await?;
    row.as_ref().map(from_row).transpose()
}

fn from_row(row: &Row) -> Result<Grant, Error> {
    Ok(Grant {
        grant_id: column::id(row, "grant_id", GrantId::from_i64)?,
        code_hash: row.get("code_hash")?,
        client_id: row.get("client_id")?,
        partner_id: column::id(row, "partner_id", PartnerId::from_i64)?,
        kind: column::parsed(row, "kind", ClientKind::parse)?,
        business_id: column::id(row, "business_id", BusinessId::from_i64)?,
        account_id: column::id(row, "account_id", AccountId::from_i64)?,
        scopes: column::parsed(row, "scopes", |text| Scopes::parse([text]))?,
        created_at: row.get("created_at_us")?,
        state: state(row)?,
    })
}

fn state(row: &Row) -> Result<GrantState, Error> {
    if row.get::<Option<Timestamp>>("revoked_at_us")?.is_some() {
        return Ok(GrantState::Revoked);
    }
    if let Some(exchanged_at) = row.get("code_used_at_us")? {
        return Ok(GrantState::Live { exchanged_at });
    }
    Ok(GrantState::Offered(CodeOffer {
        redirect: Redirect {
            asked: row.get("redirect_uri")?,
            location_hash: row
                .get::<Option<String>>("location_hash")?
                .map(SecretHash::from_stored),
        },
        code_challenge: column::optional_parsed(row, "code_challenge", CodeChallenge::from_stored)?,
        expires_at: row.get("code_expires_at_us")?,
    }))
}

#[cfg(test)]
mod tests;
