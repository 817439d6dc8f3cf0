//! The ready file (protocol §8.3): everything that a program needs to use a running sandbox.

use std::io::Write as _;
use std::path::Path;

use platform::demo::{DemoIds, DemoPlatform};
use serde::Serialize;

use crate::demo::{DemoSecrets, GATEWAY_EMAIL};

/// The ready file's content, members in the order of the contract.
#[derive(Debug, Serialize)]
pub(crate) struct ReadyFile {
    pub(crate) platform: PlatformSide,
    pub(crate) gateway: GatewaySide,
    pub(crate) partner: Login,
    pub(crate) clients: Vec<Client>,
    pub(crate) pros: Vec<Pro>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PlatformSide {
    pub(crate) base_url: String,
    pub(crate) connect_url: String,
    pub(crate) operator_key: String,
    pub(crate) environment: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct GatewaySide {
    pub(crate) base_url: String,
    pub(crate) api_key: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) lead_url: String,
    pub(crate) message_url: String,
    pub(crate) lead_update_url: String,
    pub(crate) review_url: String,
    pub(crate) username: String,
    pub(crate) password_for_platform: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Client {
    pub(crate) kind: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) redirect_uris: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Pro {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) account_id: String,
    pub(crate) businesses: Vec<Business>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Business {
    pub(crate) business_id: String,
    pub(crate) name: String,
    pub(crate) categories: Vec<Category>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Category {
    pub(crate) category_id: String,
    pub(crate) name: String,
}

impl ReadyFile {
    /// The content for a sandbox whose sides answer at these addresses.
    pub(crate) fn new(
        platform_url: &str,
        gateway_url: &str,
        secrets: &DemoSecrets,
        demo: &DemoPlatform,
        ids: &DemoIds,
    ) -> Self {
        Self {
            platform: PlatformSide {
                base_url: platform_url.to_owned(),
                connect_url: format!("{platform_url}/services/partner-connect/"),
                operator_key: secrets.operator_key().expose().to_owned(),
                environment: platform::Environment::Staging.as_str(),
            },
            gateway: GatewaySide {
                base_url: gateway_url.to_owned(),
                api_key: secrets.api_key().expose().to_owned(),
                email: GATEWAY_EMAIL.to_owned(),
                password: secrets.gateway_password().expose().to_owned(),
                lead_url: demo.endpoints.lead_url.clone(),
                message_url: demo.endpoints.message_url.clone(),
                lead_update_url: demo.endpoints.lead_update_url.clone(),
                review_url: demo.endpoints.review_url.clone(),
                username: demo.endpoints.username.clone(),
                password_for_platform: demo.endpoints.password.expose().to_owned(),
            },
            partner: Login {
                username: demo.partner.username.clone(),
                password: demo.partner.password.expose().to_owned(),
            },
            clients: demo
                .clients
                .iter()
                .map(|client| Client {
                    kind: client.kind.clone(),
                    client_id: client.client_id.clone(),
                    client_secret: client.secret.expose().to_owned(),
                    redirect_uris: client.redirect_uris.clone(),
                })
                .collect(),
            pros: pros(demo, ids),
        }
    }

    /// Writes the file at once, for its owner's eyes only: whoever sees it sees all of it.
    pub(crate) fn write(&self, path: &Path) -> std::io::Result<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.persist(path)?;
        Ok(())
    }
}

fn pros(demo: &DemoPlatform, ids: &DemoIds) -> Vec<Pro> {
    let pairs = demo.pros.iter().zip(&ids.pros);
    pairs
        .map(|(pro, ids)| Pro {
            email: pro.email.clone(),
            password: pro.password.expose().to_owned(),
            account_id: ids.account_id.to_string(),
            businesses: pro
                .businesses
                .iter()
                .zip(&ids.businesses)
                .map(|(business, ids)| Business {
                    business_id: ids.business_id.to_string(),
                    name: business.name.clone(),
                    categories: ids
                        .categories
                        .iter()
                        .map(|category| Category {
                            category_id: category.category_id.to_string(),
                            name: category.name.clone(),
                        })
                        .collect(),
                })
                .collect(),
        })
        .collect()
}
