//! Reading of a table whose numbers are ambiguous: the question, and the choices.

use cruncher_study::import::{DecimalMark, FieldPosition, NumberQuestion, NumberReading, PercentSign};
use leptos::prelude::*;

use super::field::sentence;
use super::quoted::quoted;
use crate::design_state::{DesignState, TableState};
use crate::{draft_storage, preview_client};

/// Shows the question that must be answered before the table can be read.
pub(super) fn asked(question: &NumberQuestion) -> AnyView {
    let (NumberQuestion::DecimalMark { at, .. } | NumberQuestion::Percent { at, .. }) = question;
    let FieldPosition { row, column, text } = at;
    let title = match question {
        NumberQuestion::DecimalMark { .. } => "Do decimals have a point or a comma?",
        NumberQuestion::Percent { .. } => "What does the per cent sign mean?",
    };
    let words =
        format!("`{text}` in column `{column}`, row {row}, may be two numbers, and nothing in the table shows which");
    view! {
        <section class="asked" role="alert">
            <p class="note__title">{title}</p>
            <p>{quoted(&sentence(&words))}</p>
        </section>
    }
    .into_any()
}

/// Shows the choices, as far as the table has numbers that they apply to. They stay while the table is read again.
pub(super) fn choices(state: DesignState) -> AnyView {
    let has_marks = Memo::new(move |_| {
        state.reading.read().decimal_mark.is_some() || with_question(state, |looked| looked.has_marks)
    });
    let has_percent =
        Memo::new(move |_| state.reading.read().percent.is_some() || with_question(state, |looked| looked.has_percent));
    let marks = move || {
        let options = [
            (
                DecimalMark::Point,
                Signal::derive(move || with_question(state, |looked| label("point", looked.point.as_deref()))),
            ),
            (
                DecimalMark::Comma,
                Signal::derive(move || with_question(state, |looked| label("comma", looked.comma.as_deref()))),
            ),
        ];
        let chosen = move || state.reading.read().decimal_mark.or_else(|| with_question(state, |looked| looked.mark));
        let choose =
            move |mark| read_again(state, NumberReading { decimal_mark: Some(mark), ..state.reading.get_untracked() });
        has_marks.get().then(|| segments("Decimal mark", options, chosen, choose))
    };
    let percent = move || {
        let options = [
            (PercentSign::Fraction, Signal::derive(|| "5% is 0.05".to_owned())),
            (PercentSign::Number, Signal::derive(|| "5% is 5".to_owned())),
        ];
        let chosen = move || state.reading.read().percent;
        let choose =
            move |percent| read_again(state, NumberReading { percent: Some(percent), ..state.reading.get_untracked() });
        has_percent.get().then(|| segments("Per cent", options, chosen, choose))
    };
    view! { {marks} {percent} }.into_any()
}

/// Decimal marks and per cent signs in the table.
#[derive(Default)]
struct Looked {
    has_marks: bool,
    has_percent: bool,
    mark: Option<DecimalMark>,
    /// The value of the number in question with each mark.
    point: Option<String>,
    comma: Option<String>,
}

fn with_question<T>(state: DesignState, what: impl FnOnce(Looked) -> T) -> T {
    let state = state.table.read();
    what(match &*state {
        TableState::Read { table, .. } => Looked {
            has_marks: table.decimal_mark.is_some(),
            has_percent: table.percent.is_some(),
            mark: table.decimal_mark,
            ..Looked::default()
        },
        TableState::Wrong { problem, .. } => match &problem.question {
            Some(NumberQuestion::DecimalMark { point, comma, .. }) => {
                Looked { has_marks: true, point: Some(point.clone()), comma: Some(comma.clone()), ..Looked::default() }
            }
            Some(NumberQuestion::Percent { .. }) => Looked { has_percent: true, ..Looked::default() },
            None => Looked::default(),
        },
        TableState::None | TableState::Reading { .. } => Looked::default(),
    })
}

fn label(word: &str, value: Option<&str>) -> String {
    value.map_or_else(|| word.to_owned(), |value| format!("{word}: {value}"))
}

fn read_again(state: DesignState, reading: NumberReading) {
    let name = state.table.read_untracked().name();
    state.reading.set(reading);
    draft_storage::keep_table(state, name.clone(), state.table_file.get_value());
    state.table.set(TableState::Reading { name });
    preview_client::import(state);
}

/// Shows two buttons, of which one is pressed, or none as long as nothing was chosen.
fn segments<T: Copy + PartialEq + Send + Sync + 'static>(
    name: &'static str,
    options: [(T, Signal<String>); 2],
    chosen: impl Fn() -> Option<T> + Copy + Send + Sync + 'static,
    choose: impl Fn(T) + Copy + 'static,
) -> AnyView {
    let option = |(value, words): (T, Signal<String>)| {
        let is_pressed = move || (chosen() == Some(value)).to_string();
        view! { <button class="segments__one" aria-pressed=is_pressed on:click=move |_| choose(value)>{words}</button> }
    };
    let buttons: Vec<_> = options.into_iter().map(option).collect();
    view! {
        <div class="choice">
            <span class="field__label">{name}</span>
            <div class="segments" role="group" aria-label=name>{buttons}</div>
        </div>
    }
    .into_any()
}
