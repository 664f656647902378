//! The words and signs of a constraint.

use super::{ConstraintError, Order, Problem};
use crate::template::name_length;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
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
pub(super) struct Word<'a> {
    pub(super) token: Token,
    pub(super) text: &'a str,
    pub(super) position: usize,
}

/// The signs, a longer one before a shorter one that it begins with.
const SIGNS: [(&str, Token); 19] = [
    ("<=", Token::Order(Order::LessOrEqual)),
    (">=", Token::Order(Order::GreaterOrEqual)),
    ("<", Token::Order(Order::Less)),
    (">", Token::Order(Order::Greater)),
    ("≤", Token::Order(Order::LessOrEqual)),
    ("≥", Token::Order(Order::GreaterOrEqual)),
    ("⩽", Token::Order(Order::LessOrEqual)),
    ("⩾", Token::Order(Order::GreaterOrEqual)),
    ("+", Token::Plus),
    ("-", Token::Minus),
    ("−", Token::Minus),
    ("*", Token::Times),
    ("·", Token::Times),
    ("×", Token::Times),
    ("/", Token::Over),
    ("(", Token::Open),
    (")", Token::Close),
    ("[", Token::OpenBracket),
    ("]", Token::CloseBracket),
];

const REFUSED_SIGNS: [(&str, Problem); 10] = [
    ("**", Problem::Power),
    ("^", Problem::Power),
    ("=<", Problem::Turned { wrong: "=<", right: "<=" }),
    ("=>", Problem::Turned { wrong: "=>", right: ">=" }),
    ("=", Problem::Equality),
    ("≠", Problem::Inequality),
    ("!=", Problem::Inequality),
    ("<>", Problem::Inequality),
    (",", Problem::Comma),
    ("²", Problem::Power),
];

/// The words of a text, and one of kind [`Token::End`] behind them.
pub(super) fn words(text: &str) -> Result<Vec<Word<'_>>, ConstraintError> {
    let (mut words, mut rest, mut position) = (Vec::new(), text, 1);
    loop {
        let word = rest.trim_start();
        position += chars(&rest[..rest.len() - word.len()]);
        let (token, length) = first(word).map_err(|problem| ConstraintError { position, problem })?;
        let is_end = token == Token::End;
        words.push(Word { token, text: &word[..length], position });
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

/// The first token and how many bytes it takes.
fn first(text: &str) -> Result<(Token, usize), Problem> {
    let Some(letter) = text.chars().next() else {
        return Ok((Token::End, 0));
    };
    if let Some((_, problem)) = REFUSED_SIGNS.into_iter().find(|(sign, _)| text.starts_with(sign)) {
        return Err(problem);
    }
    if let Some((sign, token)) = SIGNS.into_iter().find(|(sign, _)| text.starts_with(sign)) {
        return Ok((token, sign.len()));
    }
    match name_length(text) {
        0 if letter.is_ascii_digit() || letter == '.' => number(text),
        0 => Err(Problem::Character(letter)),
        length => Ok((Token::Name, length)),
    }
}

fn number(text: &str) -> Result<(Token, usize), Problem> {
    let length = number_length(text);
    match text[..length].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), length)),
        Ok(_) => Err(Problem::TooLarge),
        Err(_) => Err(Problem::Number(text[..length].to_owned())),
    }
}

/// Digits, points and an exponent. The sign of an exponent belongs to it, and the letter of one without digits: nobody
/// means `1e` as a product.
fn number_length(text: &str) -> usize {
    let mantissa = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let Some(exponent) = text[mantissa..].strip_prefix(['e', 'E']) else {
        return mantissa;
    };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    text.len() - digits.len() + end
}
