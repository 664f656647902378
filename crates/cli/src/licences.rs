//! `cruncher licences`

use crate::failure::CommandFailure;
use crate::{output, release};

/// File of the dashboard, written with each build of it, that holds the licences of both.
const FILE: &str = "licences.txt";

/// Prints the licences.
pub(crate) fn run() -> Result<(), CommandFailure> {
    let page = release::page()?;
    let file = page.assets().iter().find(|file| file.path == FILE).ok_or_else(|| {
        CommandFailure::new("This build of cruncher carries no licences. Run `make dashboard`, then build it again.")
    })?;
    output::result_part(String::from_utf8_lossy(&file.content));
    Ok(())
}
