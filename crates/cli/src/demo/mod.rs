//! `cruncher demo`: a whole study on this machine.
//!
//! It starts a local cloud, launches a study into it through the same code as on AWS, sends the example's cases, and starts
//! workers by the line that the study's Attach page shows.

mod browser;
mod local_cloud;
mod play;
mod ports;
mod process;
mod site;
mod surroundings;

use crate::arguments::DemoArguments;
use crate::failure::CommandFailure;
use crate::output::note;
use crate::signal::{SignalListener, ended};

use play::DemoProcesses;
use surroundings::DemoPaths;

/// Runs until Ctrl-C, then ends everything that it started.
pub(crate) async fn run(arguments: &DemoArguments) -> Result<(), CommandFailure> {
    // Ctrl-C has to end the demo from its first process on.
    let mut signals = SignalListener::new()?;
    let surroundings = DemoPaths::find()?;
    let mut play = DemoProcesses::new(surroundings)?;
    let end = tokio::select! {
        result = play.run(arguments) => result,
        signal = signals.next() => {
            note("Ending the workers and the cloud");
            Err(ended(signal, "The demo has ended; nothing of it is left."))
        }
    };
    play.end().await;
    end
}
