//! From words to sums: a chain of sums, which consist of products, which consist of atoms.

use super::token::{ConstraintToken, PlacedToken, chars, words};
use super::{Constraint, ConstraintError, ConstraintProblem, Input, LinearSum, MAX_CHARS, Order};

const MAX_DEPTH: usize = 50;

const VALUE: &str = "a number or a factor";

pub(super) fn parse(text: &str) -> Result<Constraint, ConstraintError> {
    let first = |problem| Err(ConstraintError { position: 1, problem });
    if text.trim().is_empty() {
        return first(ConstraintProblem::Empty);
    }
    if chars(text) > MAX_CHARS {
        return first(ConstraintProblem::TooLong);
    }
    let mut parser = Parser { words: words(text)?, next: 0, depth: 0, inputs: Vec::new() };
    let (sums, orders) = parser.chain()?;
    if parser.inputs.is_empty() {
        return first(ConstraintProblem::NoFactor);
    }
    Ok(Constraint { text: text.to_owned(), inputs: parser.inputs, sums, orders })
}

struct Parser<'a> {
    words: Vec<PlacedToken<'a>>,
    next: usize,
    /// Number of parentheses that are open.
    depth: usize,
    inputs: Vec<Input>,
}

type Parsed<T> = Result<T, ConstraintError>;

impl<'a> Parser<'a> {
    fn chain(&mut self) -> Parsed<(Vec<LinearSum>, Vec<Order>)> {
        let (mut sums, mut orders) = (vec![self.sum()?], Vec::new());
        while let ConstraintToken::Order(order) = self.token() {
            orders.push(order);
            self.take();
            sums.push(self.sum()?);
        }
        match self.token() {
            ConstraintToken::End if orders.is_empty() => Err(self.wrong(ConstraintProblem::NothingCompared)),
            ConstraintToken::End => Ok((sums, orders)),
            _ => Err(self.no_operator()),
        }
    }

    fn sum(&mut self) -> Parsed<LinearSum> {
        let position = self.word().position;
        let mut sum = self.product()?;
        loop {
            let sign = match self.token() {
                ConstraintToken::Plus => 1.0,
                ConstraintToken::Minus => -1.0,
                _ => break,
            };
            self.take();
            sum.add(&self.product()?.map(|number| sign * number));
        }
        if sum.is_finite() { Ok(sum) } else { Err(ConstraintError { position, problem: ConstraintProblem::TooLarge }) }
    }

    fn product(&mut self) -> Parsed<LinearSum> {
        let mut product = self.signed()?;
        loop {
            match self.token() {
                ConstraintToken::Times => product = self.times(product)?,
                ConstraintToken::Over => product = self.over(product)?,
                _ => return Ok(product),
            }
        }
    }

    fn times(&mut self, left: LinearSum) -> Parsed<LinearSum> {
        let sign = self.take().position;
        let right = self.signed()?;
        match (left.number(), right.number()) {
            (Some(number), _) => Ok(right.map(|factor| number * factor)),
            (None, Some(number)) => Ok(left.map(|factor| factor * number)),
            (None, None) => Err(ConstraintError { position: sign, problem: ConstraintProblem::Product }),
        }
    }

    fn over(&mut self, left: LinearSum) -> Parsed<LinearSum> {
        let sign = self.take().position;
        let problem = match self.signed()?.number() {
            Some(divisor) if divisor != 0.0 => return Ok(left.map(|factor| factor / divisor)),
            Some(_) => ConstraintProblem::DivisionByZero,
            None => ConstraintProblem::Quotient,
        };
        Err(ConstraintError { position: sign, problem })
    }

    fn signed(&mut self) -> Parsed<LinearSum> {
        let mut sign = 1.0;
        while let token @ (ConstraintToken::Minus | ConstraintToken::Plus) = self.token() {
            sign = if token == ConstraintToken::Minus { -sign } else { sign };
            self.take();
        }
        Ok(self.atom()?.map(|number| sign * number))
    }

    fn atom(&mut self) -> Parsed<LinearSum> {
        match self.token() {
            ConstraintToken::Number(number) => {
                self.take();
                Ok(LinearSum::of_number(number))
            }
            ConstraintToken::Name => self.input(),
            ConstraintToken::Open => self.parenthesis(),
            _ => Err(self.missing(VALUE)),
        }
    }

    fn parenthesis(&mut self) -> Parsed<LinearSum> {
        if self.depth == MAX_DEPTH {
            return Err(self.wrong(ConstraintProblem::TooDeep));
        }
        self.depth += 1;
        self.take();
        let sum = self.sum()?;
        match self.token() {
            ConstraintToken::Close => self.take(),
            ConstraintToken::End | ConstraintToken::Order(_) => return Err(self.missing("`)`")),
            _ => return Err(self.no_operator()),
        };
        self.depth -= 1;
        Ok(sum)
    }

    fn input(&mut self) -> Parsed<LinearSum> {
        let PlacedToken { text: name, position, .. } = self.take();
        if self.token() == ConstraintToken::Open {
            return Err(ConstraintError { position, problem: ConstraintProblem::Function(name.to_owned()) });
        }
        let component = if self.token() == ConstraintToken::OpenBracket { Some(self.component(name)?) } else { None };
        let known = self.inputs.iter().position(|input| input.name == name && input.component == component);
        let input = known.unwrap_or_else(|| {
            self.inputs.push(Input { name: name.to_owned(), component, position });
            self.inputs.len() - 1
        });
        Ok(LinearSum::of_input(input))
    }

    fn component(&mut self, name: &str) -> Parsed<usize> {
        self.take();
        let Ok(component) = self.word().text.parse() else {
            return Err(self.wrong(ConstraintProblem::Component(name.to_owned())));
        };
        self.take();
        if self.token() != ConstraintToken::CloseBracket {
            return Err(self.missing("`]`"));
        }
        self.take();
        Ok(component)
    }

    fn word(&self) -> &PlacedToken<'a> {
        &self.words[self.next]
    }

    fn token(&self) -> ConstraintToken {
        self.word().token.clone()
    }

    /// Goes on to the next word, but never beyond the end.
    fn take(&mut self) -> PlacedToken<'a> {
        let word = self.word().clone();
        self.next = (self.next + 1).min(self.words.len() - 1);
        word
    }

    fn wrong(&self, problem: ConstraintProblem) -> ConstraintError {
        ConstraintError { position: self.word().position, problem }
    }

    fn missing(&self, expected: &'static str) -> ConstraintError {
        self.wrong(match self.word() {
            PlacedToken { token: ConstraintToken::End, .. } => ConstraintProblem::MissingAtEnd(expected),
            word => ConstraintProblem::Missing { expected, found: word.text.to_owned() },
        })
    }

    fn no_operator(&self) -> ConstraintError {
        let found = self.word().text.to_owned();
        self.wrong(match found.as_str() {
            "and" | "or" | "AND" | "OR" => ConstraintProblem::Conjunction(found),
            ")" => ConstraintProblem::Missing { expected: "`(`", found },
            _ => ConstraintProblem::NoOperator(found),
        })
    }
}
