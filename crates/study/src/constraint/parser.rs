//! From words to sums: a chain of sums, which consist of products, which consist of atoms.

use super::token::{Token, Word, chars, words};
use super::{Constraint, ConstraintError, Input, MAX_CHARS, Order, Problem, Sum};

const MAX_DEPTH: usize = 50;

const VALUE: &str = "a number or a factor";

pub(super) fn parse(text: &str) -> Result<Constraint, ConstraintError> {
    let first = |problem| Err(ConstraintError { position: 1, problem });
    if text.trim().is_empty() {
        return first(Problem::Empty);
    }
    if chars(text) > MAX_CHARS {
        return first(Problem::TooLong);
    }
    let mut parser = Parser { words: words(text)?, next: 0, depth: 0, inputs: Vec::new() };
    let (sums, orders) = parser.chain()?;
    if parser.inputs.is_empty() {
        return first(Problem::NoFactor);
    }
    Ok(Constraint { text: text.to_owned(), inputs: parser.inputs, sums, orders })
}

struct Parser<'a> {
    words: Vec<Word<'a>>,
    next: usize,
    /// How many parentheses are open.
    depth: usize,
    inputs: Vec<Input>,
}

type Parsed<T> = Result<T, ConstraintError>;

impl<'a> Parser<'a> {
    fn chain(&mut self) -> Parsed<(Vec<Sum>, Vec<Order>)> {
        let (mut sums, mut orders) = (vec![self.sum()?], Vec::new());
        while let Token::Order(order) = self.token() {
            orders.push(order);
            self.take();
            sums.push(self.sum()?);
        }
        match self.token() {
            Token::End if orders.is_empty() => Err(self.wrong(Problem::NothingCompared)),
            Token::End => Ok((sums, orders)),
            _ => Err(self.no_operator()),
        }
    }

    fn sum(&mut self) -> Parsed<Sum> {
        let position = self.word().position;
        let mut sum = self.product()?;
        loop {
            let sign = match self.token() {
                Token::Plus => 1.0,
                Token::Minus => -1.0,
                _ => break,
            };
            self.take();
            sum.add(&self.product()?.map(|number| sign * number));
        }
        if sum.is_finite() { Ok(sum) } else { Err(ConstraintError { position, problem: Problem::TooLarge }) }
    }

    fn product(&mut self) -> Parsed<Sum> {
        let mut product = self.signed()?;
        loop {
            match self.token() {
                Token::Times => product = self.times(product)?,
                Token::Over => product = self.over(product)?,
                _ => return Ok(product),
            }
        }
    }

    fn times(&mut self, left: Sum) -> Parsed<Sum> {
        let sign = self.take().position;
        let right = self.signed()?;
        match (left.number(), right.number()) {
            (Some(number), _) => Ok(right.map(|factor| number * factor)),
            (None, Some(number)) => Ok(left.map(|factor| factor * number)),
            (None, None) => Err(ConstraintError { position: sign, problem: Problem::Product }),
        }
    }

    fn over(&mut self, left: Sum) -> Parsed<Sum> {
        let sign = self.take().position;
        let problem = match self.signed()?.number() {
            Some(divisor) if divisor != 0.0 => return Ok(left.map(|factor| factor / divisor)),
            Some(_) => Problem::DivisionByZero,
            None => Problem::Quotient,
        };
        Err(ConstraintError { position: sign, problem })
    }

    fn signed(&mut self) -> Parsed<Sum> {
        let mut sign = 1.0;
        while let token @ (Token::Minus | Token::Plus) = self.token() {
            sign = if token == Token::Minus { -sign } else { sign };
            self.take();
        }
        Ok(self.atom()?.map(|number| sign * number))
    }

    fn atom(&mut self) -> Parsed<Sum> {
        match self.token() {
            Token::Number(number) => {
                self.take();
                Ok(Sum::of_number(number))
            }
            Token::Name => self.input(),
            Token::Open => self.parenthesis(),
            _ => Err(self.missing(VALUE)),
        }
    }

    fn parenthesis(&mut self) -> Parsed<Sum> {
        if self.depth == MAX_DEPTH {
            return Err(self.wrong(Problem::TooDeep));
        }
        self.depth += 1;
        self.take();
        let sum = self.sum()?;
        match self.token() {
            Token::Close => self.take(),
            Token::End | Token::Order(_) => return Err(self.missing("`)`")),
            _ => return Err(self.no_operator()),
        };
        self.depth -= 1;
        Ok(sum)
    }

    fn input(&mut self) -> Parsed<Sum> {
        let Word { text: name, position, .. } = self.take();
        if self.token() == Token::Open {
            return Err(ConstraintError { position, problem: Problem::Function(name.to_owned()) });
        }
        let component = if self.token() == Token::OpenBracket { Some(self.component(name)?) } else { None };
        let known = self.inputs.iter().position(|input| input.name == name && input.component == component);
        let input = known.unwrap_or_else(|| {
            self.inputs.push(Input { name: name.to_owned(), component, position });
            self.inputs.len() - 1
        });
        Ok(Sum::of_input(input))
    }

    fn component(&mut self, name: &str) -> Parsed<usize> {
        self.take();
        let Ok(component) = self.word().text.parse() else {
            return Err(self.wrong(Problem::Component(name.to_owned())));
        };
        self.take();
        if self.token() != Token::CloseBracket {
            return Err(self.missing("`]`"));
        }
        self.take();
        Ok(component)
    }

    fn word(&self) -> &Word<'a> {
        &self.words[self.next]
    }

    fn token(&self) -> Token {
        self.word().token.clone()
    }

    /// Goes on to the next word, but never beyond the end.
    fn take(&mut self) -> Word<'a> {
        let word = self.word().clone();
        self.next = (self.next + 1).min(self.words.len() - 1);
        word
    }

    fn wrong(&self, problem: Problem) -> ConstraintError {
        ConstraintError { position: self.word().position, problem }
    }

    fn missing(&self, expected: &'static str) -> ConstraintError {
        self.wrong(match self.word() {
            Word { token: Token::End, .. } => Problem::MissingAtEnd(expected),
            word => Problem::Missing { expected, found: word.text.to_owned() },
        })
    }

    fn no_operator(&self) -> ConstraintError {
        let found = self.word().text.to_owned();
        self.wrong(match found.as_str() {
            "and" | "or" | "AND" | "OR" => Problem::Conjunction(found),
            ")" => Problem::Missing { expected: "`(`", found },
            _ => Problem::NoOperator(found),
        })
    }
}
