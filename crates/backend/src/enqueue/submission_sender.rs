//! An enqueueing from its first document to its last message.

use std::rc::Rc;

use cruncher_study::control::StudyControl;

use super::journal::{CasePosition, Journal, JournalStage};
use super::key_value_store::KeyValueStore;
use super::pause_handle::PauseHandle;
use super::plan::EnqueuePlan;
use super::preflight::CaseSelection;
use super::progress::EnqueueProgress;
use super::send_loop::SendLoop;
use super::settled::taken;
use super::writing::{put_model, write_down, write_model};
use super::{EnqueueError, check_pools};
use crate::administer::control::{change_control, control};
use crate::study::Study;

/// Maximum age of cases under way, in seconds, at which they are sent again as they are, since the queue drops duplicates.
/// SQS remembers for 300 seconds, and a batch is repeated for up to a minute.
const REMEMBERED_SECS: f64 = 180.0;

/// An enqueueing. Its documents are in the bucket, and its messages are sent by [`SubmissionSender::run`].
pub struct SubmissionSender {
    pub(super) study: Study,
    pub(super) plan: EnqueuePlan,
    pub(super) journal: Journal,
    pub(super) keep: Rc<dyn KeyValueStore>,
}

/// Reason why [`SubmissionSender::run`] came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendEnd {
    /// The queue has accepted every case.
    Complete,
    /// It has accepted the first ones, and the rest waits for the next call.
    Held,
    /// A pause was asked for.
    Paused,
    /// The rest had been given up, which has come to its end now.
    Cancelled,
}

impl SubmissionSender {
    /// Writes the model, the design and the table of cases. The first `hold_after` cases are sent before the rest.
    ///
    /// # Errors
    /// If `model` isn't the plan's, the journal can't be kept, or a request fails. Begin again then; nothing was sent, and
    /// no journal is left.
    pub async fn begin(
        study: &Study,
        mut plan: EnqueuePlan,
        model: &[u8],
        selection: &CaseSelection,
        hold_after: Option<u64>,
        keep: Rc<dyn KeyValueStore>,
    ) -> Result<Self, EnqueueError> {
        check_pools(study, &plan).await?;
        plan.earlier = selection.earlier().cloned();
        write_model(study, &plan, model).await?;
        if let Some((place, script)) = plan.combine_script() {
            put_model(study, place, script).await?;
        }
        let mut sending = Self::new(study, plan, selection, hold_after, keep);
        if let Err(error) = sending.write_down().await {
            // A journal that can't be deleted now is deleted, or continues, when it is read back.
            let _ = sending.journal.delete(&*sending.keep).await;
            return Err(error);
        }
        Ok(sending)
    }

    /// Prepares to send a plan whose model is in the bucket. Nothing else is written before [`SubmissionSender::run`].
    pub(super) fn new(
        study: &Study,
        mut plan: EnqueuePlan,
        selection: &CaseSelection,
        hold_after: Option<u64>,
        keep: Rc<dyn KeyValueStore>,
    ) -> Self {
        plan.submit_at(study.now());
        let journal = Journal::new(&study.config.bucket, &plan, selection.skipped().clone(), hold_after);
        Self { study: study.clone(), plan, journal, keep }
    }

    /// Resumes an enqueueing that was begun earlier, perhaps by a tab or process that is gone. [`SubmissionSender::run`] does
    /// the rest: it writes the design, sends, or brings a cancellation to its end.
    ///
    /// # Errors
    /// If the journal is another plan's.
    pub fn resume(
        study: &Study,
        mut plan: EnqueuePlan,
        journal: Journal,
        keep: Rc<dyn KeyValueStore>,
    ) -> Result<Self, EnqueueError> {
        plan.earlier.clone_from(&journal.earlier);
        if !journal.is_of(&study.config.bucket, &plan) {
            return Err(EnqueueError::OtherPlan);
        }
        Ok(Self { study: study.clone(), plan, journal, keep })
    }

    /// Resumes like [`SubmissionSender::resume`], with the plan in the bucket. If there is none and nothing was ever sent, the
    /// journal is deleted, and `None` is returned.
    ///
    /// # Errors
    /// If the journal is another plan's, design or table can't be read, or a request fails.
    pub async fn read_back(
        study: &Study,
        journal: Journal,
        keep: Rc<dyn KeyValueStore>,
    ) -> Result<Option<Self>, EnqueueError> {
        match EnqueuePlan::read_back(study, journal.batch(), &journal.submission().id).await {
            Ok(plan) => {
                let mut sending = Self::resume(study, plan, journal, keep)?;
                if sending.journal.is_held() || sending.journal.is_paused() {
                    // The tab may have ended before it could note that.
                    sending.note_hold().await?;
                }
                Ok(Some(sending))
            }
            Err(EnqueueError::Aws(error)) if error.is_not_found() && !journal.has_begun() => {
                journal.delete(&*keep).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Writes design and table, but the journal first: should this be interrupted, they are not taken for complete.
    async fn write_down(&mut self) -> Result<(), EnqueueError> {
        self.journal.enter(JournalStage::Writing);
        self.journal.write(&*self.keep).await?;
        write_down(&self.study, self.plan.document(), self.plan.cases()).await?;
        let document = self.plan.document();
        if document.combine.is_some() {
            // Behind the table: who looks in between finds cases that aren't done.
            let wish =
                |control: &mut StudyControl| control.combine_when_complete(&document.batch, &document.submission);
            change_control(&self.study, &wish).await.map_err(EnqueueError::Control)?;
        }
        self.journal.enter(JournalStage::Sending);
        Ok(self.journal.write(&*self.keep).await?)
    }

    /// Sends level by level: a level only after every message of the level before was accepted. Called again, it continues,
    /// also behind the first cases if these were to be sent before the rest. After a cancellation that failed it sends nothing,
    /// and cancels again.
    ///
    /// # Errors
    /// If a request fails for longer than it is repeated, the queue refuses a case, the submission was withdrawn meanwhile, or
    /// the journal can't be kept. Accepted cases are noted: call it again, or resume.
    pub async fn run(
        &mut self,
        pause_handle: &PauseHandle,
        progress: &mut dyn FnMut(EnqueueProgress),
    ) -> Result<SendEnd, EnqueueError> {
        if self.journal.is_cancelling() {
            return self.cancel().await.map(|_| SendEnd::Cancelled);
        }
        self.prepare().await?;
        let send_loop = SendLoop::new(&self.study, &self.plan, &mut self.journal, &*self.keep);
        let stop = send_loop.run(pause_handle, progress).await;
        if stop.is_ok() && self.journal.is_complete() {
            note_end_of_hold(&self.study, &self.journal).await;
            self.journal.delete(&*self.keep).await?;
            return Ok(SendEnd::Complete);
        }
        let is_paused = stop.is_ok() && !self.journal.is_held();
        if is_paused {
            self.journal.pause();
        }
        if let Err(error) = stop {
            // The error that stopped it says more than one of the journal.
            let _ = self.journal.write(&*self.keep).await;
            return Err(error);
        }
        self.note_hold().await?;
        Ok(if is_paused { SendEnd::Paused } else { SendEnd::Held })
    }

    /// Brings bucket and journal to a state in which messages can be sent.
    async fn prepare(&mut self) -> Result<(), EnqueueError> {
        let id = &self.journal.submission().id;
        if self.journal.accepted() > 0 && control(&self.study).await?.withdraws(id) {
            return Err(EnqueueError::Withdrawn);
        }
        if self.journal.is_paused() {
            self.journal.go_on();
            self.journal.write(&*self.keep).await?;
        }
        if self.journal.stage() == JournalStage::Writing {
            self.write_down().await?;
        }
        if self.journal.is_held() {
            self.journal.lift_hold();
        }
        self.look_after_old_flights().await
    }

    /// Looks for cases that were under way longer ago than the queue remembers. They must not be sent blindly again: some may
    /// have been computed.
    async fn look_after_old_flights(&mut self) -> Result<(), EnqueueError> {
        let now = self.study.now();
        let Some(oldest) = self.journal.oldest_flight().filter(|time| now - time > REMEMBERED_SECS) else {
            return Ok(());
        };
        let taken = taken(&self.study, self.journal.batch(), oldest).await?;
        for place in self.journal.in_flight() {
            if taken.contains(&self.plan.case_id(place)) {
                self.journal.accept(place);
            }
        }
        self.journal.renew_flights(now);
        Ok(())
    }

    /// Gives the rest up. Design and table are rewritten so that they name only cases that have a result, were sent before, or
    /// were or may have been sent by this enqueueing. Returns the number of cases that are never sent.
    ///
    /// # Errors
    /// If a request fails, or the journal can't be kept. Then it can be cancelled again, also once it was resumed.
    pub async fn cancel(&mut self) -> Result<u64, EnqueueError> {
        self.journal.enter(JournalStage::Cancelling);
        self.journal.write(&*self.keep).await?;
        if self.journal.is_whole(&self.plan) {
            let journal = &self.journal;
            let is_named =
                |index| u32::try_from(index).is_ok_and(|place| journal.position(place) != CasePosition::ToSend);
            let (document, cases) = self.plan.retain(is_named);
            write_down(&self.study, &document, &cases).await?;
        }
        note_end_of_hold(&self.study, &self.journal).await;
        self.journal.delete(&*self.keep).await?;
        Ok(self.journal.unsent())
    }

    /// Forgets an enqueueing that can't go on: nobody waits for its rest any more.
    ///
    /// # Errors
    /// If the journal can't be changed.
    pub async fn forget(study: &Study, journal: &Journal, keep: &dyn KeyValueStore) -> Result<(), EnqueueError> {
        note_end_of_hold(study, journal).await;
        Ok(journal.delete(keep).await?)
    }

    /// Notes in the journal and in `control.json` that the rest isn't sent yet: else it would soon count as lost.
    async fn note_hold(&mut self) -> Result<(), EnqueueError> {
        self.journal.note_hold();
        let written = self.journal.write(&*self.keep).await;
        let (id, rest) = (&self.journal.submission().id, self.journal.unsent());
        let hold = |control: &mut StudyControl| {
            control.held_submissions.insert(id.clone(), rest);
        };
        // A failure is ignored, since only the display depends on it.
        let _ = change_control(&self.study, &hold).await;
        Ok(written?)
    }

    /// Lets the rest no longer wait for the first cases, if it does.
    pub const fn release(&mut self) {
        self.journal.lift_hold();
    }

    /// Returns the journal, which has the progress.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Returns the plan.
    #[must_use]
    pub const fn plan(&self) -> &EnqueuePlan {
        &self.plan
    }
}

/// Notes in `control.json` that nothing is held back any more, if the opposite was noted.
async fn note_end_of_hold(study: &Study, journal: &Journal) {
    if journal.is_hold_noted() {
        let id = &journal.submission().id;
        let end = |control: &mut StudyControl| {
            control.held_submissions.remove(id);
            // The rest has been sent since, long after its table.
            control.queue_empty_time = 0.0;
        };
        // Once the fate of all its cases is known, it makes no difference.
        let _ = change_control(study, &end).await;
    }
}

#[cfg(test)]
#[path = "submission_sender_tests.rs"]
mod tests;
