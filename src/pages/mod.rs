//! One page a module.

pub(crate) mod attach;
pub(crate) mod closed;
pub(crate) mod errors;
pub(crate) mod overview;
pub(crate) mod program;
