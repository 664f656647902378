//! `cruncher enqueue`

mod first;
mod same;
mod summary;

use std::env;
use std::path::Path;
use std::rc::Rc;

use cruncher_backend::enqueue::{
    CaseSelection, EnqueueError, EnqueuePlan, EnqueuePreflight, EnqueueProgress, Journal, PauseHandle, SendEnd,
    SentBefore, SubmissionSender, check_pools, preflight, submission_id,
};
use cruncher_backend::study::Study;
use cruncher_study::combination::{CombineFile, CombinedInputs};
use cruncher_study::design_document::Submission;
use serde_json::{Value, json};

use crate::arguments::{CloudAccount, EnqueueArguments};
use crate::cloud;
use crate::combine::{read_script, script_name};
use crate::design::{command_notes, placeholder_notes, table_notes, thinned};
use crate::design_input::DesignInput;
use crate::failure::{CommandFailure, of_enqueue};
use crate::output::{ProgressLine, can_ask, note, result, yes_or_no};
use crate::signal::{EndSignal, SignalListener, ended, unless_ended};
use crate::state_folder::StateFolder;
use same::command;

/// Sends the cases of a design, or continues sending them.
pub(crate) async fn run(account: &CloudAccount, arguments: &EnqueueArguments) -> Result<(), CommandFailure> {
    let mut input = DesignInput::of(&arguments.source).await?;
    input.file.force |= arguments.force;
    if let Some(choice) = arguments.pool {
        // `main`, too: the design's own pool would be none then.
        if input.file.table.as_ref().is_some_and(|table| table.pools.is_some()) {
            return Err(CommandFailure::new(
                "The table says by its column `pool` where each case is sent: leave --pool out, or that column.",
            ));
        }
        input.file.pool = choice.pool();
    }
    if !input.has_batch {
        return Err(CommandFailure::new(
            "A table of cases doesn't name a batch: name one with --batch, such as --batch by-hand.",
        ));
    }
    input.file.combine = combine_of(arguments, &input)?.map(Box::new);
    let mut state = unless_ended(EnqueueSession::open(account, arguments, &input), nothing_sent).await?;
    if arguments.cancel || state.journal.as_ref().is_some_and(Journal::is_cancelling) {
        return state.cancel().await;
    }
    if state.journal.is_none() {
        let (preflight, selection) = unless_ended(state.look(), nothing_sent).await?;
        state.tell(summary::of_preflight(&arguments.study, &state.plan, &preflight, &selection));
        let design = state.plan.cases().design();
        let placeholders = placeholder_notes(&input, design.factors());
        let commands = command_notes(&input, state.plan.cases())?;
        let notes = thinned(&input.file, design).into_iter().chain(table_notes(&input)).chain(placeholders);
        let notes = notes.chain(commands);
        notes.for_each(|note| state.tell(note));
        if selection.cases() == 0 && input.file.combine.is_some() {
            state.tell("Nothing is sent, so nothing is combined by itself either: cruncher combine does it.");
        }
        if selection.cases() == 0 {
            state.report("nothing", None, &[]);
            return Ok(());
        }
        if !unless_ended(state.confirm(), nothing_sent).await? {
            return Err(CommandFailure::new("Nothing was sent."));
        }
        unless_ended(state.begin(input.model()?, &selection), desk_is_left).await?;
    }
    state.send_all().await
}

/// Returns the script that combines the batch when it is complete: the one of the options, or the design's, which is beside it.
fn combine_of(arguments: &EnqueueArguments, input: &DesignInput) -> Result<Option<CombineFile>, CommandFailure> {
    let Some(path) = &arguments.combine else {
        let Some(combine) = input.file.combine.as_deref().cloned() else { return Ok(None) };
        if combine.text.is_some() {
            return Ok(Some(combine));
        }
        let beside = arguments.source.path().parent().unwrap_or(Path::new("")).join(&combine.file);
        let text = script_text(&beside, combine.file_extension.is_some())?;
        return Ok(Some(CombineFile { text: Some(text), ..combine }));
    };
    let of = if arguments.combine_files { CombinedInputs::Files } else { CombinedInputs::Results };
    let file_extension = arguments.file_extension.clone();
    let text = script_text(path, file_extension.is_some())?;
    Ok(Some(CombineFile { file: script_name(path), text: Some(text), of, file_extension }))
}

fn script_text(path: &Path, has_extension: bool) -> Result<String, CommandFailure> {
    let script = read_script(path, has_extension)?;
    String::from_utf8(script).map_err(|_foreign| CommandFailure::new(format!("{} isn't UTF-8.", path.display())))
}

fn nothing_sent() -> String {
    "Interrupted: nothing was sent.".to_owned()
}

fn desk_is_left() -> String {
    format!(
        "Interrupted before the first case was sent. The same command goes on; `{} --cancel` takes it back.",
        command()
    )
}

/// Surroundings of an enqueueing: the study, the plan, and the journals on this computer.
struct EnqueueSession<'a> {
    arguments: &'a EnqueueArguments,
    study: Study,
    plan: EnqueuePlan,
    keep: Rc<StateFolder>,
    /// The journal of an earlier command.
    journal: Option<Journal>,
    last: EnqueueProgress,
    secs: f64,
}

impl<'a> EnqueueSession<'a> {
    async fn open(
        account: &CloudAccount,
        arguments: &'a EnqueueArguments,
        input: &DesignInput,
    ) -> Result<Self, CommandFailure> {
        let model = input.model()?;
        let client = cloud::client(account).await?;
        let ports = client.ports();
        let submission = Submission { id: submission_id(ports), time: client.now().as_secs_f64(), by: user() };
        let plan = EnqueuePlan::new(&input.file, model, &submission).map_err(failed)?;
        let study = cloud::study(client, &arguments.study).await?;
        let keep = Rc::new(StateFolder::find()?);
        let journal = Journal::read(&*keep, &plan.key(&study.config.bucket)).await;
        let journal = journal.map_err(|error| failed(error.into()))?;
        let plan = match &journal {
            Some(journal) => plan.with_submission(journal.submission()),
            None => plan,
        };
        Ok(Self { arguments, study, plan, keep, journal, last: EnqueueProgress::default(), secs: 0.0 })
    }

    /// Prints a line for people: with `--json` the result belongs to a program.
    fn tell(&self, text: impl std::fmt::Display) {
        if self.arguments.json { note(text) } else { result(text) }
    }

    async fn look(&self) -> Result<(EnqueuePreflight, CaseSelection), CommandFailure> {
        self.plan.check_attempts(self.study.config.max_receives).map_err(failed)?;
        check_pools(&self.study, &self.plan).await.map_err(failed)?;
        let preflight = preflight(&self.study, &self.plan).await?;
        let sent_before = if self.arguments.again { SentBefore::SendAgain } else { SentBefore::Wait };
        let selection = preflight.selection(&self.plan, sent_before);
        Ok((preflight, selection))
    }

    async fn confirm(&self) -> Result<bool, CommandFailure> {
        if self.arguments.yes || !can_ask() {
            return Ok(true);
        }
        let first = self.arguments.first.map(|first| format!(" the first {first}")).unwrap_or_default();
        yes_or_no(&format!("Send{first}?")).await
    }

    /// Writes the documents and the journal, from which the cases are sent afterwards.
    async fn begin(&mut self, model: &[u8], selection: &CaseSelection) -> Result<(), CommandFailure> {
        let (plan, first) = (self.plan.clone(), self.arguments.first.map(u64::from));
        let begun = SubmissionSender::begin(&self.study, plan, model, selection, first, self.keep.clone()).await;
        self.journal = Some(begun.map_err(failed)?.journal().clone());
        Ok(())
    }

    fn resume(&self) -> Result<SubmissionSender, CommandFailure> {
        let journal = self.journal.clone().ok_or_else(|| {
            CommandFailure::new(
                "There is no unfinished enqueueing of this design on this computer, so there is nothing to take back.",
            )
        })?;
        let resumed = SubmissionSender::resume(&self.study, self.plan.clone(), journal, self.keep.clone());
        resumed.map_err(failed)
    }

    async fn cancel(&mut self) -> Result<(), CommandFailure> {
        let mut sending = self.resume()?;
        let left = || format!("Interrupted. To take back what was not sent:  {} --cancel", command());
        let cancel = async { sending.cancel().await.map_err(failed) };
        let taken_back = unless_ended(cancel, left).await?;
        let (accepted, of) = (sending.journal().accepted(), sending.journal().of());
        self.last = EnqueueProgress { sent: accepted, of, ..EnqueueProgress::default() };
        self.tell(format_args!(
            "{} taken back; {} sent and stay.",
            cruncher_study::number_format::counted(taken_back, "case is", "cases are"),
            cruncher_study::number_format::counted(accepted, "was", "were"),
        ));
        self.report("cancelled", None, &[]);
        Ok(())
    }

    async fn send_all(&mut self) -> Result<(), CommandFailure> {
        let mut sending = self.resume()?;
        if sending.journal().accepted() > 0 {
            self.tell(summary::of_journal(&self.arguments.study, sending.journal()));
        }
        if self.arguments.first.is_none() {
            sending.release();
        }
        let mut end = if sending.journal().is_held() { SendEnd::Held } else { self.send(&mut sending).await? };
        let mut looked = Vec::new();
        if end == SendEnd::Held {
            looked = self.look_at_first(&sending).await?;
            if self.wants_rest(&looked).await? {
                end = self.send(&mut sending).await?;
            } else {
                self.tell(format_args!("The rest waits. To send it:  {}", command()));
            }
        }
        self.report(summary::word(end), Some(&sending), &looked);
        Ok(())
    }

    /// Sends until the end or a pause. A second signal ends it at once: cases that may have been sent are noted.
    async fn send(&mut self, sending: &mut SubmissionSender) -> Result<SendEnd, CommandFailure> {
        let (before, clock) = (sending.journal().accepted(), self.study.client.ports().clock.clone());
        let (pause_handle, start, mut listener) = (PauseHandle::default(), clock.now(), SignalListener::new()?);
        let gauge = ProgressLine::new(sending.journal().of(), "cases");
        let mut last = EnqueueProgress::default();
        let mut show = |progress: EnqueueProgress| {
            gauge.show(&progress);
            last = progress;
        };
        let (ran, signal) = steer(sending.run(&pause_handle, &mut show), &pause_handle, &mut listener).await?;
        drop(gauge);
        self.secs += clock.now().saturating_sub(start).as_secs_f64();
        self.last.requests += last.requests;
        self.last.throttled += last.throttled;
        self.tell(summary::of_progress(last.sent.saturating_sub(before), &last, self.secs));
        let end = ran.map_err(failed)?;
        match signal.filter(|_| end == SendEnd::Paused) {
            Some(signal) => Err(self.paused(signal, sending)),
            None => Ok(end),
        }
    }

    fn paused(&self, signal: EndSignal, sending: &SubmissionSender) -> CommandFailure {
        self.report(summary::word(SendEnd::Paused), Some(sending), &[]);
        let command = command();
        ended(
            signal,
            format!(
                "Paused: {} of {} cases are sent. To go on:  {command}\nTo take back what was not sent:  {command} --cancel",
                sending.journal().accepted(),
                sending.journal().of()
            ),
        )
    }

    /// Prints the result for programs, at the very end.
    fn report(&self, end: &str, sending: Option<&SubmissionSender>, first: &[first::SentCase]) {
        if !self.arguments.json {
            return;
        }
        let document = self.plan.document();
        let first: Vec<Value> = first.iter().map(|look| summary::outcome_json(look.case, &look.outcome)).collect();
        let journal = sending.map(SubmissionSender::journal);
        result(format_args!(
            "{:#}",
            json!({
                "study": self.arguments.study, "batch": document.batch, "submission": document.submission, "ended": end,
                "cases": self.plan.cases().len(), "to_send": journal.map_or(self.last.of, Journal::of),
                "sent": journal.map_or(self.last.sent, Journal::accepted),
                "requests": self.last.requests, "throttled": self.last.throttled, "secs": self.secs, "first": first,
            })
        ));
    }
}

/// Runs until the end, and asks for a pause when a signal comes. A second signal doesn't wait.
async fn steer<T>(
    sending: impl Future<Output = T>,
    pause_handle: &PauseHandle,
    listener: &mut SignalListener,
) -> Result<(T, Option<EndSignal>), CommandFailure> {
    let mut sending = std::pin::pin!(sending);
    let mut heard = None;
    loop {
        tokio::select! {
            ran = &mut sending => return Ok((ran, heard)),
            signal = listener.next() => {
                if heard.replace(signal).is_some() {
                    let message = format!("Interrupted. To go on:  {}", command());
                    return Err(ended(signal, message));
                }
                note("Pausing: what is under way comes to its end. Ctrl-C again doesn't wait for it; nothing gets lost.");
                pause_handle.pause();
            }
        }
    }
}

fn failed(error: EnqueueError) -> CommandFailure {
    of_enqueue(error, &command())
}

/// Returns the sender's name, as the system knows it.
pub(crate) fn user() -> String {
    let names = ["USER", "USERNAME", "LOGNAME"];
    names.into_iter().find_map(|name| env::var(name).ok()).unwrap_or_else(|| "command line".to_owned())
}
