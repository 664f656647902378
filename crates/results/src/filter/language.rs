//! The language of the filter field: `state:failed cohesion_array[0] > 2e5 worker:node7*`.
//!
//! Conditions stand one behind the other, with spaces between them; a case meets all of them. A condition is a column, an operator
//! and a value; a word alone is searched for in ids and texts.
//!
//! | text | meaning |
//! |---|---|
//! | `state:failed`, `state:failed\|lost` | one of these values |
//! | `worker:node7*` | a text; `*` stands for any characters |
//! | `level:3..5`, `load:2e5..`, `load:..3e5` | a number in this range, both ends included |
//! | `load > 2e5`, `>=`, `<`, `<=` | a number beyond or up to this one |
//! | `load = 3` | this value |
//! | `load:*`, `load:!` | there is a value, there is none |
//!
//! A column is a field, a factor or a response, by its name; `factor.x` and `response.x` tell those of the same name apart. Names and
//! values with spaces stand in quotation marks; two quotation marks there are one.

mod typed_word;

use self::typed_word::{TypedWord, name_words, pattern_words, value_words};
use crate::column_id::{CaseField, ColumnId};
use crate::filter::{FilterCondition, RangeLimit, RowFilter};
use crate::store::ResultStore;

/// A text that is no filter: the place of the problem, in characters from 0, and its length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct LanguageError {
    /// The first character that is meant.
    pub at: usize,
    /// Number of characters.
    pub length: usize,
    /// The problem.
    pub problem: LanguageProblem,
}

/// Problem with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LanguageProblem {
    /// A quotation mark isn't closed.
    #[error("a quotation mark isn't closed")]
    Quotation,
    /// There is no such column.
    #[error("there is no column `{name}`{}", there_is(.near))]
    Column {
        /// The name.
        name: String,
        /// Columns whose names are alike.
        near: Vec<String>,
    },
    /// Several columns have this name.
    #[error("`{0}` is a factor and a response: write `factor.{0}` or `response.{0}`")]
    Ambiguous(String),
    /// Nothing stands behind an operator.
    #[error("a value is missing behind `{0}`")]
    NoValue(&'static str),
    /// The value of a comparison is no number.
    #[error("`{0}` is no number")]
    Number(String),
}

fn there_is(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; there is `{}`", names.join("`, `")) }
}

/// Operators, longer ones in front of their beginnings.
const OPERATORS: [&str; 6] = [">=", "<=", ">", "<", "=", ":"];

/// Names of fields in the language.
pub const FIELDS: [(&str, CaseField); 13] = [
    ("state", CaseField::State),
    ("batch", CaseField::Batch),
    ("case", CaseField::CaseId),
    ("model", CaseField::Model),
    ("level", CaseField::Level),
    ("replicate", CaseField::Replicate),
    ("attempt", CaseField::Attempt),
    ("duration", CaseField::DurationSecs),
    ("worker", CaseField::Worker),
    ("pool", CaseField::Pool),
    ("error", CaseField::Error),
    ("signature", CaseField::Signature),
    ("end", CaseField::EndTime),
];

/// Reads a filter for the columns of a store.
///
/// # Errors
/// If the text is no filter.
pub fn parse(text: &str, store: &ResultStore) -> Result<RowFilter, LanguageError> {
    let mut reader = Reader { chars: text.chars().collect(), at: 0 };
    let mut conditions = Vec::new();
    loop {
        reader.skip_spaces();
        if reader.at == reader.chars.len() {
            return Ok(RowFilter { conditions });
        }
        conditions.push(condition(&mut reader, store)?);
    }
}

/// Writes a filter in the language. What the language has no words for is written as in an address.
#[must_use]
pub fn write(filter: &RowFilter, store: &ResultStore) -> String {
    filter.conditions.iter().map(|condition| words(condition, store)).collect::<Vec<_>>().join(" ")
}

/// Returns names that a text which stands before the cursor may be completed to, of fields, factors and responses.
#[must_use]
pub fn completions(text: &str, store: &ResultStore) -> Vec<String> {
    let word = text.rsplit(' ').next().unwrap_or_default();
    if let Some(value) = word.strip_prefix("state:") {
        let states = store.categories(store.field(CaseField::State));
        let named =
            states.iter().map(|state| state.label).filter(|label| !label.is_empty() && label.starts_with(value));
        return named.map(|label| format!("state:{label}")).collect();
    }
    let fields = FIELDS.iter().map(|(name, _)| format!("{name}:"));
    let columns = store.factors().chain(store.responses()).map(|(id, _)| format!("{} ", name_words(id.name())));
    fields.chain(columns).filter(|name| name.starts_with(word)).take(MAX_COMPLETIONS).collect()
}

/// Maximum number of completions.
const MAX_COMPLETIONS: usize = 40;

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn skip_spaces(&mut self) {
        while self.chars.get(self.at).is_some_and(|char| char.is_whitespace()) {
            self.at += 1;
        }
    }

    /// Reads a word up to a space, or to an operator if `ends_at_operator`; a quoted part of it is taken as it stands.
    fn word(&mut self, ends_at_operator: bool) -> Result<TypedWord, LanguageError> {
        let mut word = TypedWord::default();
        while let Some(char) = self.chars.get(self.at).copied() {
            if char == '"' {
                word.push_quoted(self.quoted()?);
                continue;
            }
            if char.is_whitespace() || ends_at_operator && self.operator().is_some() {
                break;
            }
            word.push(char);
            self.at += 1;
        }
        Ok(word)
    }

    /// Reads from a quotation mark to the one that closes it.
    fn quoted(&mut self) -> Result<Vec<char>, LanguageError> {
        let open = self.at;
        let mut quoted = Vec::new();
        loop {
            self.at += 1;
            match self.chars.get(self.at) {
                Some('"') if self.chars.get(self.at + 1) == Some(&'"') => self.at += 1,
                Some('"') => break,
                Some(_) => {}
                None => {
                    let length = self.chars.len() - open;
                    return Err(LanguageError { at: open, length, problem: LanguageProblem::Quotation });
                }
            }
            quoted.push(self.chars[self.at]);
        }
        self.at += 1;
        Ok(quoted)
    }

    /// Returns the operator that stands here.
    fn operator(&self) -> Option<&'static str> {
        let is_here = |operator: &&str| operator.chars().eq(self.chars[self.at..].iter().copied().take(operator.len()));
        OPERATORS.into_iter().find(is_here)
    }
}

fn condition(reader: &mut Reader, store: &ResultStore) -> Result<FilterCondition, LanguageError> {
    let start = reader.at;
    let name = reader.word(true)?.text();
    let name_end = reader.at;
    reader.skip_spaces();
    let Some(operator) = reader.operator() else {
        reader.at = name_end;
        return Ok(FilterCondition::Search(name));
    };
    let of = |at: usize, end: usize, problem| LanguageError { at, length: end - at, problem };
    let column = column(&name, store).map_err(|problem| of(start, name_end, problem))?;
    let operator_at = reader.at;
    reader.at += operator.len();
    let behind = reader.at;
    reader.skip_spaces();
    let value_at = reader.at;
    let word = reader.word(false)?;
    let value = word.text();
    if value.is_empty() && !word.is_quoted() {
        return Err(of(operator_at, behind, LanguageProblem::NoValue(operator)));
    }
    let number = || {
        let problem = || of(value_at, reader.at, LanguageProblem::Number(value.clone()));
        RangeLimit::parse(&value).ok_or_else(problem)
    };
    Ok(match operator {
        ">" => FilterCondition::Range { column, least: Some(next(number()?, 1)), most: None },
        ">=" => FilterCondition::Range { column, least: Some(number()?), most: None },
        "<" => FilterCondition::Range { column, least: None, most: Some(next(number()?, -1)) },
        "<=" => FilterCondition::Range { column, least: None, most: Some(number()?) },
        ":" if !word.is_quoted() => of_values(column, &word).map_err(|problem| of(value_at, reader.at, problem))?,
        _ => one_of(column, vec![value]),
    })
}

/// Reads what stands behind a colon.
fn of_values(column: ColumnId, word: &TypedWord) -> Result<FilterCondition, LanguageProblem> {
    let (text, meaning) = (word.text(), word.meaning());
    if let Some((least, most)) = text.split_once("..").filter(|_| meaning.contains("..")) {
        let end = |text: &str| match text {
            "" => Ok(None),
            _ => RangeLimit::parse(text).map(Some).ok_or_else(|| LanguageProblem::Number(text.to_owned())),
        };
        return Ok(FilterCondition::Range { column, least: end(least)?, most: end(most)? });
    }
    Ok(match meaning.as_str() {
        "*" => FilterCondition::HasValue(column),
        "!" => FilterCondition::HasNone(column),
        pattern if pattern.contains('*') => FilterCondition::Like { column, pattern: text },
        _ => one_of(column, word.alternatives()),
    })
}

fn one_of(column: ColumnId, mut values: Vec<String>) -> FilterCondition {
    match (&column, values.len()) {
        // Ids are known by their beginnings.
        (ColumnId::Case(CaseField::CaseId), 1) => {
            FilterCondition::Like { column, pattern: format!("{}*", values.remove(0)) }
        }
        _ => FilterCondition::OneOf { column, values },
    }
}

/// Integers from here on, 2^53, may lie between two floats; from 2^64 on there are none.
const LARGE: std::ops::Range<f64> = 9_007_199_254_740_992.0..18_446_744_073_709_551_616.0;

/// Returns the next number above or below: of large whole numbers the next integer.
#[expect(clippy::cast_possible_truncation, reason = "it is less than 2^64")]
fn next(limit: RangeLimit, step: i128) -> RangeLimit {
    let integer = match limit {
        RangeLimit::Integer(integer) => Some(integer.value()),
        RangeLimit::Float(number) => LARGE.contains(&number.abs()).then_some(number as i128),
    };
    let next = integer.and_then(|integer| RangeLimit::parse(&(integer + step).to_string()));
    let (up, down) = (limit.nearest().next_up(), limit.nearest().next_down());
    next.unwrap_or(RangeLimit::Float(if step > 0 { up } else { down }))
}

/// Finds the column that is called so.
fn column(name: &str, store: &ResultStore) -> Result<ColumnId, LanguageProblem> {
    let lower = name.to_lowercase();
    if let Some((_, field)) = FIELDS.iter().find(|(own, _)| *own == lower) {
        return Ok(ColumnId::Case(*field));
    }
    let named = |id: &ColumnId| store.column(id).is_some();
    let (factor, response) = (ColumnId::Factor(name.to_owned()), ColumnId::Response(name.to_owned()));
    match (named(&factor), named(&response)) {
        (true, true) => return Err(LanguageProblem::Ambiguous(name.to_owned())),
        (true, false) => return Ok(factor),
        (false, true) => return Ok(response),
        (false, false) => {}
    }
    let qualified = [("factor.", true), ("response.", false)].into_iter().find_map(|(part, is_factor)| {
        let name = name.strip_prefix(part)?.to_owned();
        Some(if is_factor { ColumnId::Factor(name) } else { ColumnId::Response(name) })
    });
    if let Some(id) = qualified.filter(named) {
        return Ok(id);
    }
    let fields = FIELDS.iter().map(|(own, _)| (*own).to_owned());
    let all = fields.chain(store.factors().chain(store.responses()).map(|(id, _)| id.name().to_owned()));
    let is_near = |own: &String| {
        let own = own.to_lowercase();
        own.starts_with(&lower) || lower.starts_with(&own) || !lower.is_empty() && own.contains(&lower)
    };
    Err(LanguageProblem::Column { name: name.to_owned(), near: all.filter(is_near).take(3).collect() })
}

fn words(condition: &FilterCondition, store: &ResultStore) -> String {
    let name = |id: &ColumnId| {
        let field = FIELDS.iter().find(|(_, own)| *id == ColumnId::Case(*own)).map(|(name, _)| (*name).to_owned());
        let plain = field.unwrap_or_else(|| id.name().to_owned());
        let is_clear = column(&plain, store).is_ok_and(|found| found == *id);
        match id {
            ColumnId::Factor(name) if !is_clear => name_words(&format!("factor.{name}")),
            ColumnId::Response(name) if !is_clear => name_words(&format!("response.{name}")),
            _ => name_words(&plain),
        }
    };
    let end = |limit: &Option<RangeLimit>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    match condition {
        FilterCondition::Range { column, least: Some(least), most: None } => format!("{} >= {least}", name(column)),
        FilterCondition::Range { column, least: None, most: Some(most) } => format!("{} <= {most}", name(column)),
        FilterCondition::Range { column, least, most } => format!("{}:{}..{}", name(column), end(least), end(most)),
        FilterCondition::OneOf { column, values } => {
            let values: Vec<_> = values.iter().map(|value| value_words(value)).collect();
            format!("{}:{}", name(column), values.join("|"))
        }
        FilterCondition::HasValue(column) => format!("{}:*", name(column)),
        FilterCondition::HasNone(column) => format!("{}:!", name(column)),
        FilterCondition::Like { column, pattern } => format!("{}:{}", name(column), pattern_words(pattern)),
        FilterCondition::Search(text) => name_words(text),
        FilterCondition::Cases(_) => condition.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chunk::Chunk;

    fn store() -> ResultStore {
        let mut store = ResultStore::default();
        let rows = [
            ("done", 1.0, "node7_1"),
            ("failed", 2e5, "node7_2"),
            ("failed", 3e5, "node8_1"),
            ("done", 4e5, "node8_1"),
        ];
        for (number, (outcome, c, worker)) in (0_u64..).zip(rows) {
            let error = (outcome == "failed").then_some("ValueError: negative cohesion");
            let pool = (number > 1).then_some("gpu");
            let row = json!({"batch": "soil", "case_id": format!("{:02x}{:030x}", 0xab + number, 0), "outcome": outcome, "pool": pool,
                "start_time": 0, "end_time": 1, "final": true, "error": error,
                "parameters": {"c[0]": c, "seed": 9_007_199_254_740_992 + number, "my name": number, "y": 1},
                "result": {"y": 1, "level": 7}});
            store.append(&Chunk::parse(worker, format!("{row}\n").as_bytes()).chunk);
        }
        store
    }

    fn check(text: &str, expected: &[usize]) {
        let store = store();
        let filter = parse(text, &store).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.apply(&store).iter().collect::<Vec<_>>(), expected, "{text}: {filter}");
        let again = parse(&write(&filter, &store), &store)
            .unwrap_or_else(|error| panic!("{}: {error}", write(&filter, &store)));
        assert_eq!(
            again.apply(&store).iter().collect::<Vec<_>>(),
            expected,
            "{text} written as {}",
            write(&filter, &store)
        );
        assert_eq!(filter.to_string().parse(), Ok(filter.clone()), "{filter}");
    }

    #[test]
    fn conditions_are_all_met() {
        check("", &[0, 1, 2, 3]);
        check("  ", &[0, 1, 2, 3]);
        check("state:failed", &[1, 2]);
        check("state:failed c[0] > 2e5 worker:node8*", &[2]);
        check("state:failed|done", &[0, 1, 2, 3]);
        check("c[0] >= 2e5", &[1, 2, 3]);
        check("c[0]<2e5", &[0]);
        check("c[0] <= 2e5", &[0, 1]);
        check("c[0]:2e5..3e5", &[1, 2]);
        check("c[0]:..2e5", &[0, 1]);
        check("c[0] = 300000", &[2]);
        check("case:ac", &[1]);
        check("pool:gpu", &[2, 3]);
        check("pool:main", &[0, 1]);
        check("pool:g*|x", &[]);
        check("negative", &[1, 2]);
        check("NODE8", &[2, 3]);
        check("\"negative coh\"", &[1, 2]);
        check("error:*cohesion*", &[1, 2]);
        check("error:!", &[0, 3]);
        check("error:*", &[1, 2]);
        check("\"my name\" > 1", &[2, 3]);
        check("\"my name\":2..", &[2, 3]);
        check("response.level:7", &[0, 1, 2, 3]);
        check("factor.y:1 nowhere", &[]);
    }

    #[test]
    fn integers_beyond_floats_are_told_apart() {
        check("seed > 9007199254740992", &[1, 2, 3]);
        check("seed >= 9007199254740993", &[1, 2, 3]);
        check("seed < 9007199254740994", &[0, 1]);
        check("seed = 9007199254740993", &[1]);
    }

    /// Blanks, bars, quotation marks and dots are read as they were written.
    #[test]
    fn what_has_to_be_quoted_is_quoted() {
        check("error:*\"negative cohesion\"*", &[1, 2]);
        check("error:\"ValueError: negative cohesion\"|x", &[1, 2]);
        check("error:x|\"a \"\"b\"\"\"", &[]);
        check("\"negative \"\"cohesion\"\"\"", &[]);
        check("case:\"ab..\"", &[]);
        let value = |text: &str| FilterCondition::OneOf {
            column: ColumnId::Case(CaseField::Worker),
            values: text.split(';').map(str::to_owned).collect(),
        };
        for text in ["node 7", "node 7;node 8", "a\"b", "a|b;c", "*", "a..b", "!", "a b;\"", ";a"] {
            let filter = RowFilter { conditions: vec![value(text)] };
            assert_eq!(parse(&write(&filter, &store()), &store()), Ok(filter.clone()), "{}", write(&filter, &store()));
        }
        for pattern in ["*no disk*", " *", "a\"*", "*..*", "a|*", "* \" *"] {
            let column = ColumnId::Case(CaseField::Error);
            let filter = RowFilter { conditions: vec![FilterCondition::Like { column, pattern: pattern.to_owned() }] };
            assert_eq!(parse(&write(&filter, &store()), &store()), Ok(filter.clone()), "{}", write(&filter, &store()));
        }
    }

    #[test]
    fn what_is_no_filter_says_where_and_why() {
        for (text, at, length, words) in [
            ("state:failed cohesion > 3", 13, 8, "there is no column `cohesion`"),
            ("wor:x", 0, 3, "there is no column `wor`; there is `worker`"),
            ("c[0] > high", 7, 4, "`high` is no number"),
            ("c[0]:1..x", 5, 4, "`x` is no number"),
            ("state:", 5, 1, "a value is missing behind `:`"),
            ("c[0] >", 5, 1, "a value is missing behind `>`"),
            ("y:1", 0, 1, "`y` is a factor and a response: write `factor.y` or `response.y`"),
            ("a \"b", 2, 2, "a quotation mark isn't closed"),
        ] {
            let error = parse(text, &store()).unwrap_err();
            assert_eq!((error.at, error.length, error.to_string().as_str()), (at, length, words), "{text}");
        }
    }

    #[test]
    fn names_and_states_are_completed() {
        let completed = |text| completions(text, &store());
        assert_eq!(completed("state:failed wor"), ["worker:"]);
        assert_eq!(completed("state:f"), ["state:failed"]);
        assert_eq!(completed("c["), ["c[0] "]);
        assert!(completed("").len() > 12);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in ".{0,40}") {
            let _ = parse(&text, &store());
        }
    }
}
