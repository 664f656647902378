//! Preview of the design: pairs of dimensions, histograms, figures, and single cases.

use cruncher_browser::state::input_words::{exact, short};
use cruncher_study::case::{ParameterValue, Parameters};
use cruncher_study::number_format::{counted, significant, thousands};
use cruncher_study::sampler::Sampler;
use cruncher_study::thinning::ThinnedDesign;
use leptos::html::Canvas;
use leptos::prelude::*;

use super::field::sentence;
use super::model::rendered;
use super::quoted::quoted;
use crate::design_state::{DesignState, PreviewState, TableState};
use crate::focus::FocusPart;
use crate::messages::{DesignPicture, PointsQuality, WrongTable};
use crate::points::MAX_DRAWN;
use crate::preview_canvas::MAX_CELL_PX;
use crate::preview_client;
use crate::state::draft::PointsSource;

const DISCREPANCY: &str = "How unevenly the points cover the space: the smaller, the better. Comparable for the same number of \
    points and factors; beside it what as many independent random points have on average, and about what an optimised \
    Latin hypercube reaches, than which hardly any points are better.";
const DISTANCE: &str = "Between two points, where every factor's range has length 1: the larger, the better.";
const CORRELATION: &str =
    "Between two factors, without texts: close to 0 is good, since effects of correlated factors can't be told apart.";

/// Time in seconds up to which the choice of points isn't mentioned.
const NOTICED_SECS: f64 = 0.02;

/// Shows the section of the preview; the points are drawn on `canvas`.
pub(crate) fn section(state: DesignState, canvas: NodeRef<Canvas>) -> AnyView {
    let title = move || match &*state.preview.read() {
        PreviewState::None => "Nothing to show yet".to_owned(),
        PreviewState::Failed(_) => "No design".to_owned(),
        PreviewState::Busy(None) => "Choosing points …".to_owned(),
        PreviewState::Busy(Some(picture)) | PreviewState::Ready(picture) => headline(picture),
    };
    let problem = move || match &*state.preview.read() {
        PreviewState::Failed(reason) => {
            Some(view! { <p class="field__problem" role="alert">{quoted(&sentence(reason))}</p> })
        }
        _ => None,
    };
    let empty = move || {
        matches!(&*state.preview.read(), PreviewState::None)
            .then(|| view! { <p class="faint">{quoted(&what_is_missing(state))}</p> })
    };
    let busy = move || matches!(&*state.preview.read(), PreviewState::Busy(_)).to_string();
    let is_hidden = move || state.preview.read().picture().is_none_or(|picture| picture.drawn.is_empty());
    let most = move || {
        let dimensions = state.preview.read().picture().map_or(MAX_DRAWN, |picture| picture.drawn.len());
        format!("{}px", dimensions * MAX_CELL_PX)
    };
    let summary = move || state.preview.read().picture().map(summary).unwrap_or_default();
    view! {
        <section class="panel preview" id=FocusPart::Preview.id() tabindex="-1" aria-labelledby="preview-title" aria-busy=busy>
            <h3 id="preview-title"><span role="status">{title}</span></h3>
            {problem}
            {empty}
            {move || state.preview.read().picture().map(details)}
            {move || state.preview.read().picture().and_then(|picture| thinned(state, picture.thinning?))}
            {move || state.preview.read().picture().map(|picture| dimensions(state, picture))}
            <canvas class="preview__canvas" class:is-hidden=is_hidden style:max-width=most node_ref=canvas role="img" aria-label=summary></canvas>
            {move || state.preview.read().picture().map(|picture| figures(picture, state.quality.get()))}
            {move || state.preview.read().picture().map(|picture| one_case(state, picture))}
        </section>
    }
    .into_any()
}

/// Returns the reason why there is nothing to show.
fn what_is_missing(state: DesignState) -> String {
    let draft = state.draft.read();
    if draft.source == PointsSource::Sampler {
        return draft.missing(state.model.read().is_some());
    }
    match &*state.table.read() {
        TableState::Wrong { problem: WrongTable { question: Some(_), .. }, .. } => {
            "It has to be said how the table is read.".to_owned()
        }
        TableState::Wrong { name, .. } => format!("{name} can't be used."),
        TableState::None | TableState::Reading { .. } | TableState::Read { .. } => {
            "A table of cases is missing.".to_owned()
        }
    }
}

fn headline(picture: &DesignPicture) -> String {
    counted(picture.cases as u64, "case", "cases")
}

fn details(picture: &DesignPicture) -> AnyView {
    let replicates = (picture.cases != picture.points).then(|| counted(picture.points as u64, "point", "points"));
    let levels = (picture.levels.len() > 1).then(|| {
        let sizes = picture.levels.iter().map(|(level, cases)| format!("{}: {}", level, thousands(*cases as u64)));
        format!("levels {}", sizes.collect::<Vec<_>>().join(" · "))
    });
    let left_out = (picture.left_out > 0 && picture.thinning.is_none())
        .then(|| format!("{} left out by the constraints", counted(picture.left_out, "point is", "points are")));
    let time =
        (picture.chosen_in_secs > NOTICED_SECS).then(|| format!("chosen in {:.0} ms", 1000.0 * picture.chosen_in_secs));
    let parts: Vec<String> = [replicates, levels, left_out, time].into_iter().flatten().collect();
    view! { <p class="faint">{parts.join(" · ")}</p> }.into_any()
}

/// Shows the loss of points by constraints, and offers replacements.
fn thinned(state: DesignState, thinning: ThinnedDesign) -> Option<AnyView> {
    let factors = state.draft.read().points().ok()?.factors;
    let instead = |sampler: Option<Sampler>, what: &str| {
        let sampler = sampler?;
        let words = format!("Take {} {what}", thousands(sampler.points(&factors).ok()?));
        let take = move |_| state.draft.update(|draft| *draft = draft.clone().with_sampler(sampler));
        Some(view! { <button on:click=take>{words}</button> })
    };
    let more = instead(thinning.enlarged(), "points");
    let random = instead(thinning.random(), "random ones");
    let left = format!(
        "Of either about {} are left; random ones are as likely everywhere within the constraints.",
        thousands(thinning.wanted())
    );
    let left = random.is_some().then(|| view! { <span class="faint">{left}</span> });
    let words = format!("{thinning}.");
    let view = view! {
        <p class="notices__line notices__line--warning" role="status">{words}</p>
        <p class="actions">{more}{random}{left}</p>
    };
    Some(view.into_any())
}

/// Describes the picture for those who can't see them.
fn summary(picture: &DesignPicture) -> String {
    let names: Vec<&str> = picture.drawn.iter().map(|position| picture.axes[*position].name.as_str()).collect();
    format!("{} points, each pair of {} drawn against one another", thousands(picture.points as u64), names.join(", "))
}

/// Shows the choice of dimensions, if there are more than fit.
fn dimensions(state: DesignState, picture: &DesignPicture) -> Option<AnyView> {
    if picture.axes.len() <= MAX_DRAWN {
        return None;
    }
    let drawn = picture.drawn.clone();
    let chip = |(position, name): (usize, String)| {
        let is_drawn = drawn.contains(&position);
        let drawn = drawn.clone();
        let press = move |_| {
            let mut next: Vec<usize> = drawn.iter().copied().filter(|other| *other != position).collect();
            if !is_drawn {
                next.push(position);
                next.sort_unstable();
            }
            if (2..=MAX_DRAWN).contains(&next.len()) {
                state.drawn.set(next);
            }
        };
        view! { <button class="chip" aria-pressed=is_drawn.to_string() on:click=press>{name}</button> }
    };
    let chips: Vec<_> = picture.axes.iter().map(|axis| axis.name.clone()).enumerate().map(chip).collect();
    let words = format!("{} of {} dimensions are drawn, {MAX_DRAWN} at most:", picture.drawn.len(), picture.axes.len());
    Some(view! { <p class="faint">{words}</p> <p class="chips">{chips}</p> }.into_any())
}

fn figures(picture: &DesignPicture, quality: Option<PointsQuality>) -> AnyView {
    let Some(quality) = quality else {
        return view! { <p class="faint" role="status">"Computing how evenly they lie …"</p> }.into_any();
    };
    let unknown = || "–".to_owned();
    let discrepancy = quality.discrepancy.map_or_else(
        || if picture.points > 1 { "not computed for so many".to_owned() } else { unknown() },
        significant,
    );
    let random = quality.random_discrepancy.filter(|_| quality.discrepancy.is_some());
    let others = random.map(|random| {
        // It is known to two digits only.
        let rounded = |best: f64| format!("{best:.1e}").parse().unwrap_or(best);
        let optimised =
            quality.optimised_discrepancy.map(|best| format!(", optimised: about {}", significant(rounded(best))));
        let figure = format!("(random: {}", significant(random));
        view! { <span class="faint"><span title=random.to_string()>{figure}</span>{optimised}")"</span> }.into_any()
    });
    let correlation = quality.correlation.as_ref().map(|(value, first, second)| {
        let sign = if *value > 0.0 { "+" } else { "" };
        format!("{sign}{} ({first}, {second})", significant(*value))
    });
    let figure = |name, explained, value: String, exact: Option<f64>, beside: Option<AnyView>| {
        let exact = exact.map(|exact| exact.to_string());
        view! { <dt title=explained>{name}</dt> <dd><span title=exact>{value}</span>" "{beside}</dd> }
    };
    view! {
        <dl class="quality">
            <div class="quality__one">{figure("Centred discrepancy", DISCREPANCY, discrepancy, quality.discrepancy, others)}</div>
            <div class="quality__one">{figure("Smallest distance", DISTANCE, quality.distance.map_or_else(unknown, significant), quality.distance, None)}</div>
            <div class="quality__one">{figure("Largest correlation", CORRELATION, correlation.unwrap_or_else(unknown), quality.correlation.map(|found| found.0), None)}</div>
        </dl>
    }
    .into_any()
}

/// Shows the chosen case: its inputs, and the model as it will run.
fn one_case(state: DesignState, picture: &DesignPicture) -> AnyView {
    let points = picture.points;
    let show = move |event| {
        state.case_number.set(event_target_value(&event));
        preview_client::show_case(state);
    };
    let case = state.case.get();
    let inputs = case.as_ref().map(inputs);
    let none = case.is_none().then(|| {
        let words = format!("Type a number from 1 to {}.", thousands(points as u64));
        view! { <p class="faint">{words}</p> }
    });
    view! {
        <label class="case">
            "Case "
            <input class="field__input case__number" type="number" min="1" max=points.to_string() aria-label="Number of the case" prop:value=state.case_number.get() on:input=show />
            <span class="faint">{format!(" of {}", thousands(points as u64))}</span>
        </label>
        {none}
        {inputs}
        {rendered(state)}
    }
    .into_any()
}

fn inputs(parameters: &Parameters) -> AnyView {
    let line = |(name, value): (&String, &ParameterValue)| {
        view! { <dt><code>{name.clone()}</code></dt> <dd title=exact(value)>{short(value)}</dd> }
    };
    let lines: Vec<_> = parameters.iter().map(line).collect();
    view! { <dl class="facts">{lines}</dl> }.into_any()
}
