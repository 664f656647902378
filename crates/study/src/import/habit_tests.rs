//! Tables of known numbers, written by random habits of spreadsheets and programs: they are those numbers, or a question.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::case::ParameterValue::{Integer, Number, Text};

/// The way in which a table is written.
#[derive(Debug, Clone)]
struct Habit {
    mark: DecimalMark,
    groups: Groups,
    separator: &'static str,
    sign: Sign,
    /// A currency in front of each number's digits, or behind all of it.
    currency: Currency,
    /// Spaces behind each number, as in texts pasted from web pages.
    behind: &'static str,
    encoding: Encoding,
    line_end: &'static str,
    quotes: Quotes,
    above: Above,
    rows: RowHabit,
    index: IndexHabit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Groups {
    None,
    Threes(&'static str),
    /// Only the last group has three digits, the others two.
    Indian,
}

/// The way in which the sign of a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Minus(&'static str),
    /// `+5` as well as `-5`.
    Both,
    Behind,
    Brackets,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Currency {
    None,
    Front(&'static str),
    Behind(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf8WithMark,
    Utf16LittleEndian,
    Utf16BigEndian,
    Utf16WithMark,
    Utf32,
    Latin1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    WhereNeeded,
    Everywhere,
}

/// Lines above the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Above {
    Nothing,
    BlankLine,
    Separator,
    Comment,
    /// The header is a comment itself.
    CommentedHeader,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowHabit {
    Plain,
    UnitsFirst,
    BlankRows,
    BlankColumn,
    /// Separators at the end of each row, but not of the header.
    TrailingSeparators,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IndexHabit {
    None,
    Unnamed,
    Pandas,
}

/// A number as its author means it.
#[derive(Debug, Clone)]
struct Meant {
    is_negative: bool,
    whole: u64,
    decimals: Option<String>,
    /// The exponent as it is written, and its value.
    exponent: Option<(&'static str, i32)>,
}

#[derive(Debug, Clone)]
enum MeantColumn {
    Numbers(Vec<Meant>),
    Texts(Vec<&'static str>),
}

impl Meant {
    fn parameter(&self, is_float: bool) -> ParameterValue {
        let sign = if self.is_negative { "-" } else { "" };
        let exponent = self.exponent.map_or(0, |(_, exponent)| exponent);
        let text = format!("{sign}{}.{}e{exponent}", self.whole, self.decimals.as_deref().unwrap_or("0"));
        if is_float {
            Number(text.parse().unwrap())
        } else if self.is_negative {
            Integer(format!("-{}", self.whole).parse().unwrap())
        } else {
            ParameterValue::from(self.whole)
        }
    }

    const fn is_float(&self) -> bool {
        self.decimals.is_some() || self.exponent.is_some()
    }

    fn written(&self, habit: &Habit) -> String {
        let decimals = self.decimals.as_ref().map(|decimals| format!("{}{decimals}", habit.mark.letter()));
        // Groups of digits and an exponent aren't written together.
        let groups = if self.exponent.is_some() { Groups::None } else { habit.groups };
        let exponent = self.exponent.map_or("", |(written, _)| written);
        let digits = format!("{}{}{exponent}", grouped(&self.whole.to_string(), groups), decimals.unwrap_or_default());
        let (front, behind) = match habit.currency {
            Currency::None => ("", ""),
            Currency::Front(currency) => (currency, ""),
            Currency::Behind(currency) => ("", currency),
        };
        let signed = match (habit.sign, self.is_negative) {
            (Sign::Minus(minus), true) => format!("{minus}{front}{digits}{behind}"),
            (Sign::Both, true) => format!("-{front}{digits}{behind}"),
            (Sign::Both, false) => format!("+{front}{digits}{behind}"),
            (Sign::Behind, true) => format!("{front}{digits}-{behind}"),
            (Sign::Brackets, true) => format!("({front}{digits}{behind})"),
            (_, false) => format!("{front}{digits}{behind}"),
        };
        format!("{signed}{}", habit.behind)
    }
}

fn grouped(digits: &str, groups: Groups) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len() - index;
        let separator = match groups {
            Groups::Threes(separator) if left.is_multiple_of(3) => separator,
            Groups::Indian if left == 3 || (left > 3 && left % 2 == 1) => ",",
            _ => "",
        };
        text.push_str(if index > 0 { separator } else { "" });
        text.push(digit);
    }
    text
}

impl MeantColumn {
    fn expected(&self) -> Vec<ParameterValue> {
        match self {
            Self::Texts(texts) => texts.iter().map(|text| Text((*text).to_owned())).collect(),
            Self::Numbers(numbers) => {
                let is_float = numbers.iter().any(Meant::is_float);
                numbers.iter().map(|number| number.parameter(is_float)).collect()
            }
        }
    }

    fn has_breaks(&self) -> bool {
        matches!(self, Self::Texts(texts) if texts.iter().any(|text| text.contains('\n')))
    }

    fn written(&self, row: usize, habit: &Habit) -> String {
        match self {
            Self::Texts(texts) => texts[row].to_owned(),
            Self::Numbers(numbers) => numbers[row].written(habit),
        }
    }
}

fn field_of(text: &str, habit: &Habit) -> String {
    let needs_quotes =
        [habit.separator, "\n", "\""].iter().any(|part| text.contains(part)) || habit.quotes == Quotes::Everywhere;
    if needs_quotes { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn line(index: &str, fields: &[String], habit: &Habit) -> String {
    let mut all: Vec<String> = fields.iter().map(|text| field_of(text, habit)).collect();
    if habit.index != IndexHabit::None {
        all.insert(0, index.to_owned());
    }
    if habit.rows == RowHabit::BlankColumn {
        all.push(String::new());
    }
    all.join(habit.separator) + habit.line_end
}

fn written(columns: &[MeantColumn], rows: usize, habit: &Habit) -> Vec<u8> {
    let names: Vec<String> = (0..columns.len()).map(|column| format!("input_{column}")).collect();
    let end = habit.line_end;
    let mut text = match habit.above {
        Above::Nothing => String::new(),
        Above::BlankLine => end.to_owned(),
        Above::Separator => format!("sep={}{end}", habit.separator),
        Above::Comment => format!("# written by hand, 2026{end}"),
        Above::CommentedHeader => "# ".to_owned(),
    };
    let index = if habit.index == IndexHabit::Pandas { "Unnamed: 0" } else { "" };
    text += &line(index, &names, habit);
    if habit.rows == RowHabit::UnitsFirst {
        let unit = |column: &MeantColumn| if matches!(column, MeantColumn::Texts(_)) { "-" } else { "kPa" }.to_owned();
        text += &line("", &columns.iter().map(unit).collect::<Vec<_>>(), habit);
    }
    for row in 0..rows {
        let fields: Vec<String> = columns.iter().map(|column| column.written(row, habit)).collect();
        let line = line(&row.to_string(), &fields, habit);
        text += &line;
        // A single column has no separator that could be known.
        if habit.rows == RowHabit::TrailingSeparators && (columns.len() > 1 || habit.index != IndexHabit::None) {
            text.truncate(text.len() - end.len());
            text += &(habit.separator.repeat(1 + row % 2) + end);
        }
        if habit.rows == RowHabit::BlankRows {
            text += &(habit.separator.repeat((row % 3).min(columns.len() - 1)) + end);
        }
    }
    encoded(&text, habit.encoding)
}

fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8WithMark => format!("\u{feff}{text}").into_bytes(),
        Encoding::Utf16LittleEndian => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16BigEndian => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Encoding::Utf16WithMark => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf32 => text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect(),
        // A letter that it doesn't have becomes a question mark, as in many programs.
        Encoding::Latin1 => text.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect(),
    }
}

fn number(is_whole: bool) -> impl Strategy<Value = Meant> {
    let sizes = prop_oneof![0_u64..10, 0_u64..10_000, 0_u64..10_000_000_000, Just(50_000), Just(1_234_567)];
    let whole = prop_oneof![4 => sizes, 1 => any::<u64>()];
    let exponents = vec![("E+03", 3), ("e-2", -2), ("E5", 5), ("D+03", 3), ("e+00", 0)];
    let exponent = prop_oneof![4 => Just(None), 1 => select(exponents).prop_map(Some)];
    (any::<bool>(), whole, prop_oneof![Just(3_usize), 1_usize..6], 0_u64..100_000, exponent).prop_map(
        move |(is_negative, whole, length, decimals, exponent)| {
            let decimals = format!("{decimals:05}00000")[..length].to_owned();
            // A float keeps no more digits.
            let whole = if is_whole { whole } else { whole % 1_000_000_000 };
            let (decimals, exponent) = if is_whole { (None, None) } else { (Some(decimals), exponent) };
            Meant { is_negative: is_negative && i64::try_from(whole).is_ok(), whole, decimals, exponent }
        },
    )
}

fn columns(rows: usize) -> impl Strategy<Value = Vec<MeantColumn>> {
    let numbers = |is_whole| prop::collection::vec(number(is_whole), rows).prop_map(MeantColumn::Numbers);
    let mixed = prop::collection::vec((any::<bool>(), number(true), number(false)), rows).prop_map(|numbers| {
        let small = |number: Meant| Meant { whole: number.whole % 1_000_000_000, ..number };
        let one = |(is_whole, whole, float)| if is_whole { small(whole) } else { float };
        MeantColumn::Numbers(numbers.into_iter().map(one).collect())
    });
    let texts = vec!["clay", "wet sand", "C30/37", "silt", "grey;\nwet", "stiff, \"grey\"", "a|b", "WAHR", "Mai 01"];
    let texts = prop::collection::vec(select(texts), rows).prop_map(MeantColumn::Texts);
    let column = prop_oneof![3 => numbers(true), 3 => numbers(false), 2 => mixed, 1 => texts];
    (numbers(true), prop::collection::vec(column, 0..4)).prop_map(|(first, others)| {
        let mut columns = vec![first];
        columns.extend(others);
        columns
    })
}

fn habit() -> impl Strategy<Value = Habit> {
    let groups = vec![
        Groups::None,
        Groups::Threes(","),
        Groups::Threes("."),
        Groups::Threes(" "),
        Groups::Threes("\u{a0}"),
        Groups::Threes("\u{202f}"),
        Groups::Threes("'"),
        Groups::Threes("’"),
        Groups::Threes("_"),
        Groups::Indian,
    ];
    let encodings = vec![
        Encoding::Utf8,
        Encoding::Utf8WithMark,
        Encoding::Utf16LittleEndian,
        Encoding::Utf16BigEndian,
        Encoding::Utf16WithMark,
        Encoding::Utf32,
        Encoding::Latin1,
    ];
    let above = vec![Above::Nothing, Above::BlankLine, Above::Separator, Above::Comment, Above::CommentedHeader];
    let rows = vec![
        RowHabit::Plain,
        RowHabit::UnitsFirst,
        RowHabit::BlankRows,
        RowHabit::BlankColumn,
        RowHabit::TrailingSeparators,
    ];
    let signs = vec![Sign::Minus("-"), Sign::Minus("−"), Sign::Minus("–"), Sign::Both, Sign::Behind, Sign::Brackets];
    let currencies = vec![
        Currency::None,
        Currency::None,
        Currency::Front("$"),
        Currency::Front("€\u{a0}"),
        Currency::Behind(" €"),
        Currency::Behind("\u{202f}£"),
    ];
    let numbers = (
        select(vec![DecimalMark::Point, DecimalMark::Comma]),
        select(groups),
        select(signs),
        select(currencies),
        select(vec!["", "", "\u{200b}", "\u{feff}"]),
    );
    let sheet = (
        select(vec![",", ";", "\t", "|", " "]),
        select(encodings),
        select(vec!["\n", "\r\n", "\r"]),
        select(vec![Quotes::WhereNeeded, Quotes::Everywhere]),
        select(above),
        select(rows),
        select(vec![IndexHabit::None, IndexHabit::Unnamed, IndexHabit::Pandas]),
    );
    let habit = (numbers, sheet).prop_map(
        |((mark, groups, sign, currency, behind), (separator, encoding, line_end, quotes, above, rows, index))| Habit {
            mark,
            groups,
            separator,
            sign,
            currency,
            behind,
            encoding,
            line_end,
            quotes,
            above,
            rows,
            index,
        },
    );
    habit.prop_filter("somebody has it", is_likely)
}

/// Whether a habit is likely: digits aren't grouped by the decimal mark. Spaces don't separate columns that have spaces or
/// blank fields. If commas separate columns, digits are grouped by points only if some decimals show it, as `docs/protocol.md`
/// says.
fn is_likely(habit: &Habit) -> bool {
    let group = match habit.groups {
        Groups::None => "",
        Groups::Threes(separator) => separator,
        Groups::Indian => ",",
    };
    let is_spaced = habit.separator == " ";
    let fits_spaces = habit.above != Above::Separator
        && habit.rows != RowHabit::BlankColumn
        && habit.index == IndexHabit::None
        && group != " "
        && habit.currency != Currency::Behind(" €");
    let is_read_with_points = habit.separator == "," || is_spaced;
    group != habit.mark.letter().to_string()
        && (!is_spaced || fits_spaces)
        && !(is_read_with_points && habit.mark == DecimalMark::Comma && group == ".")
}

/// Reads a table, with the answers that its author would give.
fn answered(content: &[u8], habit: &Habit) -> Result<ImportedTable, ImportError> {
    match import(content, NumberReading::default()) {
        Err(ImportError::Question(NumberQuestion::DecimalMark { .. })) => {
            import(content, NumberReading { decimal_mark: Some(habit.mark), ..NumberReading::default() })
        }
        other => other,
    }
}

fn check(columns: &[MeantColumn], rows: usize, habit: &Habit) -> Result<(), TestCaseError> {
    let content = written(columns, rows, habit);
    let shown = String::from_utf8_lossy(&content).into_owned();
    let read = answered(&content, habit);
    let is_ascii = written(columns, rows, &Habit { encoding: Encoding::Utf8, ..habit.clone() }).is_ascii();
    match (habit.encoding, habit.rows) {
        (Encoding::Utf32, _) => prop_assert_eq!(read, Err(ImportError::Utf32), "{}", shown),
        // A letter that Latin-1 doesn't have was lost where it was written.
        (Encoding::Latin1, _) if !is_ascii => prop_assert!(read.is_err() || shown.contains('?'), "{}", shown),
        // A line is a record if spaces separate columns.
        _ if habit.separator == " " && columns.iter().any(MeantColumn::has_breaks) => {
            prop_assert!(read.is_err(), "{shown}");
        }
        (_, RowHabit::UnitsFirst) if habit.above == Above::CommentedHeader => {
            prop_assert!(read.is_err(), "{read:?}: {shown}");
        }
        (_, RowHabit::UnitsFirst) => {
            prop_assert!(matches!(read, Err(ImportError::Units { .. })), "{read:?}: {shown}");
        }
        // `1 200` below two names may be a single number.
        _ if habit.separator == " " && matches!(read, Err(ImportError::Name(_))) => {}
        _ => {
            let table = read.map_err(|error| TestCaseError::fail(format!("{error}: {shown}")))?;
            let expected: Vec<Vec<ParameterValue>> = columns.iter().map(MeantColumn::expected).collect();
            let of_column = |column: usize| table.rows.iter().map(|row| row[column].clone()).collect();
            let actual: Vec<Vec<ParameterValue>> = (0..table.columns.len()).map(of_column).collect();
            prop_assert_eq!(actual, expected, "{}", shown);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_table_is_the_numbers_that_were_meant(
        (rows, columns) in (1_usize..5).prop_flat_map(|rows| (Just(rows), columns(rows))),
        habit in habit(),
    ) {
        check(&columns, rows, &habit)?;
    }
}
