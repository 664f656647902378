//! Pages of the shell, one a module.

pub(crate) mod access_gate;
pub(crate) mod attach;
pub(crate) mod overview;
pub(crate) mod program;
