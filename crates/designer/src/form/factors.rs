//! The factors, and the constraints on their values.

use leptos::prelude::*;

use super::field::{FieldNeed, FormComplaints, FormField, choice, problem_line};
use super::quoted::quoted;
use crate::design_state::DesignState;
use crate::focus::{focus_next_empty, focus_within};
use crate::state::draft::factor::{FactorDraft, FactorField, FactorKind};
use crate::state::draft::{DesignDraft, FormPlace};

/// Shows the section of the factors.
pub(crate) fn section(state: DesignState) -> AnyView {
    let rows = move || {
        let complaints = FormComplaints::of(state);
        let draft = state.draft.read();
        let row = |(index, factor): (usize, &FactorDraft)| row(state, index, factor, &complaints);
        let rows: Vec<_> = draft.factors.iter().enumerate().map(row).collect();
        view! {
            {(!rows.is_empty()).then(head)}
            <ul class="factors">{rows}</ul>
            {problem_line(complaints.at(FormPlace::Factors))}
            {constraints(state, &draft, &complaints)}
        }
    };
    let add_factor = move |_| {
        state.draft.update(|draft| draft.factors.push(FactorDraft::default()));
        focus_next_empty();
    };
    let add_constraint = move |_| {
        state.draft.update(|draft| draft.constraints.push(String::new()));
        focus_within(constraint_id(state.draft.with_untracked(|draft| draft.constraints.len() - 1)));
    };
    view! {
        {rows}
        <p class="actions">
            <button on:click=add_factor>"Add a factor"</button>
            <button class="quiet" on:click=add_constraint title="For instance: cohesion[0] <= cohesion[1]">"Add a constraint"</button>
            <span class="faint factors__hint">"Enter goes to the next empty field."</span>
        </p>
    }
    .into_any()
}

/// Shows the labels of fields that every row has, if there is room for a row in a line. A screen reader reads them at each
/// field.
fn head() -> AnyView {
    view! {
        <div class="factors__head" aria-hidden="true">
            <span>"Name"</span> <span>"Values"</span> <span>"Minimum"</span> <span>"Maximum"</span> <span>"Vector length"</span>
        </div>
    }
    .into_any()
}

fn row(state: DesignState, index: usize, factor: &FactorDraft, complaints: &FormComplaints) -> AnyView {
    let of = factor.called(index);
    let field = |label, value: &str, hint, class, field: Option<FactorField>| FormField {
        label,
        name: format!("{label} of {of}"),
        value: value.to_owned(),
        hint,
        class,
        need: if field.is_some() { FieldNeed::Required } else { FieldNeed::Optional },
        problem: field.and_then(|field| complaints.at(FormPlace::Factor(index, field))),
        described_by: Some(problems_id(index)),
    };
    let name = FormField {
        name: format!("Name of factor {}", index + 1),
        ..field("Name", &factor.name, "cohesion", "factor__name", Some(FactorField::Name))
    };
    let kinds = FactorKind::ALL.map(|kind| (kind, kind.name()));
    let kind = choice("Values", format!("Values of {of}"), &kinds, factor.kind, state, move |draft, kind| {
        at(draft, index, |factor| factor.kind = kind);
    });
    let count = FormField {
        need: FieldNeed::Optional,
        ..field("Vector length", &factor.count, "one", "factor__count", Some(FactorField::Count))
    };
    // A fixed vector has one component for each value.
    let has_count = factor.kind != FactorKind::Fixed;
    view! {
        <li class="factor">
            {name.view(state, move |draft, text| at(draft, index, |factor| factor.name = text))}
            {kind}
            {values(state, index, factor, &field)}
            {has_count.then(|| count.view(state, move |draft, text| at(draft, index, |factor| factor.count = text)))}
            {unit_and_note(state, index, factor, &field)}
            <button class="quiet factor__remove" on:click=move |_| remove(state, index) aria-label=format!("Remove {of}") title="Remove">"✕"</button>
            {problems(index, complaints)}
            {understood(factor)}
        </li>
    }
    .into_any()
}

/// Shows unit and note, once they were unfolded or if they are filled.
fn unit_and_note(
    state: DesignState,
    index: usize,
    factor: &FactorDraft,
    field: &impl Fn(&'static str, &str, &'static str, &'static str, Option<FactorField>) -> FormField,
) -> AnyView {
    let is_empty = factor.unit.trim().is_empty() && factor.note.trim().is_empty();
    if is_empty && !state.unfolded.read().factors.contains(&index) {
        let name = format!("Unit and note of {}", factor.called(index));
        let unfold = move |_| {
            state.unfolded.update(|unfolded| unfolded.factors.push(index));
            focus_within(details_id(index));
        };
        return view! { <button class="quiet factor__more" aria-label=name title="Unit and note" on:click=unfold>"more"</button> }
            .into_any();
    }
    let unit = field("Unit", &factor.unit, "Pa", "factor__unit", None);
    let note = field("Note", &factor.note, "", "factor__note", None);
    // They stay when they are emptied.
    let keep = move || {
        if !state.unfolded.read_untracked().factors.contains(&index) {
            state.unfolded.update(|unfolded| unfolded.factors.push(index));
        }
    };
    let write_unit = move |draft: &mut DesignDraft, text| {
        keep();
        at(draft, index, |factor| factor.unit = text);
    };
    let write_note = move |draft: &mut DesignDraft, text| {
        keep();
        at(draft, index, |factor| factor.note = text);
    };
    let fold = move |_| {
        state.unfolded.update(|unfolded| unfolded.factors.retain(|other| *other != index));
    };
    let less = is_empty.then(|| {
        let name = format!("Without unit and note of {}", factor.called(index));
        view! { <button class="quiet factor__more" aria-label=name title="Without unit and note" on:click=fold>"less"</button> }
    });
    view! { <div class="factor__details" id=details_id(index)>{unit.view(state, write_unit)} {note.view(state, write_note)} {less}</div> }.into_any()
}

fn remove(state: DesignState, index: usize) {
    state.unfolded.update(|unfolded| {
        unfolded.factors.retain(|other| *other != index);
        unfolded.factors.iter_mut().filter(|other| **other > index).for_each(|other| *other -= 1);
    });
    state.draft.update(|draft| {
        draft.factors.remove(index);
    });
}

fn details_id(index: usize) -> String {
    format!("factor-{index}-details")
}

fn problems_id(index: usize) -> String {
    format!("factor-{index}-problems")
}

/// Shows the problems of a factor below its row: its fields are too narrow for them.
fn problems(index: usize, complaints: &FormComplaints) -> Option<AnyView> {
    let told: Vec<_> =
        FactorField::ALL.iter().filter_map(|field| complaints.at(FormPlace::Factor(index, *field))).collect();
    let lines: Vec<_> = told.into_iter().map(|problem| problem_line(Some(problem))).collect();
    let view = view! { <div class="factor__problems" id=problems_id(index)>{lines}</div> };
    (!complaints.is_empty()).then(|| view.into_any())
}

/// Shows the value of a number that may be meant as another one.
fn understood(factor: &FactorDraft) -> Option<AnyView> {
    let notes = factor.understood();
    let line = |note: String| view! { <span class="field__note">{quoted(&note)}"."</span> };
    let view = view! { <div class="factor__problems">{notes.iter().cloned().map(line).collect::<Vec<_>>()}</div> };
    (!notes.is_empty()).then(|| view.into_any())
}

/// Shows the fields that the factor's kind needs.
fn values(
    state: DesignState,
    index: usize,
    factor: &FactorDraft,
    field: &impl Fn(&'static str, &str, &'static str, &'static str, Option<FactorField>) -> FormField,
) -> AnyView {
    match factor.kind {
        FactorKind::Range | FactorKind::LogRange | FactorKind::Integers => {
            let minimum = field("Minimum", &factor.minimum, "", "", Some(FactorField::Minimum));
            let maximum = field("Maximum", &factor.maximum, "", "", Some(FactorField::Maximum));
            view! {
                {minimum.view(state, move |draft, text| at(draft, index, |factor| factor.minimum = text))}
                {maximum.view(state, move |draft, text| at(draft, index, |factor| factor.maximum = text))}
            }
            .into_any()
        }
        FactorKind::Levels | FactorKind::Choices => {
            let is_choice = factor.kind == FactorKind::Choices;
            let (label, hint) = if is_choice { ("Choices", "clay, sand") } else { ("Levels", "20, 25, 30") };
            let levels = field(label, &factor.levels, hint, "field--wide", Some(FactorField::Levels));
            levels.view(state, move |draft, text| at(draft, index, |factor| factor.levels = text))
        }
        FactorKind::Fixed => {
            let value = field(
                "Value",
                &factor.value,
                "2.0, or 0, 0.5, 1 for a vector",
                "field--wide",
                Some(FactorField::Value),
            );
            value.view(state, move |draft, text| at(draft, index, |factor| factor.value = text))
        }
    }
}

fn at(draft: &mut DesignDraft, index: usize, change: impl FnOnce(&mut FactorDraft)) {
    if let Some(factor) = draft.factors.get_mut(index) {
        change(factor);
    }
}

/// Id of the line of a constraint.
fn constraint_id(index: usize) -> String {
    format!("constraint-{index}")
}

fn constraints(state: DesignState, draft: &DesignDraft, complaints: &FormComplaints) -> Option<AnyView> {
    if draft.constraints.is_empty() {
        return None;
    }
    let line = |(index, text): (usize, &String)| {
        let field = FormField {
            name: format!("Constraint {}", index + 1),
            hint: "cohesion[0] <= 2*cohesion[1]",
            class: "field--wide",
            need: FieldNeed::Optional,
            problem: complaints.at(FormPlace::Constraint(index)),
            ..FormField::new("Constraint", text)
        };
        let remove = move |_| {
            state.draft.update(|draft| {
                draft.constraints.remove(index);
            });
        };
        let write = move |draft: &mut DesignDraft, text| {
            if let Some(constraint) = draft.constraints.get_mut(index) {
                *constraint = text;
            }
        };
        view! {
            <li class="constraint" id=constraint_id(index)>
                {field.view(state, write)}
                <button class="quiet" on:click=remove aria-label=format!("Remove constraint {}", index + 1) title="Remove">"✕"</button>
            </li>
        }
    };
    let lines: Vec<_> = draft.constraints.iter().enumerate().map(line).collect();
    Some(view! { <ul class="constraints">{lines}</ul> }.into_any())
}
