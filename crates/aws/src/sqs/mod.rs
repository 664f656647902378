//! Queues, in SQS's JSON protocol.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>
//!
//! A queue is named by its URL as `CloudFormation` outputs it; requests go to the service's address, whatever the host in that
//! URL is.

mod change_message_visibility;
mod create_queue;
mod delete_message;
mod delete_queue;
mod get_queue_attributes;
mod list_queues;
mod purge_queue;
mod receive_message;
mod send_message_batch;
mod set_queue_attributes;

pub use change_message_visibility::ChangeMessageVisibility;
pub use create_queue::CreateQueue;
pub use delete_message::DeleteMessage;
pub use delete_queue::DeleteQueue;
pub use get_queue_attributes::{GetQueueAttributes, QueueAttributes};
pub use list_queues::{ListQueues, QueuePage};
pub use purge_queue::PurgeQueue;
pub use receive_message::{ReceiveMessage, ReceivedMessage};
pub use send_message_batch::{BatchEntry, BatchFailure, BatchOutcome, MAX_ENTRIES, SendMessageBatch};
pub use set_queue_attributes::SetQueueAttributes;

/// Returns the name of a queue in messages: the last part of its URL.
fn name(queue_url: &str) -> String {
    format!("queue {}", queue_url.rsplit('/').next().unwrap_or(queue_url))
}
