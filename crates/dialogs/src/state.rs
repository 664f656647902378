//! Logic of the dialogs, in plain functions.

pub(crate) mod matching;
pub(crate) mod webhook_call;
