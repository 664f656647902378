//! Progress of sending, as the page shows it.

use cruncher_study::design_document::DesignDocument;
use leptos::prelude::*;

use super::messages::{FirstCase, PreflightSummary, SendProgress, StopReason};

/// State of sending.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum SendState {
    /// Nothing is prepared.
    #[default]
    Idle,
    /// The summary is being made.
    Preparing,
    /// The design can't be sent.
    Refused(String),
    /// The design can be sent.
    Ready(PreflightSummary),
    /// Cases are being sent.
    Going(SendProgress),
    /// Sending was asked to pause, or to be cancelled.
    Stopping(SendProgress),
    /// Sending has stopped.
    Stopped(SendProgress, StopReason),
}

/// Further news about sending.
#[derive(Clone, Copy, Default)]
pub(super) struct SendReports {
    /// Outcomes of the first cases.
    pub(super) first: RwSignal<Vec<FirstCase>>,
    /// Designs that were submitted; `None` before they were asked for.
    pub(super) submitted: RwSignal<Option<Vec<DesignDocument>>>,
    /// Time of the end of sending, in seconds since 1970.
    pub(super) end_time: RwSignal<f64>,
}
