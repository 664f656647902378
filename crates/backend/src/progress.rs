//! Progress of a long use case.

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
        /// Number of objects that are done, this one included.
        done: usize,
        /// Number of all objects.
        of: usize,
    },
    /// New access keys are made.
    KeysMade {
        /// Number of keys.
        keys: usize,
    },
    /// The new access keys are not accepted everywhere yet.
    WaitingForKeys,
    /// The roles' access keys are deleted.
    KeysDeleted,
    /// The queues of pools are deleted.
    QueuesDeleted {
        /// Number of queues.
        queues: usize,
    },
    /// Objects of the bucket are deleted.
    ObjectsDeleted {
        /// Number of objects deleted until now.
        deleted: u64,
    },
}

/// Callback that receives every step.
pub type Progress<'a> = &'a mut dyn FnMut(ProgressStep);
