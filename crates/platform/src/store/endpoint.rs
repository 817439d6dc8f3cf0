//! Where partners receive. Secrets are sealed before they come here.

use database::{Error, Read, Row, Tx, params};
use protocol::id::PartnerId;
use protocol::optional_fields::{OptionalField, OptionalFields};

use crate::domain::endpoint::{Endpoint, Kind, Method, Target, Targets};
use crate::store::column;

/// The columns that [`from_row`] reads.
macro_rules! columns {
    () => {
        "endpoint.lead_url, endpoint.lead_method, endpoint.message_url, endpoint.message_method, \
         endpoint.lead_update_url, endpoint.lead_update_method, endpoint.review_url, \
         endpoint.review_method, endpoint.username, endpoint.password_sealed, \
         endpoint.signing_secret_sealed, endpoint.fields"
    };
}
pub(super) use columns;

database::statements! {
    FIND = ("SELECT ", columns!(), " FROM endpoint WHERE partner_id = $1");
    SAVE = "INSERT INTO endpoint (partner_id, lead_url, lead_method, message_url, message_method,
            lead_update_url, lead_update_method, review_url, review_method, username,
            password_sealed, signing_secret_sealed, fields, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)
        ON CONFLICT (partner_id) DO UPDATE SET
            lead_url = excluded.lead_url, lead_method = excluded.lead_method,
            message_url = excluded.message_url, message_method = excluded.message_method,
            lead_update_url = excluded.lead_update_url,
            lead_update_method = excluded.lead_update_method,
            review_url = excluded.review_url, review_method = excluded.review_method,
            username = excluded.username, password_sealed = excluded.password_sealed,
            signing_secret_sealed = excluded.signing_secret_sealed, fields = excluded.fields,
            version = endpoint.version + 1";
}

/// Where the sealed password belongs, for sealing and opening it.
pub(crate) fn password_place(partner_id: PartnerId) -> String {
    format!("endpoint.password:{partner_id}")
}

/// Where the sealed signing secret belongs, for sealing and opening it.
pub(crate) fn signing_secret_place(partner_id: PartnerId) -> String {
    format!("endpoint.signing_secret:{partner_id}")
}

/// The endpoint of this partner, if one was ever set.
pub(crate) async fn find<R: Read>(
    read: &mut R,
    partner_id: PartnerId,
) -> Result<Option<Endpoint>, Error> {
    let row = read.query_optional(FIND, params![partner_id.get()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Sets the partner's endpoint, or replaces all of it.
pub(crate) async fn save<T: Tx>(
    tx: &mut T,
    partner_id: PartnerId,
    endpoint: &Endpoint,
) -> Result<(), Error> {
    let targets = &endpoint.targets;
    let url = |kind| targets.get(kind).map(|target| target.url.as_str());
    let method = |kind: Kind| {
        let target = targets.get(kind);
        target
            .map_or(kind.usual_method(), |target| target.method)
            .as_str()
    };
    let fields: Vec<&str> = endpoint.fields.iter().map(OptionalField::as_str).collect();
    let fields = fields.join(" ");
    tx.execute(
        SAVE,
        params![
            partner_id.get(),
            url(Kind::Lead),
            method(Kind::Lead),
            url(Kind::Message),
            method(Kind::Message),
            url(Kind::LeadUpdate),
            method(Kind::LeadUpdate),
            url(Kind::Review),
            method(Kind::Review),
            &endpoint.username,
            &endpoint.password_sealed,
            endpoint.signing_secret_sealed.as_deref(),
            &fields,
        ],
    )
    .await?;
    Ok(())
}

/// Reads the columns of [`columns`].
pub(super) fn from_row(row: &Row) -> Result<Endpoint, Error> {
    let target = |url: &str, method: &str| -> Result<Option<Target>, Error> {
        let method = column::parsed(row, method, Method::parse)?;
        let url: Option<String> = row.get(url)?;
        Ok(url.map(|url| Target { url, method }))
    };
    Ok(Endpoint {
        targets: Targets {
            lead: target("lead_url", "lead_method")?,
            message: target("message_url", "message_method")?,
            lead_update: target("lead_update_url", "lead_update_method")?,
            review: target("review_url", "review_method")?,
        },
        username: row.get("username")?,
        password_sealed: row.get("password_sealed")?,
        signing_secret_sealed: row.get("signing_secret_sealed")?,
        fields: column::parsed(row, "fields", |text| {
            OptionalFields::parse(text.split_ascii_whitespace())
        })?,
    })
}

#[cfg(test)]
mod tests {
    use database::on_both_databases;

    use super::*;
    use crate::testing::{MIGRATIONS, PEOPLE, arrange, in_transaction};

    fn target(url: &str, method: Method) -> Target {
        let url = url.to_owned();
        Target { url, method }
    }

    on_both_databases!(
        saving_replaces_all_of_an_endpoint,
        MIGRATIONS,
        |db| async move {
            arrange(&db, PEOPLE).await;
            let partner_id = PartnerId::from_i64(1).unwrap();
            let full = Endpoint {
                targets: Targets {
                    lead: Some(target("https://a.example/l", Method::Put)),
                    message: Some(target("https://a.example/m", Method::Post)),
                    lead_update: Some(target("https://a.example/u", Method::Patch)),
                    review: Some(target("https://a.example/r", Method::Post)),
                },
                username: "platform".to_owned(),
                password_sealed: "sealed".to_owned(),
                signing_secret_sealed: Some("sealed too".to_owned()),
                fields: OptionalFields::from_iter(OptionalField::ALL),
            };
            let bare = Endpoint {
                targets: Targets {
                    lead: Some(target("https://b.example/l", Method::Post)),
                    ..Targets::default()
                },
                signing_secret_sealed: None,
                fields: OptionalFields::NONE,
                ..full.clone()
            };
            for endpoint in [full, bare] {
                let saved = in_transaction!(db, [partner_id: PartnerId, endpoint: Endpoint], |tx| -> () {
                    save(tx, partner_id, &endpoint).await
                });
                saved.unwrap();
                let found = find(&mut db.reader(), partner_id).await.unwrap();
                assert_eq!(found, Some(endpoint));
            }
            let nobody = PartnerId::from_i64(3).unwrap();
            assert_eq!(find(&mut db.reader(), nobody).await.unwrap(), None);
        }
    );
}
