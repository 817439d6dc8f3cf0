//! A Rust file as words, literals and signs. Comments are gone, and literals cannot be mistaken for code.
//!
//! It reads all that rustc accepts in this repository and is not a parser: what the tokens mean is for the checks.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or a keyword; a raw identifier without its `r#`.
    Word,
    /// A string or byte string of any form, without its quotes, escapes as written.
    Text,
    /// A number, a character or a lifetime: nothing that a check looks into.
    Other,
    /// `::`, `->`, `=>` or any other single sign.
    Sign,
}

/// One token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// The line on which it begins, counted from 1.
    pub(crate) line: usize,
    /// Whether it is code that only tests compile.
    pub(crate) test: bool,
}

impl Token {
    /// Whether it is this word or sign.
    pub(crate) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text == text
    }

    /// Whether it is a word.
    pub(crate) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }
}

/// Whether the tokens that begin at a position are these words and signs.
pub(crate) fn matches_at(tokens: &[Token], at: usize, wanted: &[&str]) -> bool {
    wanted
        .iter()
        .enumerate()
        .all(|(offset, text)| tokens.get(at + offset).is_some_and(|token| token.is(text)))
}

/// The position after the bracket that closes the one at `open`.
pub(crate) fn after_group(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if ["(", "[", "{"].iter().any(|sign| token.is(sign)) {
            depth += 1;
        } else if [")", "]", "}"].iter().any(|sign| token.is(sign)) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + 1;
            }
        }
    }
    tokens.len()
}

/// Cuts a file into tokens.
pub(crate) fn tokenize(text: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        signs: text.chars().collect(),
        at: 0,
        line: 1,
        tokens: Vec::new(),
    };
    while lexer.at < lexer.signs.len() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer {
    signs: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer {
    fn step(&mut self) {
        let Some(sign) = self.peek(0) else { return };
        match sign {
            '/' if self.peek(1) == Some('/') => {
                while self.peek(0).is_some_and(|sign| sign != '\n') {
                    self.bump();
                }
            }
            '/' if self.peek(1) == Some('*') => self.block_comment(),
            '"' => self.quoted(self.line),
            '\'' => self.quote_or_lifetime(),
            sign if sign.is_whitespace() => {
                self.bump();
            }
            sign if sign.is_ascii_digit() => self.number(),
            sign if is_word_sign(sign) => self.word(),
            _ => self.sign(),
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.signs.get(self.at + ahead).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let sign = self.peek(0)?;
        self.at += 1;
        if sign == '\n' {
            self.line += 1;
        }
        Some(sign)
    }

    fn push(&mut self, kind: Kind, text: String, line: usize) {
        self.tokens.push(Token {
            kind,
            text,
            line,
            test: false,
        });
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (Some(_), _) => {
                    self.bump();
                    continue;
                }
                (None, _) => return,
            }
            self.bump();
            self.bump();
            if depth == 0 {
                return;
            }
        }
    }

    /// A string with escapes; the opening quote is next.
    fn quoted(&mut self, line: usize) {
        self.bump();
        let mut text = String::new();
        while let Some(sign) = self.bump() {
            if sign == '"' {
                break;
            }
            text.push(sign);
            if sign == '\\' {
                text.extend(self.bump());
            }
        }
        self.push(Kind::Text, text, line);
    }

    /// A raw string; its number signs or its quote are next.
    fn raw(&mut self, line: usize) {
        let mut fence = 0;
        while self.peek(0) == Some('#') {
            self.bump();
            fence += 1;
        }
        self.bump();
        let mut text = String::new();
        while let Some(sign) = self.bump() {
            if sign == '"' && (0..fence).all(|ahead| self.peek(ahead) == Some('#')) {
                self.at += fence;
                break;
            }
            text.push(sign);
        }
        self.push(Kind::Text, text, line);
    }

    fn quote_or_lifetime(&mut self) {
        let line = self.line;
        let is_character = self.peek(1) == Some('\\') || self.peek(2) == Some('\'');
        self.bump();
        if is_character {
            while let Some(sign) = self.bump() {
                if sign == '\'' {
                    break;
                }
                if sign == '\\' {
                    self.bump();
                }
            }
        } else {
            while self.peek(0).is_some_and(is_word_sign) {
                self.bump();
            }
        }
        self.push(Kind::Other, String::new(), line);
    }

    fn number(&mut self) {
        let line = self.line;
        while let Some(sign) = self.peek(0) {
            let fraction = sign == '.' && self.peek(1).is_some_and(|next| next.is_ascii_digit());
            if !is_word_sign(sign) && !fraction {
                break;
            }
            self.bump();
        }
        self.push(Kind::Other, String::new(), line);
    }

    fn word(&mut self) {
        let line = self.line;
        let mut text = String::new();
        while let Some(sign) = self.peek(0).filter(|sign| is_word_sign(*sign)) {
            text.push(sign);
            self.bump();
        }
        let next = (self.peek(0), self.peek(1));
        match (text.as_str(), next) {
            ("b" | "c", (Some('"'), _)) => self.quoted(line),
            ("r" | "br" | "cr", (Some('"'), _) | (Some('#'), Some('#' | '"'))) => self.raw(line),
            ("b", (Some('\''), _)) => self.quote_or_lifetime(),
            ("r", (Some('#'), Some(_))) => {
                self.bump();
                self.word();
            }
            _ => self.push(Kind::Word, text, line),
        }
    }

    fn sign(&mut self) {
        let line = self.line;
        let pair: String = [self.peek(0), self.peek(1)].into_iter().flatten().collect();
        let length = if ["::", "->", "=>"].contains(&pair.as_str()) {
            2
        } else {
            1
        };
        let text = pair.chars().take(length).collect();
        for _ in 0..length {
            self.bump();
        }
        self.push(Kind::Sign, text, line);
    }
}

fn is_word_sign(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str, kind: Kind) -> Vec<String> {
        let tokens = tokenize(source).into_iter();
        let tokens = tokens.filter(|token| token.kind == kind);
        tokens.map(|token| token.text).collect()
    }

    #[test]
    fn comments_are_not_code() {
        let source = "a // b \"c\"\n/* d /* e */ f */ g /// h\n";
        assert_eq!(texts(source, Kind::Word), ["a", "g"]);
    }

    #[test]
    fn strings_of_every_form_are_texts() {
        let source = r###"x("a\"b", r"c\", r#"d"e"#, b"f", br##"g"#h"##, c"i")"###;
        let wanted = [r#"a\"b"#, r"c\", "d\"e", "f", "g\"#h", "i"];
        assert_eq!(texts(source, Kind::Text), wanted);
        assert_eq!(texts(source, Kind::Word), ["x"]);
    }

    #[test]
    fn characters_and_lifetimes_do_not_open_strings() {
        let source = r#"f::<'a>('"', '\'', b'"', '\u{22}', 'static_) g"#;
        assert_eq!(texts(source, Kind::Word), ["f", "g"]);
    }

    #[test]
    fn raw_identifiers_are_words_and_ranges_are_not_fractions() {
        assert_eq!(texts("r#type 0..10 1.5e3 x.0", Kind::Word), ["type", "x"]);
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let tokens = tokenize("/*\n*/ \"a\nb\"\nc");
        assert_eq!((tokens[0].line, tokens[1].line), (2, 4));
    }
}
