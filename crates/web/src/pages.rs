//! What people see: pages made from templates, with headers that protect them, our own style sheet, and error pages.

mod assets;
mod layer;
mod page;
mod templates;

pub use assets::Asset;
pub use layer::Pages;
pub use page::{Page, PageError};
pub use templates::{TemplateError, Templates};
