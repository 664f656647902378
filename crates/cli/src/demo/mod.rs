//! `cruncher demo`: a whole study on this machine.
//!
//! A local cloud, a study launched into it through the same code as on AWS, the example's cases, and workers that are
//! started by the line that the study's Attach page shows.

mod browser;
mod local_cloud;
mod play;
mod ports;
mod process;
mod site;
mod surroundings;

use crate::arguments::Demo;
use crate::failure::Failure;
use crate::output::note;
use crate::signal::{Listener, ended};

use play::Play;
use surroundings::Surroundings;

/// Runs until Ctrl-C, then ends everything that it started.
pub(crate) async fn run(arguments: &Demo) -> Result<(), Failure> {
    // From the first process on, Ctrl-C has to end it.
    let mut signals = Listener::new()?;
    let surroundings = Surroundings::find()?;
    let mut play = Play::new(surroundings)?;
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
