//! Taking a JSON object apart, member by member, without stopping at the first that is wrong.
//!
//! Every method answers `None` for a member that is absent or wrong; what is wrong has then been reported, so a reader
//! collects `Option`s and asks [`Problems::finish`] at the end. Members that nobody asks for are ignored (§1).

use std::fmt::Display;

use serde_json::{Map, Value};

use super::problem::Problems;

/// The members of one object of a body, and where problems with them are reported.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    object: &'a Map<String, Value>,
    pointer: String,
    problems: &'a Problems,
}

impl<'a> Members<'a> {
    /// The members of a body, which must be an object.
    ///
    /// ```
    /// use protocol::json::{Members, Problems};
    /// let body = serde_json::json!({"text": 5});
    /// let problems = Problems::new();
    /// let members = Members::of_body(&body, &problems).unwrap();
    /// assert_eq!(members.required_string("text"), None);
    /// assert_eq!(problems.finish(Some(())).unwrap_err()[0].to_string(), "/text must be a string");
    /// ```
    pub fn of_body(body: &'a Value, problems: &'a Problems) -> Option<Self> {
        Self::of(body, String::new(), problems)
    }

    fn of(value: &'a Value, pointer: String, problems: &'a Problems) -> Option<Self> {
        let Value::Object(object) = value else {
            problems.report(pointer, "must be an object");
            return None;
        };
        Some(Self {
            object,
            pointer,
            problems,
        })
    }

    /// Reports a problem with a member of this object.
    pub fn report(&self, name: &str, reason: impl Into<String>) {
        self.problems.report(self.pointer_to(name), reason);
    }

    /// A string that must be there.
    pub fn required_string(&self, name: &str) -> Option<&'a str> {
        self.as_string(name, self.required(name)?)
    }

    /// A string, or `None` if it is absent or `null`.
    pub fn optional_string(&self, name: &str) -> Option<&'a str> {
        self.as_string(name, self.optional(name)?)
    }

    /// A string or `null` that must be there.
    pub fn nullable_string(&self, name: &str) -> Option<Option<&'a str>> {
        match self.object.get(name) {
            Some(Value::Null) => Some(None),
            Some(value) => self.as_string(name, value).map(Some),
            None => self.missing(name),
        }
    }

    /// A string that must be there and mean something, such as an id: `required_parsed("leadID", LeadId::parse)`.
    pub fn required_parsed<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        self.parsed(name, self.required_string(name)?, parse)
    }

    /// A string that means something, or `None` if it is absent or `null`.
    pub fn optional_parsed<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        self.parsed(name, self.optional_string(name)?, parse)
    }

    /// A bool that must be there.
    pub fn required_bool(&self, name: &str) -> Option<bool> {
        let value = self.required(name)?.as_bool();
        self.or_wrong(name, value, "must be true or false")
    }

    /// A whole, non-negative number that must be there.
    pub fn required_count(&self, name: &str) -> Option<u64> {
        let value = self.required(name)?.as_u64();
        self.or_wrong(name, value, "must be a whole number, zero or more")
    }

    /// An object that must be there.
    pub fn required_object(&self, name: &str) -> Option<Self> {
        Self::of(self.required(name)?, self.pointer_to(name), self.problems)
    }

    /// An object, or `None` if it is absent or `null`.
    pub fn optional_object(&self, name: &str) -> Option<Self> {
        Self::of(self.optional(name)?, self.pointer_to(name), self.problems)
    }

    /// An array that must be there.
    pub fn required_array(&self, name: &str) -> Option<&'a [Value]> {
        self.as_array(name, self.required(name)?)
    }

    /// An array, or `None` if it is absent or `null`.
    pub fn optional_array(&self, name: &str) -> Option<&'a [Value]> {
        self.as_array(name, self.optional(name)?)
    }

    /// The objects of an array; an array that is absent or `null` is empty.
    pub fn objects(&self, name: &str) -> Vec<Self> {
        let pointer = self.pointer_to(name);
        self.optional_array(name)
            .unwrap_or_default()
            .iter()
            .enumerate()
            .filter_map(|(index, item)| Self::of(item, format!("{pointer}/{index}"), self.problems))
            .collect()
    }

    /// A member of whatever type that must be there.
    pub fn required(&self, name: &str) -> Option<&'a Value> {
        match self.object.get(name) {
            None => self.missing(name),
            Some(Value::Null) => self.wrong(name, "must not be null"),
            Some(value) => Some(value),
        }
    }

    /// A member of whatever type, or `None` if it is absent or `null`.
    pub fn optional(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Whether the object has this member, `null` included.
    pub fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    fn as_string(&self, name: &str, value: &'a Value) -> Option<&'a str> {
        self.or_wrong(name, value.as_str(), "must be a string")
    }

    fn as_array(&self, name: &str, value: &'a Value) -> Option<&'a [Value]> {
        let array = value.as_array().map(Vec::as_slice);
        self.or_wrong(name, array, "must be an array")
    }

    fn parsed<T, E: Display>(
        &self,
        name: &str,
        text: &'a str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => self.wrong(name, &error.to_string()),
        }
    }

    fn or_wrong<T>(&self, name: &str, value: Option<T>, reason: &str) -> Option<T> {
        value.or_else(|| self.wrong(name, reason))
    }

    fn missing<T>(&self, name: &str) -> Option<T> {
        self.wrong(name, "is required")
    }

    fn wrong<T>(&self, name: &str, reason: &str) -> Option<T> {
        self.report(name, reason);
        None
    }

    /// RFC 6901 writes `~` as `~0` and `/` as `~1`.
    fn pointer_to(&self, name: &str) -> String {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        format!("{}/{escaped}", self.pointer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::LeadId;

    #[test]
    fn every_problem_of_a_body_is_named_with_its_place() {
        let body = json!({
            "leadID": "12x",
            "title": null,
            "flag": "true",
            "size": -1,
            "request": {"location": {"city": 5}, "details": [{}, 7, {"question": "Rooms?"}]},
            "list": {},
        });
        let problems = Problems::new();
        let members = Members::of_body(&body, &problems).unwrap();
        members.required_parsed("leadID", LeadId::parse);
        members.required_string("title");
        members.required_bool("flag");
        members.required_count("size");
        members.nullable_string("leadPrice");
        members.required_array("list");
        members.required_object("absent");
        let request = members.required_object("request").unwrap();
        let location = request.required_object("location").unwrap();
        location.required_string("city");
        for detail in request.objects("details") {
            detail.required_string("question");
        }
        let found: Vec<String> = problems
            .finish(Some(()))
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "/leadID must be an id in decimal digits",
                "/title must not be null",
                "/flag must be true or false",
                "/size must be a whole number, zero or more",
                "/leadPrice is required",
                "/list must be an array",
                "/absent is required",
                "/request/location/city must be a string",
                "/request/details/1 must be an object",
                "/request/details/0/question is required",
            ]
        );
    }

    #[test]
    fn absent_and_null_options_are_no_problem() {
        let body = json!({"a": null, "price": null});
        let problems = Problems::new();
        let members = Members::of_body(&body, &problems).unwrap();
        assert_eq!(members.optional_string("a"), None);
        assert_eq!(members.optional_string("b"), None);
        assert_eq!(members.nullable_string("price"), Some(None));
        assert!(members.optional_object("a").is_none());
        assert!(members.objects("a").is_empty());
        assert_eq!(problems.finish(Some(())), Ok(()));
    }

    #[test]
    fn a_body_that_is_no_object_is_a_problem_of_the_body() {
        let problems = Problems::new();
        assert!(Members::of_body(&json!([]), &problems).is_none());
        let found = problems.finish(None::<()>).unwrap_err();
        assert_eq!(found[0].to_string(), "the body must be an object");
    }

    #[test]
    fn pointers_escape_what_rfc_6901_escapes() {
        let body = json!({});
        let problems = Problems::new();
        Members::of_body(&body, &problems)
            .unwrap()
            .report("a/b~c", "is odd");
        let found = problems.finish(Some(())).unwrap_err();
        assert_eq!(found[0].pointer, "/a~1b~0c");
    }
}
