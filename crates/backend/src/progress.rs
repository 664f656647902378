//! What a long use case tells while it is at work.

use cruncher_aws::cloudformation::StackEvent;

/// One step of a long use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgressStep {
    /// Something happened to a resource of the stack.
    Stack(StackEvent),
    /// An object was written, or is there already as it should be.
    Published {
        /// The object's key.
        key: String,
        /// How many are done, this one included.
        done: usize,
        /// All of them.
        of: usize,
    },
    /// Every role has a new access key.
    KeysMade,
    /// The new access keys are not accepted everywhere yet.
    WaitingForKeys,
    /// The roles' access keys are deleted.
    KeysDeleted,
    /// Objects of the bucket are deleted.
    ObjectsDeleted {
        /// How many so far.
        deleted: u64,
    },
}

/// Is told every step.
pub type Progress<'a> = &'a mut dyn FnMut(ProgressStep);
