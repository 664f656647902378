//! `cruncher freeze`

use std::io::Write as _;
use std::path::Path;
use std::rc::Rc;

use cruncher_aws::Client;
use cruncher_backend::freeze::{FreezeProgress, FrozenContent, collect, document};
use cruncher_study::number_format::thousands;

use crate::arguments::{CloudAccount, FreezeArguments};
use crate::cloud;
use crate::draft::PendingFile;
use crate::failure::{CommandFailure, sentence};
use crate::output::{ProgressReporter, note, result};
use crate::release::page;
use crate::signal::unless_ended;
use crate::text::{count, size};

/// Writes the page of a study, as it is now, into a file.
pub(crate) async fn run(account: &CloudAccount, arguments: &FreezeArguments) -> Result<(), CommandFailure> {
    unless_ended(freeze(account, arguments), || "Interrupted: nothing was written.".to_owned()).await
}

async fn freeze(account: &CloudAccount, arguments: &FreezeArguments) -> Result<(), CommandFailure> {
    let view = arguments.view.as_deref().map_or_else(|| Ok(String::new()), view)?;
    let page = page()?;
    // The file comes first, so that nobody waits for a study that can't be written.
    let mut draft = PendingFile::beside(&arguments.file)?;
    let client = cloud::client(account).await?;
    let content = FrozenContent { view, ..look(client, &arguments.study).await? };
    let html = document(page.assets(), &content).map_err(|error| {
        CommandFailure::new(format!("{} Upgrade cruncher, or build its dashboard again.", sentence(&error)))
    })?;
    draft.file().write_all(html.as_bytes()).map_err(|error| draft.failure(&error))?;
    let size_bytes = draft.commit()?;
    result(summary(&content, &arguments.file, size_bytes));
    for part in &content.left_out {
        note(format_args!("Left out: {part}"));
    }
    Ok(())
}

/// Returns the part of an address that names the view. An address that holds a key is refused, and not repeated.
fn view(address: &str) -> Result<String, CommandFailure> {
    let place = address.split_once('#').map(|(_, place)| place).filter(|place| place.starts_with('/'));
    place.map(|place| format!("#{place}")).ok_or_else(|| {
        CommandFailure::new(
            "--view takes an address of the study's page that has `#/` and what is shown behind it, such as \
             '#/results?batch=soil'. *Copy link* on the Results page gives one; a link with a key is none.",
        )
    })
}

async fn look(client: Client, study: &str) -> Result<FrozenContent, CommandFailure> {
    let reporter = Rc::new(ProgressReporter::new());
    reporter.now("reading the study");
    let study = cloud::study(client, study).await?;
    let report = move |reading| reporter.now(words(reading));
    Ok(collect(&study, Rc::new(report)).await?)
}

/// Returns the progress of reading in words.
fn words(reading: FreezeProgress) -> String {
    match reading {
        FreezeProgress::Rows { read_bytes, of_bytes } => {
            format!("reading rows, {} of {}", size(read_bytes), size(of_bytes))
        }
        FreezeProgress::Documents { read, of } => {
            format!("reading documents, {} of {}", thousands(read), thousands(of))
        }
    }
}

/// Summarises a frozen study: `prandtl.html: 1,980 of 2,000 cases done, 20 failed; 2.1 MB`
fn summary(content: &FrozenContent, file: &Path, size_bytes: u64) -> String {
    let total = content.snapshot.total;
    let failed = if total.failed > 0 { format!(", {} failed", thousands(total.failed)) } else { String::new() };
    let cases = count(total.cases, "case");
    format!("{}: {} of {cases} done{failed}; {}", file.display(), thousands(total.done), size(size_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_what_stands_behind_the_hash_of_an_address() {
        for address in ["#/results?batch=a&x=factor.c", "http://b.s3.example/index.html#/results?batch=a&x=factor.c"] {
            assert_eq!(view(address).unwrap(), "#/results?batch=a&x=factor.c");
        }
        for address in ["", "results", "#", "http://b.s3.example/index.html", "https://b/#access=c2VjcmV0"] {
            let failure = view(address).unwrap_err();
            assert!(failure.message().starts_with("--view takes an address") && !failure.message().contains("c2Vj"));
        }
    }
}
