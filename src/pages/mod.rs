//! Pages of the shell, one a module.

pub(crate) mod attach;
pub(crate) mod overview;
pub(crate) mod program;
pub(crate) mod sign_in;
