//! Writing a design down and sending its cases to the queue, from a page or from the command line.
//!
//! An [`EnqueuePlan`] names the cases to be enqueued. An [`EnqueuePreflight`] is the result of a look at the study: which of
//! them are done or were sent already. A [`SubmissionSender`] writes the plan down and sends the rest. It can be paused, and
//! continues after the end of a tab or process: its [`Journal`] names cases before they are sent, and the queue drops
//! duplicates.

mod batches;
pub mod bundle;
mod combine;
mod concurrency_limit;
pub mod extract;
pub mod extractions;
mod index_ranges;
mod journal;
pub mod key_value_store;
mod named_cases;
mod outcomes;
mod pause_handle;
mod plan;
mod points;
mod preflight;
mod progress;
mod retry;
mod send_loop;
mod settled;
mod submission_sender;
mod writing;

pub use combine::{
    COMBINED_PART, CombineEnd, CombineError, CombineOutcome, CombineRequest, combine, combine_wanted,
    combine_what_is_there,
};
pub use journal::Journal;
pub use outcomes::{CaseOutcome, outcomes};
pub use pause_handle::PauseHandle;
pub use plan::{EnqueuePlan, submission_id};
pub use points::{POINTS_PART, PointsOutcome, points_outcome, send_points};
pub use preflight::{CaseSelection, EnqueuePreflight, SentBefore, WorkerFleet, preflight};
pub use progress::EnqueueProgress;
pub use retry::{ExtractOrder, RetryOutcome, RetryRequest, RetryTimeLimit, retry};
pub use submission_sender::{SendEnd, SubmissionSender};

use cruncher_aws::Error;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::case_table::TableError;
use cruncher_study::design::DesignError;
use cruncher_study::message::MAX_MESSAGE_BYTES;
use cruncher_study::pool::{Pool, in_words};
use cruncher_study::template::command_line::CommandLineError;

use crate::administer::control::{ControlError, control};
use crate::enqueue::key_value_store::KeyValueError;
use crate::study::{ReadError, Study};

/// An enqueueing that can't be begun, or ended early.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The design has no cases.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// The table can't be written, or isn't one.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The model's file name can't be a part of a key.
    #[error(
        "`{0}` can't be the name of a model's file: it has 1 to 200 characters, none of them `/`, `\\` or a control character"
    )]
    FileName(String),
    /// A case's command can't be started, whatever computer takes it; nothing was written or sent.
    #[error("case {number} has a command that can't be started: {source}; nothing was sent")]
    Command {
        /// Its number in the design, from 1.
        number: usize,
        /// The reason.
        source: CommandLineError,
    },
    /// The model is no document of a command line.
    #[error("the model's document: {0}")]
    ModelDocument(String),
    /// A case is too large for the queue; nothing was written or sent.
    #[error(
        "case {number} is {size_bytes} bytes long as a message, and the queue takes {MAX_MESSAGE_BYTES} at most; nothing was sent"
    )]
    CaseTooLarge {
        /// Its number in the design, from 1.
        number: usize,
        /// The length of its message.
        size_bytes: usize,
    },
    /// The queue gives a case up before its last attempt; nothing was written or sent.
    #[error(
        "a case is handed out {max_receives} times at most in this study, which is too few for {max_attempts} attempts; nothing was sent"
    )]
    TooManyAttempts {
        /// Attempts that a case shall have.
        max_attempts: u32,
        /// Number of times that the queue hands a case out.
        max_receives: u32,
    },
    /// A case names a pool that the study doesn't have; nothing was written or sent.
    #[error(
        "{} names the pool `{pool}`, and the study has {}; nothing was sent", place(*.row), in_words(pools)
    )]
    NoPool {
        /// The row of the table; `None` if the design says it for all cases.
        row: Option<usize>,
        /// The pool.
        pool: Pool,
        /// The pools of the study.
        pools: Vec<Pool>,
    },
    /// The design names a script that combines, and doesn't hold it.
    #[error("the script that combines isn't there: choose it")]
    NoScript,
    /// The model isn't the one that the plan was made for.
    #[error("the model's file is not the one that the plan was made for")]
    OtherModel,
    /// The journal isn't that of the plan.
    #[error("what this computer keeps of an enqueueing belongs to another design")]
    OtherPlan,
    /// The submission was withdrawn after cases of it had been sent: workers would delete the messages of the rest.
    #[error("the design was withdrawn meanwhile, and workers wouldn't compute the rest")]
    Withdrawn,
    /// Cases that are to be sent again are called off with their batch: workers would delete their messages.
    #[error("batch {0} is cancelled, and workers wouldn't compute its cases")]
    BatchCancelled(Batch),
    /// The requests to the workers can't be changed.
    #[error(transparent)]
    Control(ControlError),
    /// The design in the bucket can't be read.
    #[error("{key} can't be read")]
    Unreadable {
        /// The object's key.
        key: String,
        /// The parser's error.
        source: serde_json::Error,
    },
    /// The design in the bucket, or its table, is larger than the limit.
    #[error("{key} has more than the {max_bytes} bytes that are read")]
    TooLarge {
        /// The object's key.
        key: String,
        /// Limit in bytes.
        max_bytes: u64,
    },
    /// The queue refused a case for good. Cases that it has accepted are noted.
    #[error("the queue refused case {number}, {case_id}: {code}: {message}")]
    Refused {
        /// Its number in the design, from 1.
        number: usize,
        /// The case.
        case_id: CaseId,
        /// SQS's code.
        code: String,
        /// SQS's message.
        message: String,
    },
    /// The journal can't be kept. Nothing is sent without it.
    #[error(transparent)]
    Keep(#[from] KeyValueError),
    /// A request failed, repeatedly if it made sense to repeat it.
    #[error(transparent)]
    Aws(#[from] Error),
}

fn place(row: Option<usize>) -> String {
    row.map_or_else(|| "the design".to_owned(), |row| format!("row {row} of the cases"))
}

/// Checks that the study has the pools that a plan's cases are sent to.
///
/// # Errors
/// If it doesn't have one, or a request fails.
pub async fn check_pools(study: &Study, plan: &EnqueuePlan) -> Result<(), EnqueueError> {
    if plan.cases().have_pools() { plan.check_pools(&control(study).await?.pools) } else { Ok(()) }
}

impl From<ReadError> for EnqueueError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Aws(error) => Self::Aws(error),
            ReadError::Json { key, source } => Self::Unreadable { key, source },
            ReadError::TooLarge { key, max_bytes } => Self::TooLarge { key, max_bytes },
        }
    }
}
