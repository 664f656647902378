//! The form: one module for each section.

mod combine;
mod command_form;
pub(super) mod factors;
pub(super) mod field;
pub(super) mod file_drop;
mod first_cases;
pub(super) mod folder_form;
pub(super) mod folder_reading;
pub(super) mod model;
pub(super) mod pool;
pub(super) mod preview;
pub(super) mod quoted;
mod reading;
pub(super) mod sampler;
pub(super) mod script;
pub(super) mod submit;
pub(super) mod table;
mod understood;
mod values;
