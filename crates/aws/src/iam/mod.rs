//! Access keys of IAM users, in the query protocol.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html>

mod create_access_key;
mod delete_access_key;
mod list_access_keys;

pub use create_access_key::{AccessKey, CreateAccessKey};
pub use delete_access_key::DeleteAccessKey;
pub use list_access_keys::{ListAccessKeys, ListedAccessKey};

/// Returns the name of a user in messages.
fn name(user: &str) -> String {
    format!("user {user}")
}
