//! Texts with a length and a form.

use crate::json::Members;

/// A text of at least one visible character that must be there, trimmed.
pub(super) fn required(members: &Members<'_>, name: &str, longest: usize) -> Option<String> {
    let text = members.required_string(name)?.trim();
    if text.is_empty() {
        members.report(name, "must not be empty");
        return None;
    }
    limited(members, name, text, longest)
}

/// A text that may be absent, `null` or empty.
pub(super) fn optional(members: &Members<'_>, name: &str, longest: usize) -> Option<String> {
    limited(members, name, members.optional_string(name)?, longest)
}

/// A text of a form of its own that must be there.
pub(super) fn formed(
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

/// Two upper-case letters.
pub(super) fn is_state(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Five digits.
pub(super) fn is_zip_code(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit())
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
