//! Taking a study's documents away: into a folder, a table, an archive; and which of its cases count.

pub mod archive;
mod case_document;
pub mod case_files;
pub mod case_model;
pub mod documents;
pub mod download;
pub(crate) mod legacy;
pub mod submitted;
pub mod withdrawn;
