//! The line with which a person repeats a delivery by hand: everything but the secret and the body.
//!
//! What stands in it was written by others (a partner's URL, its user name), and it is pasted into a shell: every word is
//! quoted so that the shell does nothing with it.

use protocol::id::DeliveryId;
use protocol::standard_webhooks::{ID_HEADER, TIMESTAMP_HEADER};

/// A request that can be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repeatable {
    pub(crate) method: &'static str,
    /// As it is sent.
    pub(crate) url: String,
    pub(crate) username: String,
}

impl Repeatable {
    /// One line for a POSIX shell. The password comes from the variable `PASSWORD`, the body from the file `body.json`.
    ///
    /// `--globoff`: to curl brackets and braces in a URL would mean several URLs. `--data-binary`: `--data` would drop line
    /// ends. There is no signature, which takes the partner's signing secret.
    pub(crate) fn line(&self, delivery_id: DeliveryId) -> String {
        format!(
            "curl --include --globoff --max-time 15 --request {method} --url {url} \
             --user {username}:\"$PASSWORD\" --header 'Content-Type: application/json' \
             --header '{ID_HEADER}: {delivery_id}' --header \"{TIMESTAMP_HEADER}: $(date +%s)\" \
             --data-binary @body.json",
            method = self.method,
            url = quoted(&self.url),
            username = quoted(&self.username),
        )
    }
}

/// A word that a POSIX shell takes as it is. Line ends and other control characters do not occur in what is stored; they
/// would only make a second line of it, so they are left out.
fn quoted(word: &str) -> String {
    let visible: String = word.chars().filter(|sign| !sign.is_control()).collect();
    format!("'{}'", visible.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn line(url: &str, username: &str) -> String {
        let repeatable = Repeatable {
            method: "PUT",
            url: url.to_owned(),
            username: username.to_owned(),
        };
        repeatable.line(DeliveryId::from_i64(380_497_493_950_742_534).unwrap())
    }

    #[test]
    fn the_line_has_all_but_the_secret_and_the_body() {
        assert_eq!(
            line("https://crm.example/v1/lead?a=1&b=2", "platform"),
            "curl --include --globoff --max-time 15 --request PUT --url 'https://crm.example/v1/lead?a=1&b=2' \
             --user 'platform':\"$PASSWORD\" --header 'Content-Type: application/json' \
             --header 'webhook-id: 380497493950742534' --header \"webhook-timestamp: $(date +%s)\" \
             --data-binary @body.json"
        );
    }

    /// A real shell takes the line apart; `curl` is a function there that writes its words, one a line.
    fn words(line: &str) -> Vec<String> {
        let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}\n{line}\n");
        let output = Command::new("sh")
            .args(["-c", &script])
            .env("PASSWORD", "a $secret `with` \"signs\"")
            .output()
            .expect("there is a shell");
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{line}"
        );
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_does_nothing_with_what_others_wrote() {
        for hostile in [
            "https://crm.example/'; touch /tmp/owned; '",
            "https://crm.example/$(touch owned)",
            "https://crm.example/`touch owned`",
            "https://crm.example/\\'\"; rm -rf . #",
            "https://crm.example/{a,b}[1-9]?x=*&y=~;z=!|w",
            "https://crm.example/'\\''''",
            "https://crm.example/%0a$IFS${PATH}",
            "https://crm.example/ä ö",
        ] {
            let words = words(&line(hostile, "it's $HOME"));
            assert_eq!(words.len(), 18, "{words:?}");
            let after = |flag: &str| {
                let at = words.iter().position(|word| word == flag).unwrap();
                words[at + 1].as_str()
            };
            assert_eq!(after("--url"), hostile);
            assert_eq!(
                after("--user"),
                "it's $HOME:a $secret `with` \"signs\"",
                "{hostile}"
            );
            assert_eq!(words.last().unwrap(), "@body.json");
        }
    }

    #[test]
    fn it_stays_one_line() {
        let line = line("https://crm.example/\nrm", "a\r\nb\u{1b}[2J");
        assert_eq!(line.lines().count(), 1);
        assert!(!line.contains(char::is_control));
    }
}
