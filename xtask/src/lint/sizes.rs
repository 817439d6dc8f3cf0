//! The walls: how long a file and a function may be, and how many arguments a function takes.

use super::finding::Finding;
use super::tokens::{Token, after_group, matches_at};
use super::tree::Tree;

const FILE_LINES: usize = 600;
const FILE_LINES_WARNING: usize = 400;
const FUNCTION_LINES: usize = 100;
const ARGUMENTS: usize = 6;

/// Long files fail, files on the way there are remarked.
pub(crate) fn file_lines(tree: &Tree) -> Vec<Finding> {
    let hint = "split it by resource or by verb";
    let mut findings = Vec::new();
    for file in tree.rust() {
        let lines = file.text.lines().count();
        if lines > FILE_LINES {
            let what = format!("{lines} lines, the wall is {FILE_LINES}");
            findings.push(Finding::error(&file.path, lines, what, hint));
        } else if lines > FILE_LINES_WARNING {
            let what = format!("{lines} lines, more than {FILE_LINES_WARNING}");
            findings.push(Finding::remark(&file.path, lines, what, hint));
        }
    }
    findings
}

/// Long functions and long argument lists fail (`self` is not counted), in tests as well.
pub(crate) fn functions(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for function in file_functions(&file.tokens) {
            let Function {
                name,
                line,
                lines,
                arguments,
            } = function;
            if lines > FUNCTION_LINES {
                let what = format!("`{name}` has {lines} lines, the wall is {FUNCTION_LINES}");
                let hint = "give its parts names of their own";
                findings.push(Finding::error(&file.path, line, what, hint));
            }
            if arguments > ARGUMENTS {
                let what = format!("`{name}` takes {arguments} arguments, the wall is {ARGUMENTS}");
                let hint = "arguments that travel together are a struct";
                findings.push(Finding::error(&file.path, line, what, hint));
            }
        }
    }
    findings
}

struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
    arguments: usize,
}

fn file_functions(tokens: &[Token]) -> Vec<Function<'_>> {
    let named = |at: &usize| tokens[*at].is("fn") && tokens.get(at + 1).is_some_and(Token::is_word);
    (0..tokens.len())
        .filter(named)
        .map(|at| {
            let open = after_generics(tokens, at + 2);
            let close = after_group(tokens, open);
            let line = tokens[at].line;
            Function {
                name: &tokens[at + 1].text,
                line,
                lines: last_line(tokens, close).map_or(1, |last| last + 1 - line),
                arguments: arguments(&tokens[open..close]),
            }
        })
        .collect()
}

/// The position after `<..>`, or `at` if there is none.
fn after_generics(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut here = at;
    while let Some(token) = tokens.get(here) {
        if token.is("<") {
            depth += 1;
        } else if token.is(">") {
            depth -= 1;
        }
        if depth == 0 {
            return here + usize::from(here > at);
        }
        here += 1;
    }
    here
}

/// The last line of the body that follows a function's arguments; none for a declaration without one.
fn last_line(tokens: &[Token], start: usize) -> Option<usize> {
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        if token.is(";") {
            return None;
        }
        if token.is("{") {
            let after = after_group(tokens, at);
            return Some(tokens[after - 1].line);
        }
        let opens = token.is("(") || token.is("[");
        at = if opens {
            after_group(tokens, at)
        } else {
            at + 1
        };
    }
    None
}

/// How many arguments stand in a list, brackets included, `self` aside.
fn arguments(list: &[Token]) -> usize {
    let inside = list.get(1..list.len().saturating_sub(1)).unwrap_or(&[]);
    let mut depth = 0_usize;
    let mut count = 0;
    let mut start = 0;
    for at in 0..=inside.len() {
        let ends = match inside.get(at) {
            None => true,
            Some(token) => {
                if ["(", "[", "{", "<"].iter().any(|sign| token.is(sign)) {
                    depth += 1;
                } else if [")", "]", "}", ">"].iter().any(|sign| token.is(sign)) {
                    depth = depth.saturating_sub(1);
                }
                token.is(",") && depth == 0
            }
        };
        if ends {
            let argument = &inside[start..at];
            let is_self = (0..argument.len())
                .any(|at| argument[at].is("self") && !matches_at(argument, at + 1, &["::"]));
            count += usize::from(!argument.is_empty() && !is_self);
            start = at + 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::finding::Weight;

    fn tree(source: String) -> Tree {
        Tree::from_pairs([("crates/a/src/lib.rs", source)])
    }

    #[test]
    fn long_files_are_remarked_and_longer_ones_fail() {
        assert!(file_lines(&tree("//\n".repeat(400))).is_empty());
        let remark = file_lines(&tree("//\n".repeat(401)));
        assert_eq!(remark[0].weight, Weight::Remark);
        let error = file_lines(&tree("//\n".repeat(601)));
        assert_eq!(error[0].weight, Weight::Error);
    }

    #[test]
    fn a_long_function_fails_and_a_declaration_has_no_length() {
        let body = "\n".repeat(98);
        assert!(functions(&tree(format!("fn a() {{{body}\n}}"))).is_empty());
        let found = functions(&tree(format!("fn a() -> [u8; 2] {{{body}\n\n}}")));
        assert_eq!(found[0].what, "`a` has 101 lines, the wall is 100");
        assert!(functions(&tree(format!("fn a();{body}\n\n{{}}"))).is_empty());
    }

    #[test]
    fn seven_arguments_fail_whatever_their_types() {
        let types = "a: Map<A, B>, b: (A, B), c: [u8; 3], d: impl Fn(A, B) -> C, e: &dyn E, f: F";
        let six = format!("fn a<F: Fn(A) -> B, const N: usize>(&mut self, {types},) {{}}");
        assert!(functions(&tree(six)).is_empty());
        let seven = functions(&tree(format!("fn a({types}, g: G);")));
        assert_eq!(seven[0].what, "`a` takes 7 arguments, the wall is 6");
    }
}
