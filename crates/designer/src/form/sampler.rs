//! The sampler: method and number of points.

use cruncher_study::number_format::thousands;
use leptos::prelude::*;

use super::field::{FormComplaints, FormField, check_box, choice, problem_line};
use crate::design_state::DesignState;
use crate::state::draft::{DesignDraft, FormPlace, OptimisedFor, SamplingMethod, SizedBy};

const METHODS: [(SamplingMethod, &str); 6] = [
    (SamplingMethod::LatinHypercube, "Latin hypercube"),
    (SamplingMethod::Sobol, "Sobol' sequence"),
    (SamplingMethod::Halton, "Halton sequence"),
    (SamplingMethod::Random, "Random"),
    (SamplingMethod::FullGrid, "Full grid"),
    (SamplingMethod::OneAtATime, "One factor at a time"),
];

const OPTIMISED: [(OptimisedFor, &str); 3] = [
    (OptimisedFor::No, "nothing"),
    (OptimisedFor::CentredDiscrepancy, "even coverage (discrepancy)"),
    (OptimisedFor::Maximin, "distance (maximin)"),
];

const SIZES: [(SizedBy, &str); 2] =
    [(SizedBy::Cases, "number of cases"), (SizedBy::Levels, "levels, 2^first to 2^last")];

/// Describes the purpose of a method.
const fn advice(method: SamplingMethod) -> &'static str {
    match method {
        SamplingMethod::LatinHypercube => {
            "Every factor's range is covered evenly, whatever the number of cases. A good first choice."
        }
        SamplingMethod::Sobol => "Covers the space evenly, best with a power of two. Can be continued at any time.",
        SamplingMethod::Halton => {
            "Covers the space evenly with any number of cases, for few factors. Can be continued at any time."
        }
        SamplingMethod::Random => "Independent points, as statistics assume them. Can be continued at any time.",
        SamplingMethod::FullGrid => "Every combination of values: for two or three factors.",
        SamplingMethod::OneAtATime => "Each factor alone, all others in the middle: a first look at what matters.",
    }
}

/// Shows the fields of the sampler.
pub(crate) fn section(state: DesignState) -> AnyView {
    (move || fields(state)).into_any()
}

fn fields(state: DesignState) -> AnyView {
    let complaints = FormComplaints::of(state);
    let draft = state.draft.read();
    let is_grid = matches!(draft.method, SamplingMethod::FullGrid | SamplingMethod::OneAtATime);
    let is_hypercube = draft.method == SamplingMethod::LatinHypercube;
    let is_sequence = matches!(draft.method, SamplingMethod::Sobol | SamplingMethod::Halton);
    let field = |label, value: &str, place| FormField { problem: complaints.at(place), ..FormField::new(label, value) };
    let method =
        choice("Method", "Method".to_owned(), &METHODS, draft.method, state, |draft, method| draft.method = method);
    let steps = is_grid.then(|| {
        field("Values of a range", &draft.steps, FormPlace::Steps).view(state, |draft, text| draft.steps = text)
    });
    let optimised = is_hypercube.then(|| {
        choice("Optimised for", "Optimised for".to_owned(), &OPTIMISED, draft.optimised, state, |draft, chosen| {
            draft.optimised = chosen;
        })
    });
    let scrambled = is_sequence.then(|| {
        check_box("Scrambled by the seed", |draft| draft.is_scrambled, state, |draft, is| draft.is_scrambled = is)
    });
    let seed =
        (!is_grid).then(|| field("Seed", &draft.seed, FormPlace::Seed).view(state, |draft, text| draft.seed = text));
    let replicates = field("Replicates", &draft.replicates, FormPlace::Replicates);
    view! {
        <div class="fields fields--sampler">
            {method}
            {(!is_grid).then(|| size(state, &draft, &complaints))}
            {steps}
            {optimised}
            {size_problems(&complaints)}
            {seed}
            {replicates.view(state, |draft, text| draft.replicates = text)}
        </div>
        {scrambled}
        <p class="faint">{advice(draft.method)}</p>
        {extension(state, &draft)}
    }
    .into_any()
}

fn size(state: DesignState, draft: &DesignDraft, complaints: &FormComplaints) -> AnyView {
    let sized_by =
        choice("Size", "Size".to_owned(), &SIZES, draft.sized_by, state, |draft, sized_by| draft.sized_by = sized_by);
    let fields = match draft.sized_by {
        SizedBy::Cases => {
            let cases = size_field("Cases", &draft.cases, FormPlace::Cases, complaints);
            cases.view(state, DesignDraft::set_cases)
        }
        SizedBy::Levels => {
            let first = size_field("First level", &draft.first_level, FormPlace::FirstLevel, complaints);
            let last = size_field("Last level", &draft.last_level, FormPlace::Levels, complaints);
            view! {
                {first.view(state, |draft, text| draft.first_level = text)}
                {last.view(state, |draft, text| draft.last_level = text)}
            }
            .into_any()
        }
    };
    view! { {sized_by}{fields} }.into_any()
}

/// Id of the lines that say what is wrong with the size.
const SIZE_PROBLEMS: &str = "size-problems";

fn size_field(label: &'static str, value: &str, place: FormPlace, complaints: &FormComplaints) -> FormField {
    let described_by = Some(SIZE_PROBLEMS.to_owned());
    FormField { problem: complaints.at(place), described_by, ..FormField::new(label, value) }
}

/// Shows the problems of method and size below their row: the fields are too narrow for them.
fn size_problems(complaints: &FormComplaints) -> Option<AnyView> {
    let places = [FormPlace::Method, FormPlace::Doublings, FormPlace::Cases, FormPlace::FirstLevel, FormPlace::Levels];
    let lines: Vec<_> =
        places.into_iter().filter_map(|place| complaints.at(place)).map(|one| problem_line(Some(one))).collect();
    (!lines.is_empty()).then(|| view! { <div class="fields__problems" id=SIZE_PROBLEMS>{lines}</div> }.into_any())
}

/// Shows the button that makes the design larger, with its effect, and the one that undoes that.
fn extension(state: DesignState, draft: &DesignDraft) -> Option<AnyView> {
    let doubled = doubled(state, draft);
    let larger = larger(state, draft);
    (doubled.is_some() || larger.is_some()).then(|| view! { <p class="actions">{larger}{doubled}</p> }.into_any())
}

fn doubled(state: DesignState, draft: &DesignDraft) -> Option<AnyView> {
    let is_doubled = draft.method == SamplingMethod::LatinHypercube && draft.doublings.trim() != "0";
    let undo = move |_| state.draft.update(|draft| "0".clone_into(&mut draft.doublings));
    let all = draft.points().ok().and_then(|file| file.sampler.points(&file.factors).ok());
    let all = all.map(|all| format!(": {} points from {}", thousands(all), draft.cases.trim())).unwrap_or_default();
    let words = format!("Doubled {}{all}.", times(draft.doublings.trim()));
    let view = view! { <span>{words}</span> <button class="quiet" on:click=undo>"Undo doubling"</button> };
    is_doubled.then(|| view.into_any())
}

fn larger(state: DesignState, draft: &DesignDraft) -> Option<AnyView> {
    let file = draft.points().ok()?;
    let extended = file.sampler.extended()?;
    let (before, after) = (file.sampler.points(&file.factors).ok()?, extended.points(&file.factors).ok()?);
    let words = format!("Extend to {} points", thousands(after));
    let kept = format!("keeps the {} points that are there, so that their results stay valid", thousands(before));
    let extend = move |_| state.draft.update(|draft| *draft = draft.clone().with_sampler(extended));
    let view = view! { <button on:click=extend>{words}</button> <span class="faint">{kept}</span> };
    (after > before).then(|| view.into_any())
}

fn times(count: &str) -> String {
    match count {
        "1" => "once".to_owned(),
        "2" => "twice".to_owned(),
        more => format!("{more} times"),
    }
}
