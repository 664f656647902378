//! A field of the form, and its problem.

use leptos::prelude::*;

use super::quoted::quoted;
use crate::design_state::DesignState;
use crate::state::draft::{DesignDraft, FormComplaint, FormPlace};

/// Complaints about the form by place.
pub(crate) struct FormComplaints(Vec<FormComplaint>);

impl FormComplaints {
    /// Reads the draft for its problems. Missing entries count only after an attempt to send.
    pub(crate) fn of(state: DesignState) -> Self {
        let draft = state.draft.read();
        let complaints = draft.read().err().unwrap_or_default();
        let is_strict = state.is_strict.get();
        Self(complaints.into_iter().filter(|complaint| is_strict || !draft.is_missing(complaint.place)).collect())
    }

    /// Returns the number of places with a problem.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no problem.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the problem at a place.
    pub(crate) fn at(&self, place: FormPlace) -> Option<String> {
        self.0.iter().find(|complaint| complaint.place == place).map(|complaint| sentence(&complaint.text))
    }
}

/// Makes a sentence from the words of an error.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

/// Whether a field must be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldNeed {
    /// It must.
    Required,
    /// It may stay empty.
    Optional,
}

/// Look of a field of the form, and the text of the draft in it.
pub(crate) struct FormField {
    /// The label above it.
    pub(crate) label: &'static str,
    /// Its name for a screen reader, if the label is too short for that.
    pub(crate) name: String,
    /// Its text.
    pub(crate) value: String,
    /// The placeholder in it as long as it is empty.
    pub(crate) hint: &'static str,
    /// Further classes.
    pub(crate) class: &'static str,
    /// Whether it must be filled in.
    pub(crate) need: FieldNeed,
    /// The problem with it.
    pub(crate) problem: Option<String>,
    /// The id of the element that shows the problem, if that isn't shown below the field itself.
    pub(crate) described_by: Option<String>,
}

impl FormField {
    /// Returns a field whose label is its name.
    pub(crate) fn new(label: &'static str, value: &str) -> Self {
        let (hint, class, need, problem, described_by) = ("", "", FieldNeed::Required, None, None);
        Self { label, name: label.to_owned(), value: value.to_owned(), hint, class, need, problem, described_by }
    }

    /// Shows the field; `write` puts the typed text into the draft.
    pub(crate) fn view(self, state: DesignState, write: impl Fn(&mut DesignDraft, String) + 'static) -> AnyView {
        let Self { label, name, value, hint, class, need, problem, described_by } = self;
        let input = move |event| state.draft.update(|draft| write(draft, event_target_value(&event)));
        let is_wrong = problem.is_some().then_some("true");
        let id = described_by.clone().unwrap_or_else(|| problem_id(&name));
        let told_here = problem.filter(|_| described_by.is_none());
        let told_here =
            told_here.map(|problem| view! { <span id=problem_id(&name)>{problem_line(Some(problem))}</span> });
        let described_by = is_wrong.map(|_| id);
        view! {
            <label class=format!("field {class}")>
                <span class="field__label">{label}</span>
                <input
                    class="field__input"
                    aria-label=name
                    aria-invalid=is_wrong
                aria-required=(need == FieldNeed::Required).then_some("true")
                    aria-describedby=described_by
                    placeholder=if hint.is_empty() { " " } else { hint }
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=value
                    on:input=input
                />
                {told_here}
            </label>
        }
        .into_any()
    }
}

/// Returns the id of the element that shows the problem with a field.
fn problem_id(name: &str) -> String {
    name.replace(|c: char| !c.is_ascii_alphanumeric(), "-") + "-problem"
}

/// Shows a problem, below its field.
pub(crate) fn problem_line(problem: Option<String>) -> Option<AnyView> {
    problem.map(|problem| view! { <span class="field__problem" role="alert">{quoted(&problem)}</span> }.into_any())
}

/// Shows a choice out of a few options; `choose` puts the chosen one into the draft.
pub(crate) fn choice<T: Copy + PartialEq + 'static>(
    label: &'static str,
    name: String,
    options: &[(T, &'static str)],
    chosen: T,
    state: DesignState,
    choose: impl Fn(&mut DesignDraft, T) + 'static,
) -> AnyView {
    let values: Vec<T> = options.iter().map(|(value, _)| *value).collect();
    let change = move |event| {
        let position: usize = event_target_value(&event).parse().unwrap_or_default();
        state.draft.update(|draft| choose(draft, values[position]));
    };
    let option = |(position, (value, name)): (usize, &(T, &'static str))| {
        view! { <option value=position.to_string() selected=*value == chosen>{*name}</option> }
    };
    let position = options.iter().position(|(value, _)| *value == chosen).unwrap_or_default().to_string();
    let options: Vec<_> = options.iter().enumerate().map(option).collect();
    view! {
        <label class="field">
            <span class="field__label">{label}</span>
            <select class="field__input" aria-label=name prop:value=position on:change=change>{options}</select>
        </label>
    }
    .into_any()
}

/// Shows a check box; `write` puts its state into the draft.
pub(crate) fn check_box(
    label: &'static str,
    is_checked: impl Fn(&DesignDraft) -> bool,
    state: DesignState,
    write: impl Fn(&mut DesignDraft, bool) + 'static,
) -> AnyView {
    let change = move |event| state.draft.update(|draft| write(draft, event_target_checked(&event)));
    let is_checked = is_checked(&state.draft.read());
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=is_checked on:change=change />
            <span>{label}</span>
        </label>
    }
    .into_any()
}
