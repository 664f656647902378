//! A command line as the model: its fields, and the line that a case runs.

use cruncher_study::case::Parameters;
use cruncher_study::template::command_line::{self, CommandLineError, FilledCommand};
use leptos::prelude::*;

use super::field::{FieldNeed, FormComplaints, FormField, check_box, choice};
use super::quoted::quoted;
use crate::design_state::{DesignState, TableState};
use crate::state::draft::command::ProgressPlace;
use crate::state::draft::{FormPlace, PointsSource};
use crate::state::placeholders;

/// The command of a table whose column `command` holds command lines.
const COMMAND_OF_TABLE: &str = "{{command}}";

const ROWS: [(bool, &str); 2] = [(false, "the last"), (true, "the first")];

const PROGRESS: [(ProgressPlace, &str); 3] = [
    (ProgressPlace::Nowhere, "isn't told"),
    (ProgressPlace::File, "last line of a file"),
    (ProgressPlace::Output, "lines of its output"),
];

/// Shows the fields of a command.
pub(super) fn fields(state: DesignState) -> AnyView {
    (move || fields_of(state)).into_any()
}

fn fields_of(state: DesignState) -> AnyView {
    let complaints = FormComplaints::of(state);
    let command = state.draft.read().command.clone();
    let line = FormField {
        class: "field--line",
        hint: "julia wrapper.jl --seed {{seed}}",
        problem: complaints.at(FormPlace::Model),
        ..FormField::new("Command line", &command.line)
    };
    let result = FormField {
        hint: "result.json",
        need: FieldNeed::Optional,
        problem: complaints.at(FormPlace::ResultFile),
        ..FormField::new("Result file", &command.result_file)
    };
    let progress_file = (command.progress == ProgressPlace::File).then(|| {
        let field = FormField {
            hint: "progress.txt",
            problem: complaints.at(FormPlace::ProgressFile),
            ..FormField::new("Progress file", &command.progress_file)
        };
        field.view(state, |draft, text| draft.command.progress_file = text)
    });
    let row = command.has_rows().then(|| {
        choice("Row of the result", "Row of the result".to_owned(), &ROWS, command.is_first_row, state, |draft, is| {
            draft.command.is_first_row = is;
        })
    });
    let advice = match command.progress {
        ProgressPlace::Nowhere => None,
        ProgressPlace::File => Some("A line of it is 0.4 mesh refined: a fraction, and words if it likes."),
        ProgressPlace::Output => Some("Such a line is progress 0.4 mesh refined."),
    };
    view! {
        <div class="fields">{line.view(state, |draft, text| draft.command.line = text)}</div>
        {of_table(state, &command.line)}
        {check_box("Run by a shell: for pipes, variables and the like", |draft| draft.command.is_shell, state, |draft, is| draft.command.is_shell = is)}
        <div class="fields">
            {result.view(state, |draft, text| draft.command.result_file = text)}
            {row}
            {choice("Progress", "Progress".to_owned(), &PROGRESS, command.progress, state, |draft, place| draft.command.progress = place)}
            {progress_file}
        </div>
        {advice.map(|words| view! { <p class="faint">{words}</p> })}
    }
    .into_any()
}

/// Offers to run the commands of a table that has a column of them.
fn of_table(state: DesignState, line: &str) -> Option<AnyView> {
    let has_commands = match &*state.table.read() {
        TableState::Read { table, .. } => table.columns.iter().any(|column| column.name == "command"),
        _ => false,
    };
    let is_offered = has_commands && line.trim().is_empty() && state.draft.read().source == PointsSource::Table;
    let press = move |_| state.draft.update(|draft| COMMAND_OF_TABLE.clone_into(&mut draft.command.line));
    is_offered.then(|| {
        view! { <p class="actions"><button class="primary" on:click=press>"Run the commands of the table"</button></p> }
            .into_any()
    })
}

/// Shows the command that a case runs.
pub(super) fn filled(command: &str, is_shell: bool, case: &Parameters) -> AnyView {
    let filled = match command_line::fill(command, is_shell, case) {
        Ok(filled) => filled,
        Err(error) => {
            let fault = match &error {
                CommandLineError::Placeholder(error) => placeholders::fault(error),
                error => super::field::sentence(&error.to_string()).trim_end_matches('.').to_owned(),
            };
            let words = format!("{fault}, so this case would fail.");
            return view! { <p class="field__problem" role="alert">{quoted(&words)}</p> }.into_any();
        }
    };
    let for_shell = match &filled {
        FilledCommand::Words(words) => command_line::shell_word(words).map(str::to_owned),
        FilledCommand::ShellLine(_) => None,
    };
    let warning = for_shell.map(|word| {
        let words =
            format!("`{word}` is for a shell, and none runs the command: it would be handed over as it stands.");
        view! { <p class="field__warning">{quoted(&words)}</p> }
    });
    view! {
        <div class="trace rendered" tabindex="0" role="region" aria-label="Command of the case">
            <div class="rendered__line rendered__line--filled"><code>{filled.to_string()}</code></div>
        </div>
        {warning}
    }
    .into_any()
}
