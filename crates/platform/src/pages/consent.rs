//! The consent page: who asks for what, in plain words, and for which business.

use protocol::paths::oauth;
use serde::Serialize;
use web::pages::Page;

use crate::domain::client::ClientKind;
use crate::pages::scope_words::{ScopeWords, words};
use crate::service::consent::{Choice, Consent, Standing};

/// Shown where no business was chosen, or one that is not the pro's.
pub(super) const NOT_CHOSEN: &str = "Choose one of your businesses.";

#[derive(Debug, Serialize)]
pub(super) struct ConsentContext {
    action: &'static str,
    handle: String,
    partner_name: String,
    is_test: bool,
    scopes: Vec<ScopeWords>,
    choices: Vec<ChoiceContext>,
    /// Whether there is a business that can be connected.
    is_answerable: bool,
    error: &'static str,
    /// The site that the answer leads to, as people write it.
    destination: Option<String>,
    #[serde(skip)]
    form_actions: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ChoiceContext {
    business_id: String,
    name: String,
    is_open: bool,
    is_chosen: bool,
    note: &'static str,
}

impl ConsentContext {
    pub(super) fn new(consent: &Consent) -> Self {
        let open = consent.choices.iter().filter(|choice| is_open(choice));
        let open_count = open.count();
        let request = &consent.request;
        Self {
            action: oauth::CONNECT,
            handle: consent.handle.expose().to_owned(),
            partner_name: consent.partner_name.clone(),
            is_test: consent.kind == ClientKind::Test,
            scopes: request.scopes.iter().map(words).collect(),
            choices: consent
                .choices
                .iter()
                .map(|choice| ChoiceContext::new(choice, open_count == 1))
                .collect(),
            is_answerable: open_count > 0,
            error: "",
            destination: request.destination(),
            form_actions: request.form_actions(),
        }
    }

    /// The page with what is wrong with the choice.
    pub(super) fn with_error(self, error: &'static str) -> Self {
        Self { error, ..self }
    }

    /// The page; its form may lead to the client's site.
    pub(super) fn page(self) -> Page {
        let form_actions = self.form_actions.clone();
        let page = Page::new("consent.html", self);
        form_actions.into_iter().fold(page, Page::with_form_action)
    }

    #[cfg(test)]
    pub(super) fn samples() -> Vec<Page> {
        use protocol::id::BusinessId;
        use protocol::scope::Scopes;

        use crate::domain::connect::{ConnectRequest, ConnectStyle};

        let choice = |id, name: &str, standing| Choice {
            business_id: BusinessId::from_i64(id).unwrap(),
            name: name.to_owned(),
            standing,
        };
        let consent = |kind, choices| Consent {
            handle: base::Secret::new("handle"),
            request: ConnectRequest {
                client_id: "demo".to_owned(),
                scopes: Scopes::all(),
                redirect_uri: Some("https://crm.example/callback".to_owned()),
                state: None,
                code_challenge: None,
                style: ConnectStyle::Source,
            },
            kind,
            partner_name: "Demo CRM <script>".to_owned(),
            choices,
        };
        let all = vec![
            choice(
                380_497_493_950_742_534,
                "Tim's Painting Business",
                Standing::Connected,
            ),
            choice(
                380_497_493_950_742_535,
                "Tim's Handyman Service",
                Standing::Free,
            ),
            choice(
                380_497_493_950_742_536,
                "Tim's Floors",
                Standing::Replaceable,
            ),
        ];
        let taken = vec![choice(1, "Tim's Painting Business", Standing::Connected)];
        vec![
            Self::new(&consent(ClientKind::Production, all.clone())).page(),
            Self::new(&consent(ClientKind::Test, all))
                .with_error(NOT_CHOSEN)
                .page(),
            Self::new(&consent(ClientKind::Production, taken)).page(),
            Self::new(&consent(ClientKind::Production, Vec::new())).page(),
        ]
    }
}

impl ChoiceContext {
    /// `is_only`: no other business is open.
    fn new(choice: &Choice, is_only: bool) -> Self {
        Self {
            business_id: choice.business_id.to_string(),
            name: choice.name.clone(),
            is_open: is_open(choice),
            is_chosen: is_only && is_open(choice),
            note: match choice.standing {
                Standing::Free => "",
                Standing::Replaceable => {
                    "Connected already. Connecting it again replaces that connection."
                }
                Standing::Connected => "Connected already.",
            },
        }
    }
}

fn is_open(choice: &Choice) -> bool {
    choice.standing != Standing::Connected
}
