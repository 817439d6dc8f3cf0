//! The templates of a side and of the kit: parsed once at start, every value escaped, an unknown variable an error.

use std::sync::Arc;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::assets::{self, Asset};

/// The templates that the kit brings: the layout that every page extends, the macros, the error page.
const KIT: &[(&str, &str)] = &[
    ("layout.html", include_str!("templates/layout.html")),
    ("macros.html", include_str!("templates/macros.html")),
    ("error.html", include_str!("templates/error.html")),
];

/// All templates of a side, and the assets that they name.
#[derive(Clone, Debug)]
pub struct Templates {
    environment: Arc<Environment<'static>>,
    assets: Arc<[Asset]>,
}

/// A template that cannot be read or rendered.
#[derive(Debug, thiserror::Error)]
#[error("template {template}, line {line}")]
pub struct TemplateError {
    template: String,
    line: usize,
    #[source]
    source: Error,
}

impl TemplateError {
    fn new(template: &str, source: Error) -> Self {
        Self {
            template: source.name().unwrap_or(template).to_owned(),
            line: source.line().unwrap_or(0),
            source,
        }
    }
}

impl Templates {
    /// The kit's templates and a side's, as (name, source); one of the same name replaces the kit's. Templates find the
    /// path of an asset, the kit's or one of `assets`, with `asset("corkboard.css")`. `site` heads every page.
    pub fn new(
        site: &'static str,
        sources: &[(&'static str, &'static str)],
        assets: &[Asset],
    ) -> Result<Self, TemplateError> {
        let assets: Arc<[Asset]> = [assets::KIT, assets].concat().into();
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_formatter(write_value);
        environment.add_global("site", site);
        let known = assets.clone();
        environment.add_function("asset", move |name: &str| path_of(&known, name));
        for &(name, source) in KIT.iter().chain(sources) {
            environment
                .add_template(name, source)
                .map_err(|error| TemplateError::new(name, error))?;
        }
        Ok(Self {
            environment: Arc::new(environment),
            assets,
        })
    }

    /// The names of all templates: a side's test renders each of them with a sample.
    pub fn names(&self) -> Vec<String> {
        let all = self.environment.templates();
        all.map(|(name, _)| name.to_owned()).collect()
    }

    /// The HTML that a template makes of a context.
    pub fn render(&self, template: &str, context: &Value) -> Result<String, TemplateError> {
        let found = self.environment.get_template(template);
        found
            .and_then(|found| found.render(context))
            .map_err(|error| TemplateError::new(template, error))
    }

    pub(super) fn assets(&self) -> &[Asset] {
        &self.assets
    }
}

/// Writes a value into HTML. minijinja's own way is as safe, but writes every slash as `&#x2f;`, so that nobody can read a
/// link in the source of a page, and an absent value as the word `none`.
fn write_value(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_none() || value.is_undefined() {
        return Ok(());
    }
    let text = value.to_string();
    let written = if value.is_safe() {
        out.write_str(&text)
    } else {
        out.write_str(&escaped(&text))
    };
    written.map_err(Error::from)
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

fn path_of(assets: &[Asset], name: &str) -> Result<String, Error> {
    let found = assets.iter().find(|asset| asset.name == name);
    found.map(Asset::path).ok_or_else(|| {
        let message = format!("there is no asset {name}");
        Error::new(ErrorKind::InvalidOperation, message)
    })
}
