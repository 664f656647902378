//! The command that continues an enqueueing that this one has begun.

use std::env;

/// Options that were meant for the beginning.
const LEFT_OUT: [&str; 4] = ["--yes", "--again", "--json", "--cancel"];

/// The one of these options that has a value.
const FIRST: &str = "--first";

/// Returns this command, as it is typed to continue without asking for first cases.
pub(super) fn command() -> String {
    same(env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()))
}

fn same(mut arguments: impl Iterator<Item = String>) -> String {
    let mut command = "cruncher".to_owned();
    while let Some(argument) = arguments.next() {
        if argument == FIRST {
            arguments.next();
        } else if !LEFT_OUT.contains(&argument.as_str()) && !argument.starts_with("--first=") {
            command.push(' ');
            command.push_str(&quoted(argument));
        }
    }
    command
}

/// Quotes a word so that a shell takes it as one.
fn quoted(word: String) -> String {
    let is_plain = |char: char| char.is_alphanumeric() || "_-+=:,./@%\\".contains(char);
    if !word.is_empty() && word.chars().all(is_plain) && !(cfg!(unix) && word.contains('\\')) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &[&str], expected: &str) {
        assert_eq!(same(typed.iter().map(|word| (*word).to_owned())), expected);
    }

    #[test]
    fn what_was_meant_for_the_beginning_is_left_out_and_all_else_stays() {
        check(
            &["--profile", "me", "enqueue", "s", "a.csv", "--first", "5", "--kind", "command", "--yes", "--json"],
            "cruncher --profile me enqueue s a.csv --kind command",
        );
        check(
            &["enqueue", "s", "d.json", "--again", "--force", "--first=5", "--region=eu-west-1", "--cancel"],
            "cruncher enqueue s d.json --force --region=eu-west-1",
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_takes_each_word_for_one() {
        check(&["enqueue", "s", "my design's.json"], r"cruncher enqueue s 'my design'\''s.json'");
        check(&["enqueue", "s", "$HOME;ls", "", r"a\b"], r"cruncher enqueue s '$HOME;ls' '' 'a\b'");
    }
}
