//! `cruncher results --table`: all cases that ended, as one table.

mod gathering;
#[cfg(test)]
mod hostile_tests;
mod numpy;
mod parquet;
mod selection;
mod whole;

use std::io::{self, Write};

use cruncher_backend::administer::launch::find_config;
use cruncher_backend::fetch::submitted::{submitted, units};
use cruncher_backend::study::Study;
use cruncher_results::chunk::MAX_TEXT_CHARS;
use cruncher_results::column_id::ColumnId;
use cruncher_results::export::csv::{CsvLayout, CsvTable, TextFormat};
use cruncher_results::export::whole::WholeTexts;
use cruncher_study::batch::Batch;
use cruncher_study::number_format::{counted, thousands};

use super::{MAX_CHARS, MAX_NAMED, tell_more};
use crate::arguments::{CloudAccount, ResultsArguments, TableFile, TableFormat};
use crate::cloud;
use crate::draft::PendingFile;
use crate::failure::{CommandFailure, of_launch};
use crate::output::{note, result};
use crate::release::VERSION;
use crate::signal::unless_ended;
use crate::text::{count, printable, size};

use gathering::{GatheredResults, gather};
use numpy::LostValues;
use selection::TableSelection;

/// Number of lines in memory at once.
const LINES_AT_ONCE: usize = 10_000;

/// Writes the table.
pub(super) async fn run(
    account: &CloudAccount,
    arguments: &ResultsArguments,
    file: &TableFile,
) -> Result<(), CommandFailure> {
    let interrupted = || format!("Interrupted: {} was not written.", file.path.display());
    let gathered = unless_ended(Box::pin(make(account, arguments, file)), interrupted).await?;
    if gathered.is_complete() {
        return Ok(());
    }
    Err(CommandFailure::new(format!("{} is not complete. The same command tries it again.", file.path.display())))
}

async fn make(
    account: &CloudAccount,
    arguments: &ResultsArguments,
    file: &TableFile,
) -> Result<GatheredResults, CommandFailure> {
    // The file comes first, so that nobody waits for results that can't be written.
    let mut draft = PendingFile::beside(&file.path)?;
    let client = cloud::client(account).await?;
    let (study, region) = (&arguments.study, client.endpoints().region.clone());
    let config = find_config(&client, study, VERSION).await.map_err(|error| of_launch(error, study, &region))?;
    let study = Study { client, config };
    let gathered = gather(study.clone(), arguments.batch.as_ref()).await?;
    tell_lacking(&gathered);
    let selection = select(&gathered, arguments, file.format)?;
    let whole =
        if file.format == TableFormat::Npz { WholeTexts::default() } else { whole::read(&study, &selection).await? };
    let layout = if file.format == TableFormat::Csv { layout(&study, arguments).await? } else { CsvLayout::default() };
    let table =
        write(&selection, &whole, (file.format, &layout), draft.file()).map_err(|error| draft.failure(&error))?;
    let size_bytes = draft.commit()?;
    result(format_args!("{}: {} ({})", summary(&table), file.path.display(), size(size_bytes)));
    tell_lost(&table, whole.lacking() as u64);
    Ok(gathered)
}

/// Returns the layout of a CSV file, with the units of the designs that its cases may belong to.
async fn layout(study: &Study, arguments: &ResultsArguments) -> Result<CsvLayout, CommandFailure> {
    let texts = if arguments.exact_texts { TextFormat::Exact } else { TextFormat::Guarded };
    let plain = CsvLayout { times: arguments.times.into(), texts, ..CsvLayout::default() };
    if arguments.plain_names {
        return Ok(plain);
    }
    let designs = submitted(study, &[]).await?;
    let is_wanted = |batch: &Batch| {
        let is_near = |wanted: &Batch| wanted.contains(batch.as_str()) || batch.contains(wanted.as_str());
        arguments.batch.as_ref().is_none_or(is_near)
    };
    let wanted = designs.iter().filter(|design| is_wanted(&design.batch));
    Ok(CsvLayout { units: units(wanted.flat_map(|design| &design.factors)), ..plain })
}

/// Names values that the table doesn't have as the cases have them.
fn tell_lost(table: &Written, cut: u64) {
    for left_out in &table.left_out {
        note(format_args!("Left out: {}: it has no numbers", printable(left_out, MAX_CHARS)));
    }
    for rounded in &table.rounded {
        let name = printable(rounded, MAX_CHARS);
        note(format_args!(
            "Rounded: {name}: it has integers beyond 2^53, which floats don't hold; a .csv or .parquet file does"
        ));
    }
    if cut > 0 {
        let texts = counted(cut, "text", "texts");
        let why = "the documents of their cases are gone, are too large, or hold another attempt's";
        note(format_args!(
            "Cut: {texts}, at {} characters, with a … at the end: {why}",
            thousands(MAX_TEXT_CHARS as u64)
        ));
    }
}

/// Selects rows and columns of the table, unless there are none.
fn select<'a>(
    gathered: &'a GatheredResults,
    arguments: &ResultsArguments,
    format: TableFormat,
) -> Result<TableSelection<'a>, CommandFailure> {
    let mut selection = TableSelection::new(&gathered.store, arguments.batch.as_ref());
    if format == TableFormat::Npz {
        selection.leave_out_failed();
    }
    if selection.is_empty() {
        return Err(nothing(gathered, arguments, format));
    }
    selection.choose_responses(&arguments.responses).map_err(|unknown| {
        let name = |name: &String| printable(name, MAX_CHARS);
        let mut known: Vec<String> = unknown.known.iter().take(MAX_NAMED).map(name).collect();
        if unknown.known.len() > MAX_NAMED {
            known.push(format!("{} more", unknown.known.len() - MAX_NAMED));
        }
        let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
        CommandFailure::new(format!("There is no response {}. Responses: {known}.", name(&unknown.name)))
    })?;
    Ok(selection)
}

fn nothing(gathered: &GatheredResults, arguments: &ResultsArguments, format: TableFormat) -> CommandFailure {
    let cases = arguments.batch.as_ref().map_or_else(
        || format!("study {}", arguments.study),
        |batch| format!("batch {batch} of study {}", arguments.study),
    );
    let (known, failed) = (gathered.counts.cases, gathered.counts.failed);
    let what = match format {
        TableFormat::Npz if failed > 0 => {
            format!("{} failed, and none is done", counted(failed, "case has", "cases have"))
        }
        _ if gathered.lacking > 0 => "no row could be read of the cases that ended".to_owned(),
        _ if known > 0 => format!("{} of it, and none is done", counted(known, "case is known", "cases are known")),
        _ => "there are no cases of it".to_owned(),
    };
    CommandFailure::new(format!("There are no results yet of {cases}: {what}. No table was written."))
}

/// Counts of the cases and columns that were written.
#[derive(Debug, Default, PartialEq, Eq)]
struct Written {
    done: u64,
    failed: u64,
    factors: u64,
    responses: u64,
    /// Names of columns that were left out.
    left_out: Vec<String>,
    rounded: Vec<String>,
}

fn write(
    selection: &TableSelection<'_>,
    whole: &WholeTexts,
    (format, layout): (TableFormat, &CsvLayout),
    out: &mut (impl Write + Send),
) -> io::Result<Written> {
    let mut written = Written {
        done: selection.done.count() as u64,
        failed: selection.failed.count() as u64,
        factors: selection::factors(&selection.factors),
        responses: selection.responses.len() as u64,
        ..Written::default()
    };
    match format {
        TableFormat::Csv => write_csv(selection, whole, layout.clone(), out)?,
        TableFormat::Parquet => parquet::write(selection, whole, out)?,
        TableFormat::Npz => {
            let LostValues { left_out, rounded } = numpy::write(selection, out)?;
            written.factors = selection::factors(selection.factors.iter().filter(|id| !left_out.contains(id)));
            written.responses -= selection.responses.iter().filter(|id| left_out.contains(id)).count() as u64;
            let names = |ids: Vec<ColumnId>| ids.iter().map(|id| id.name().to_owned()).collect();
            (written.left_out, written.rounded) = (names(left_out), names(rounded));
        }
    }
    Ok(written)
}

fn write_csv(
    selection: &TableSelection<'_>,
    whole: &WholeTexts,
    layout: CsvLayout,
    out: &mut impl Write,
) -> io::Result<()> {
    let csv = CsvTable::of(selection.store, selection.named().cloned()).with_whole_texts(whole).with_layout(layout);
    out.write_all(csv.header().as_bytes())?;
    let rows = selection.rows();
    rows.chunks(LINES_AT_ONCE).try_for_each(|rows| out.write_all(csv.rows(rows.iter().copied()).as_bytes()))
}

/// Summarises a table: `1,204 done and 18 failed cases, 7 factors, 3 responses`
fn summary(written: &Written) -> String {
    let cases = match (written.done, written.failed) {
        (done, 0) => count(done, "done case"),
        (0, failed) => count(failed, "failed case"),
        (done, failed) => format!("{} done and {}", thousands(done), count(failed, "failed case")),
    };
    format!("{cases}, {}, {}", count(written.factors, "factor"), count(written.responses, "response"))
}

/// Names objects and values that no table can have.
fn tell_lacking(gathered: &GatheredResults) {
    for (key, reason) in gathered.unreadable.iter().take(MAX_NAMED) {
        note(format_args!("Not read: {}: {}", printable(key, MAX_CHARS), printable(reason, MAX_CHARS)));
    }
    tell_more(gathered.unreadable.len(), "not read");
    let dropped = gathered.store.dropped_values();
    if dropped > 0 {
        let values = count(dropped, "value");
        note(format_args!("Left out: {values} of too many columns, nested too deep, or with names that are too long"));
    }
    if gathered.counts.withdrawn > 0 {
        note(format_args!("Left out: {}", counted(gathered.counts.withdrawn, "withdrawn case", "withdrawn cases")));
    }
    if gathered.lacking > 0 {
        let cases = counted(gathered.lacking, "case", "cases");
        note(format_args!("Lacking: {cases} that ended, of which no row could be read"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_what_is_in_the_table() {
        let check = |done, failed, expected: &str| {
            let written = Written { done, failed, factors: 7, responses: 1, ..Written::default() };
            assert_eq!(summary(&written), expected);
        };
        check(1_204, 18, "1,204 done and 18 failed cases, 7 factors, 1 response");
        check(1, 0, "1 done case, 7 factors, 1 response");
        check(0, 2, "2 failed cases, 7 factors, 1 response");
        check(2, 1, "2 done and 1 failed case, 7 factors, 1 response");
    }
}
