//! Filling a path's parameters.

use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in a path segment as it is (RFC 3986 §3.3, unreserved).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The template with its parameters replaced, in order. Every caller stands beside its template and knows their number.
pub(super) fn fill(template: &str, values: &[&dyn Display]) -> String {
    let mut values = values.iter();
    let segments: Vec<String> = template
        .split('/')
        .map(|segment| match values.as_slice().first() {
            Some(value) if segment.starts_with('{') => {
                values.next();
                utf8_percent_encode(&value.to_string(), ENCODED).to_string()
            }
            _ => segment.to_owned(),
        })
        .collect();
    segments.join("/")
}

/// Makes a constant for the template and a function that fills it.
macro_rules! filled_paths {
    ($($(#[doc = $doc:literal])+ $constant:ident = $template:literal, $function:ident($($name:ident: $type:ty),+);)+) => {
        $(
            $(#[doc = $doc])+
            pub const $constant: &str = $template;

            #[doc = concat!("[`", stringify!($constant), "`] with its parameters filled in.")]
            pub fn $function($($name: $type),+) -> String {
                $crate::paths::fill::fill($constant, &[$(&$name),+])
            }
        )+

        #[cfg(test)]
        mod filled_paths_tests {
            #[test]
            fn every_parameter_of_every_template_has_an_argument_of_its_name() {
                $(
                    // Templates have the protocol's words, which errors repeat: `{leadID}` is the argument `lead_id`.
                    let parameters: Vec<String> = super::$constant
                        .split('/')
                        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
                        .map(|name| match name.strip_suffix("ID") {
                            Some(start) => format!("{start}_id"),
                            None => name.to_owned(),
                        })
                        .collect();
                    assert_eq!(parameters, [$(stringify!($name)),+], "{}", super::$constant);
                )+
            }
        }
    };
}

pub(super) use filled_paths;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_filled_in_order_and_encoded() {
        assert_eq!(fill("/a/{x}/b/{y}", &[&5, &"p/q r"]), "/a/5/b/p%2Fq%20r");
    }
}
