//! `cruncher freeze`

use std::path::Path;

use cruncher_aws::Client;
use cruncher_backend::frozen::{Content, collect, document};
use cruncher_backend::launch::find_config;
use cruncher_backend::study::Study;
use cruncher_study::figures::thousands;

use crate::arguments::{Account, Freeze};
use crate::cloud;
use crate::failure::{Failure, of_launch, sentence};
use crate::output::{Reporter, result};
use crate::release::{VERSION, page};
use crate::signal::unless_ended;
use crate::text::{count, size};

/// Writes the page of a study, as it is now, into a file.
pub(crate) async fn run(account: &Account, arguments: &Freeze) -> Result<(), Failure> {
    unless_ended(freeze(account, arguments), || "Interrupted: nothing was written.".to_owned()).await
}

async fn freeze(account: &Account, arguments: &Freeze) -> Result<(), Failure> {
    let page = page()?;
    let client = cloud::client(account).await?;
    let content = look(client, &arguments.study).await?;
    let html = document(&page, &content).map_err(|error| {
        Failure::new(format!("{} Upgrade cruncher, or build its dashboard again.", sentence(&error)))
    })?;
    write(&arguments.file, html.as_bytes())?;
    result(summary(&content, &arguments.file, html.len()));
    Ok(())
}

async fn look(client: Client, study: &str) -> Result<Content, Failure> {
    let reporter = Reporter::new();
    reporter.now("reading the study");
    let region = client.endpoints().region.clone();
    let config = find_config(&client, study, VERSION).await.map_err(|error| of_launch(error, study, &region))?;
    Ok(collect(&Study { client, config }).await?)
}

/// Writes all of it or nothing.
fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let draft = path.with_added_extension("part");
    let written = std::fs::write(&draft, content).and_then(|()| std::fs::rename(&draft, path));
    written.map_err(|error| {
        // What can't be written may leave nothing to remove.
        let _ = std::fs::remove_file(&draft);
        Failure::new(format!("{} can't be written: {error}.", path.display()))
    })
}

/// `prandtl.html: 1,980 of 2,000 cases done, 20 failed; 2.1 MB`
fn summary(content: &Content, file: &Path, bytes: usize) -> String {
    let total = content.snapshot.total;
    let failed = if total.failed > 0 { format!(", {} failed", thousands(total.failed)) } else { String::new() };
    let cases = count(total.cases, "case");
    format!("{}: {} of {cases} done{failed}; {}", file.display(), thousands(total.done), size(bytes as u64))
}
