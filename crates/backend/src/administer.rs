//! Launching, changing and deleting a study: its stack, its users' keys, its page, and its control document.

pub mod clean_up;
pub mod control;
pub mod fleet;
pub mod forget;
pub mod keys;
pub mod launch;
pub mod observe;
pub mod page;
pub mod pool_account;
pub mod pools;
pub mod prices;
pub mod publish;
pub mod redrive;
pub mod restore;
pub mod rotation;
pub mod sealed_access;
pub mod stack;
