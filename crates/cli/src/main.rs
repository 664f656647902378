//! `cruncher`: launches a study, sends its cases, watches it, fetches its results, cleans it up, and shows one on this
//! machine.

mod arguments;
mod clean_up;
mod cloud;
mod combine;
mod configure;
mod control;
mod demo;
mod design;
mod design_input;
mod draft;
mod enqueue;
mod extract;
mod failure;
mod freeze;
mod launch;
mod licences;
mod link;
mod links;
mod model_folder;
mod output;
mod passphrases;
mod points;
mod profile_files;
mod release;
mod report;
mod restore;
mod results;
mod retry;
mod rotation;
mod signal;
mod state_folder;
mod status;
mod text;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};
use failure::CommandFailure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = result
        .map_err(|error| CommandFailure::new(format!("The command line can't start: {error}.")))
        .and_then(|runtime| {
            let result = tokio::task::LocalSet::new().block_on(&runtime, run(arguments));
            // A thread may still be waiting for an answer at the keyboard.
            runtime.shutdown_background();
            result
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::explain(&failure);
            failure.exit_code()
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), CommandFailure> {
    let Arguments { account, command } = arguments;
    match command {
        Command::Launch(launch) => launch::run(&account, &launch).await,
        Command::Configure(configure) => configure::run(&account, &configure).await,
        Command::Link(link) => link::run(&account, &link).await,
        Command::Design(design) => design::run(&design).await,
        Command::Enqueue(enqueue) => enqueue::run(&account, &enqueue).await,
        Command::Combine(combine) => combine::run(&account, &combine).await,
        Command::Status(status) => status::run(&account, &status).await,
        Command::Pause(pause) => control::pause(&account, &pause, true).await,
        Command::Resume(resume) => control::pause(&account, &resume, false).await,
        Command::Halting(halting) => control::halting(&account, &halting).await,
        Command::Drain(drain) => control::drain(&account, &drain).await,
        Command::Cancel(cancel) => control::cancel(&account, &cancel).await,
        Command::Extract(extract) => extract::run(&account, &extract).await,
        Command::Retry(again) => retry::retry(&account, &again).await,
        Command::Redrive(redrive) => control::redrive(&account, &redrive).await,
        Command::Forget(forget) => control::forget(&account, &forget).await,
        Command::Results(results) => results::run(&account, &results).await,
        Command::Freeze(freeze) => freeze::run(&account, &freeze).await,
        Command::Restore(restore) => restore::run(&account, &restore).await,
        Command::CleanUp(clean_up) => clean_up::run(&account, &clean_up).await,
        Command::Demo(demo) => demo::run(&demo).await,
        Command::Licences => licences::run(),
    }
}
