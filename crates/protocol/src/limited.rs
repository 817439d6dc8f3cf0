//! Members with limits, for bodies that make something: what the platform lets in, partners have to take. A receiver
//! judges none of this.

use serde_json::Value;

use crate::json::Members;

/// A text of at least one visible character that must be there, trimmed.
pub(crate) fn required(members: &Members<'_>, name: &str, longest: usize) -> Option<String> {
    let text = members.required_string(name)?.trim();
    if text.is_empty() {
        members.report(name, "must not be empty");
        return None;
    }
    limited(members, name, text, longest)
}

/// A text that may be absent, `null` or empty.
pub(crate) fn optional(members: &Members<'_>, name: &str, longest: usize) -> Option<String> {
    limited(members, name, members.optional_string(name)?, longest)
}

/// A text of a form of its own that must be there.
pub(crate) fn formed(
    members: &Members<'_>,
    name: &str,
    is_well_formed: fn(&str) -> bool,
    reason: &str,
) -> Option<String> {
    let text = members.required_string(name)?;
    if !is_well_formed(text) {
        members.report(name, reason);
        return None;
    }
    Some(text.to_owned())
}

/// The objects of an array that may be absent; none of them is read if there are too many.
pub(crate) fn objects<'a>(members: &Members<'a>, name: &str, most: usize) -> Vec<Members<'a>> {
    let array = members.optional(name).and_then(Value::as_array);
    if array.is_some_and(|items| items.len() > most) {
        members.report(name, format!("must have at most {most} items"));
        return Vec::new();
    }
    members.objects(name)
}

fn limited(members: &Members<'_>, name: &str, text: &str, longest: usize) -> Option<String> {
    if text.chars().count() > longest {
        members.report(name, format!("must have at most {longest} characters"));
        return None;
    }
    if text.contains('\0') {
        members.report(name, "must not contain the character U+0000");
        return None;
    }
    Some(text.to_owned())
}
