//! The words and signs of a constraint.

use super::{ConstraintError, ConstraintProblem, Order};
use crate::template::name_length;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConstraintToken {
    Number(f64),
    Name,
    Order(Order),
    Plus,
    Minus,
    Times,
    Over,
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    End,
}

/// A token, the text that it stands for, and the number of its first character, from 1.
#[derive(Debug, Clone)]
pub(super) struct PlacedToken<'a> {
    pub(super) token: ConstraintToken,
    pub(super) text: &'a str,
    pub(super) position: usize,
}

/// The signs, a longer one before a shorter one that it begins with.
const SIGNS: [(&str, ConstraintToken); 19] = [
    ("<=", ConstraintToken::Order(Order::LessOrEqual)),
    (">=", ConstraintToken::Order(Order::GreaterOrEqual)),
    ("<", ConstraintToken::Order(Order::Less)),
    (">", ConstraintToken::Order(Order::Greater)),
    ("≤", ConstraintToken::Order(Order::LessOrEqual)),
    ("≥", ConstraintToken::Order(Order::GreaterOrEqual)),
    ("⩽", ConstraintToken::Order(Order::LessOrEqual)),
    ("⩾", ConstraintToken::Order(Order::GreaterOrEqual)),
    ("+", ConstraintToken::Plus),
    ("-", ConstraintToken::Minus),
    ("−", ConstraintToken::Minus),
    ("*", ConstraintToken::Times),
    ("·", ConstraintToken::Times),
    ("×", ConstraintToken::Times),
    ("/", ConstraintToken::Over),
    ("(", ConstraintToken::Open),
    (")", ConstraintToken::Close),
    ("[", ConstraintToken::OpenBracket),
    ("]", ConstraintToken::CloseBracket),
];

const REFUSED_SIGNS: [(&str, ConstraintProblem); 10] = [
    ("**", ConstraintProblem::Power),
    ("^", ConstraintProblem::Power),
    ("=<", ConstraintProblem::Turned { wrong: "=<", right: "<=" }),
    ("=>", ConstraintProblem::Turned { wrong: "=>", right: ">=" }),
    ("=", ConstraintProblem::Equality),
    ("≠", ConstraintProblem::Inequality),
    ("!=", ConstraintProblem::Inequality),
    ("<>", ConstraintProblem::Inequality),
    (",", ConstraintProblem::Comma),
    ("²", ConstraintProblem::Power),
];

/// Returns the words of a text, and one of kind [`ConstraintToken::End`] behind them.
pub(super) fn words(text: &str) -> Result<Vec<PlacedToken<'_>>, ConstraintError> {
    let (mut words, mut rest, mut position) = (Vec::new(), text, 1);
    loop {
        let word = rest.trim_start();
        position += chars(&rest[..rest.len() - word.len()]);
        let (token, length) = first(word).map_err(|problem| ConstraintError { position, problem })?;
        let is_end = token == ConstraintToken::End;
        words.push(PlacedToken { token, text: &word[..length], position });
        if is_end {
            return Ok(words);
        }
        position += chars(&word[..length]);
        rest = &word[length..];
    }
}

pub(super) fn chars(text: &str) -> usize {
    text.chars().count()
}

/// Returns the first token and its length in bytes.
fn first(text: &str) -> Result<(ConstraintToken, usize), ConstraintProblem> {
    let Some(letter) = text.chars().next() else {
        return Ok((ConstraintToken::End, 0));
    };
    if let Some((_, problem)) = REFUSED_SIGNS.into_iter().find(|(sign, _)| text.starts_with(sign)) {
        return Err(problem);
    }
    if let Some((sign, token)) = SIGNS.into_iter().find(|(sign, _)| text.starts_with(sign)) {
        return Ok((token, sign.len()));
    }
    match name_length(text) {
        0 if letter.is_ascii_digit() || letter == '.' => number(text),
        0 => Err(ConstraintProblem::Character(letter)),
        length => Ok((ConstraintToken::Name, length)),
    }
}

fn number(text: &str) -> Result<(ConstraintToken, usize), ConstraintProblem> {
    let length = number_length(text);
    match text[..length].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((ConstraintToken::Number(number), length)),
        Ok(_) => Err(ConstraintProblem::TooLarge),
        Err(_) => Err(ConstraintProblem::Number(text[..length].to_owned())),
    }
}

/// Length of a number: digits, points and an exponent. The sign of an exponent belongs to it, and so does the letter of an
/// exponent without digits: `1e` is hardly meant as a product.
fn number_length(text: &str) -> usize {
    let mantissa = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let Some(exponent) = text[mantissa..].strip_prefix(['e', 'E']) else {
        return mantissa;
    };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    text.len() - digits.len() + end
}
