//! Businesses whose targeting an impairment holds back (protocol §4.5). A business is held back by one impairment at most,
//! and by none once it receives leads through a partner that works.

use database::{Error, Read, Row, Tx, params};
use jiff::Timestamp;
use protocol::id::{AccountId, BusinessId, ImpairmentId};

use crate::store::column;

/// Business `b` receives leads through a partner whose endpoint is not impaired.
macro_rules! receives_elsewhere {
    () => {
        "(EXISTS (SELECT 1 FROM partner_business AS pb
            JOIN endpoint AS e ON e.partner_id = pb.partner_id AND e.lead_url IS NOT NULL
            WHERE pb.business_id = b.business_id AND NOT EXISTS (SELECT 1 FROM impairment AS o
                WHERE o.partner_id = pb.partner_id AND o.until_us IS NULL AND o.reasons_told <> ''))
        OR EXISTS (SELECT 1 FROM oauth_grant AS g
            JOIN endpoint AS e ON e.partner_id = g.partner_id AND e.lead_url IS NOT NULL
            WHERE g.business_id = b.business_id AND g.kind = 'production'
            AND g.code_used_at_us IS NOT NULL AND g.revoked_at_us IS NULL
            AND NOT EXISTS (SELECT 1 FROM impairment AS o
                WHERE o.partner_id = g.partner_id AND o.until_us IS NULL AND o.reasons_told <> '')))"
    };
}

/// This business receives through the partner of impairment `i`.
macro_rules! receives_through {
    ($business:literal) => {
        concat!(
            "(EXISTS (SELECT 1 FROM partner_business AS pb
                WHERE pb.partner_id = i.partner_id AND pb.business_id = ",
            $business,
            ")
            OR EXISTS (SELECT 1 FROM oauth_grant AS g
                WHERE g.business_id = ",
            $business,
            " AND g.partner_id = i.partner_id AND g.kind = 'production'
                AND g.code_used_at_us IS NOT NULL AND g.revoked_at_us IS NULL))"
        )
    };
}

database::statements! {
    /// Whether they receive elsewhere is judged one by one: for a partner with thousands it would take long.
    LIST_CANDIDATES = "SELECT b.business_id FROM business AS b
        WHERE b.targeting AND b.business_id > $2 AND b.business_id IN
            (SELECT pb.business_id FROM impairment AS i
                JOIN endpoint AS e ON e.partner_id = i.partner_id AND e.lead_url IS NOT NULL
                JOIN partner_business AS pb ON pb.partner_id = i.partner_id
                WHERE i.impairment_id = $1
            UNION SELECT g.business_id FROM impairment AS i
                JOIN endpoint AS e ON e.partner_id = i.partner_id AND e.lead_url IS NOT NULL
                JOIN client AS c ON c.partner_id = i.partner_id
                JOIN oauth_grant AS g ON g.client_id = c.client_id
                WHERE i.impairment_id = $1 AND g.kind = 'production'
                AND g.code_used_at_us IS NOT NULL AND g.revoked_at_us IS NULL)
        AND NOT EXISTS (SELECT 1 FROM targeting_pause AS p WHERE p.business_id = b.business_id
            AND (p.ended_at_us IS NULL OR (p.impairment_id = $1 AND p.ended_by <> 'rerouted')))
        ORDER BY b.business_id LIMIT $3";
    /// It stays as it is until the transaction ends: whoever switches it waits, and then finds its pause.
    LOCK_BUSINESS = {
        sqlite: "SELECT business_id FROM business WHERE business_id = $1",
        postgres: "SELECT business_id FROM business WHERE business_id = $1 FOR NO KEY UPDATE",
    };
    PAUSE = ("INSERT INTO targeting_pause (business_id, impairment_id, paused_at_us)
        SELECT b.business_id, i.impairment_id, CAST($3 AS BIGINT) FROM business AS b
        JOIN impairment AS i ON i.impairment_id = $2
        JOIN endpoint AS own ON own.partner_id = i.partner_id AND own.lead_url IS NOT NULL
        WHERE b.business_id = $1 AND b.targeting AND ", receives_through!("b.business_id"), "
        AND NOT ", receives_elsewhere!(), "
        AND NOT EXISTS (SELECT 1 FROM targeting_pause AS p WHERE p.business_id = b.business_id AND p.ended_at_us IS NULL)
        ON CONFLICT (business_id, impairment_id) DO UPDATE SET paused_at_us = excluded.paused_at_us,
            ended_at_us = NULL, ended_by = NULL
            WHERE targeting_pause.ended_by = 'rerouted'");
    LIST_STANDING_OF = "SELECT p.business_id, b.targeting FROM targeting_pause AS p
        JOIN business AS b ON b.business_id = p.business_id
        WHERE p.impairment_id = $1 AND p.ended_at_us IS NULL ORDER BY p.business_id LIMIT $2";
    LIST_NEEDLESS = ("SELECT p.business_id, b.targeting FROM targeting_pause AS p
        JOIN impairment AS i ON i.impairment_id = p.impairment_id
        JOIN business AS b ON b.business_id = p.business_id
        WHERE p.impairment_id = $1 AND p.ended_at_us IS NULL
        AND (NOT ", receives_through!("p.business_id"), " OR ", receives_elsewhere!(), ")
        ORDER BY p.business_id LIMIT $2");
    RESUME = "UPDATE targeting_pause SET ended_at_us = $3, ended_by = $4
        WHERE business_id = $1 AND impairment_id = $2 AND ended_at_us IS NULL";
    RESUME_NEEDLESS = ("UPDATE targeting_pause SET ended_at_us = $3, ended_by = 'rerouted'
        WHERE business_id = $1 AND impairment_id = $2 AND ended_at_us IS NULL AND EXISTS
            (SELECT 1 FROM business AS b JOIN impairment AS i ON i.impairment_id = $2 WHERE b.business_id = $1
             AND (NOT ", receives_through!("b.business_id"), " OR ", receives_elsewhere!(), "))");
    OVERRULE = "UPDATE targeting_pause SET ended_at_us = $2, ended_by = $3
        WHERE business_id = $1 AND ended_at_us IS NULL RETURNING impairment_id";
    EXEMPT = ("INSERT INTO targeting_pause (business_id, impairment_id, ended_at_us, ended_by)
        SELECT CAST($1 AS BIGINT), i.impairment_id, CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM impairment AS i
        WHERE i.until_us IS NULL AND ", receives_through!("$1"), "
        ON CONFLICT (business_id, impairment_id) DO UPDATE SET ended_by = excluded.ended_by
            WHERE targeting_pause.ended_by = 'rerouted'");
    LIST_PAUSING = "SELECT DISTINCT impairment_id FROM targeting_pause WHERE ended_at_us IS NULL ORDER BY impairment_id";
    COUNT = "SELECT COUNT(paused_at_us) AS paused, COUNT(*) FILTER (WHERE ended_at_us IS NULL) AS standing
        FROM targeting_pause WHERE impairment_id = $1";
    COUNT_STANDING = "SELECT COUNT(*) AS standing FROM targeting_pause WHERE ended_at_us IS NULL";
    LIST_OF_ACCOUNT = "SELECT p.business_id, partner.name, p.paused_at_us FROM business AS b
        JOIN targeting_pause AS p ON p.business_id = b.business_id AND p.ended_at_us IS NULL
        JOIN impairment AS i ON i.impairment_id = p.impairment_id
        JOIN partner ON partner.partner_id = i.partner_id
        WHERE b.account_id = $1 ORDER BY p.business_id";
}

/// Why a business is not held back any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PauseEnd {
    /// The impairment is over.
    Recovered,
    /// It receives leads through a partner that works, or through this one no more.
    Rerouted,
    /// The pro switched it by hand: what they want holds for the rest of the impairment.
    Pro,
    /// The operator did.
    Operator,
}

impl PauseEnd {
    /// The word that is stored and told.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Rerouted => "rerouted",
            Self::Pro => "pro",
            Self::Operator => "operator",
        }
    }
}

/// A business that is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeldBack {
    pub(crate) business_id: BusinessId,
    /// How it is switched: whether customers are offered it once it is free.
    pub(crate) targeting: bool,
}

/// How many businesses an impairment held back, and how many it still does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PauseCount {
    pub(crate) paused: i64,
    pub(crate) standing: i64,
}

/// A pause as the pro sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnPause {
    pub(crate) business_id: BusinessId,
    /// Whose endpoint is impaired.
    pub(crate) partner_name: String,
    pub(crate) since: Timestamp,
}

/// At most `limit` businesses with ids greater than `after`, in order of id, that the impairment might hold back: they are
/// on and receive through its partner, are not held back yet, and nobody spoke for them by hand.
pub(crate) async fn candidates<R: Read>(
    read: &mut R,
    impairment_id: ImpairmentId,
    after: i64,
    limit: i64,
) -> Result<Vec<BusinessId>, Error> {
    let params = params![impairment_id.get(), after, limit];
    let rows = read.query(LIST_CANDIDATES, params).await?;
    rows.iter().map(business_id).collect()
}

/// Holds a business back if it depends on the impaired partner, is on, and is not held back already; whether it was. The
/// caller holds the impairment.
pub(crate) async fn pause<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    impairment_id: ImpairmentId,
    now: Timestamp,
) -> Result<bool, Error> {
    tx.query(LOCK_BUSINESS, params![business_id.get()]).await?;
    // Judged by a statement of its own: it sees what was committed until the lock was there.
    let params = params![business_id.get(), impairment_id.get(), now];
    Ok(tx.execute(PAUSE, params).await? == 1)
}

/// At most `limit` businesses that the impairment holds back.
pub(crate) async fn standing_of<R: Read>(
    read: &mut R,
    impairment_id: ImpairmentId,
    limit: i64,
) -> Result<Vec<HeldBack>, Error> {
    let params = params![impairment_id.get(), limit];
    let rows = read.query(LIST_STANDING_OF, params).await?;
    rows.iter().map(held_back).collect()
}

/// At most `limit` businesses that the impairment holds back although they do not depend on its partner any more.
pub(crate) async fn needless_of<R: Read>(
    read: &mut R,
    impairment_id: ImpairmentId,
    limit: i64,
) -> Result<Vec<HeldBack>, Error> {
    let params = params![impairment_id.get(), limit];
    let rows = read.query(LIST_NEEDLESS, params).await?;
    rows.iter().map(held_back).collect()
}

/// Frees a business; `false` if somebody else was faster.
pub(crate) async fn resume<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    impairment_id: ImpairmentId,
    end: PauseEnd,
    now: Timestamp,
) -> Result<bool, Error> {
    let params = params![business_id.get(), impairment_id.get(), now, end.as_str()];
    Ok(tx.execute(RESUME, params).await? == 1)
}

/// Frees a business that does not depend on the impaired partner any more; `false` if it does again, or is free already.
pub(crate) async fn resume_needless<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    impairment_id: ImpairmentId,
    now: Timestamp,
) -> Result<bool, Error> {
    let params = params![business_id.get(), impairment_id.get(), now];
    Ok(tx.execute(RESUME_NEEDLESS, params).await? == 1)
}

/// Frees a business that was switched by hand, and keeps every open impairment of its partners from holding it back again.
/// Answers which one held it back. The caller holds the business.
pub(crate) async fn overrule<T: Tx>(
    tx: &mut T,
    business_id: BusinessId,
    end: PauseEnd,
    now: Timestamp,
) -> Result<Option<ImpairmentId>, Error> {
    let params = params![business_id.get(), now, end.as_str()];
    let freed = tx.query_optional(OVERRULE, params).await?;
    tx.execute(EXEMPT, params).await?;
    let impairment_id = |row: &Row| column::id(row, "impairment_id", ImpairmentId::from_i64);
    freed.as_ref().map(impairment_id).transpose()
}

/// The impairments that hold businesses back, over or not.
pub(crate) async fn pausing<R: Read>(read: &mut R) -> Result<Vec<ImpairmentId>, Error> {
    let rows = read.query(LIST_PAUSING, params![]).await?;
    rows.iter()
        .map(|row| column::id(row, "impairment_id", ImpairmentId::from_i64))
        .collect()
}

/// How many businesses the impairment holds and held back.
pub(crate) async fn count<R: Read>(
    read: &mut R,
    impairment_id: ImpairmentId,
) -> Result<PauseCount, Error> {
    let row = read.query_one(COUNT, params![impairment_id.get()]).await?;
    Ok(PauseCount {
        paused: row.get("paused")?,
        standing: row.get("standing")?,
    })
}

/// How many businesses are held back altogether.
pub(crate) async fn count_standing<R: Read>(read: &mut R) -> Result<i64, Error> {
    read.query_one(COUNT_STANDING, params![])
        .await?
        .get("standing")
}

/// What holds a pro's businesses back.
pub(crate) async fn of_account<R: Read>(
    read: &mut R,
    account_id: AccountId,
) -> Result<Vec<OwnPause>, Error> {
    let rows = read
        .query(LIST_OF_ACCOUNT, params![account_id.get()])
        .await?;
    rows.iter()
        .map(|row| {
            Ok(OwnPause {
                business_id: business_id(row)?,
                partner_name: row.get("name")?,
                since: row.get("paused_at_us")?,
            })
        })
        .collect()
}

fn business_id(row: &Row) -> Result<BusinessId, Error> {
    column::id(row, "business_id", BusinessId::from_i64)
}

fn held_back(row: &Row) -> Result<HeldBack, Error> {
    Ok(HeldBack {
        business_id: business_id(row)?,
        targeting: row.get("targeting")?,
    })
}

#[cfg(test)]
mod tests;
