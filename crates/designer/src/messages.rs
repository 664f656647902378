//! Messages between the page and its worker.

use cruncher_study::access::AccessKey;
use cruncher_study::case::{CaseId, Parameters};
use cruncher_study::design::DesignFile;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::import::{DecimalMark, NumberQuestion, NumberReading, PercentSign};
use cruncher_study::pool::Pool;
use cruncher_study::thinning::ThinnedDesign;
use serde::{Deserialize, Serialize};

/// Request to the worker that makes points. Each is about the table that was imported last, if the design is one.
#[derive(Serialize, Deserialize)]
pub(super) enum PointsRequest {
    /// Read a table. Its part is the file.
    Import {
        /// The reading of its numbers, where they are ambiguous.
        reading: NumberReading,
    },
    /// Forget the table.
    ForgetTable,
    /// Draw the preview of a design.
    Preview {
        /// The design, without its table.
        file: DesignFile,
        /// The dimensions that are drawn against one another, by their position.
        drawn: Vec<usize>,
        /// The canvas that it is drawn for.
        target: PictureTarget,
    },
    /// Draw the same preview for a canvas that looks different.
    Repaint {
        /// The design, without its table.
        file: DesignFile,
        /// The dimensions that are drawn.
        drawn: Vec<usize>,
        /// The canvas.
        target: PictureTarget,
    },
    /// Return the inputs of a case.
    Case {
        /// The design, without its table.
        file: DesignFile,
        /// Its row, from 0.
        row: usize,
    },
    /// Write the table of cases as CSV. Its part is the model file, without which cases have no ids.
    WriteTable {
        /// The design, without its table.
        file: DesignFile,
    },
    /// Write the design with its table as JSON.
    WriteJson {
        /// The design, without its table.
        file: DesignFile,
    },
}

/// Answer of the worker that makes points.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum PointsAnswer {
    /// The table was read.
    Imported(TableSummary),
    /// The table can't be used.
    NotImported(WrongTable),
    /// The preview of the design. Its part is the image, as red, green, blue and opacity of each pixel.
    Picture(DesignPicture, PictureTarget),
    /// The same preview for another canvas. Its part is the image.
    Repainted(PictureTarget),
    /// The quality of its points.
    Quality(PointsQuality),
    /// The design can't become cases.
    NoDesign {
        /// The reason.
        reason: String,
    },
    /// The inputs of the case that was asked for; `None` if there is no such case.
    Case(Option<Parameters>),
    /// A file can't be written.
    NotWritten {
        /// The reason.
        reason: String,
    },
    /// A file was written. Its part is the file.
    Written {
        /// Its name.
        name: String,
        /// Its media type.
        media_type: String,
    },
}

/// Summary of an imported table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TableSummary {
    /// Its inputs.
    pub(super) columns: Vec<ImportedColumn>,
    /// Number of rows.
    pub(super) rows: usize,
    /// The first rows, as they were read: a text for each column.
    pub(super) first_rows: Vec<Vec<String>>,
    /// The decimal mark that it was read with, if its numbers have any.
    pub(super) decimal_mark: Option<DecimalMark>,
    /// The meaning of its per cent signs, if there are any.
    pub(super) percent: Option<PercentSign>,
    /// Decisions that were made while reading it.
    pub(super) notes: Vec<String>,
    /// Pools that its rows name.
    pub(super) pools: Vec<Pool>,
}

/// A column of an imported table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ImportedColumn {
    /// Its name.
    pub(super) name: String,
    /// Number of components of a vector; `None` for a scalar.
    pub(super) count: Option<usize>,
    /// The kind of its values, in a word.
    pub(super) kind: String,
}

/// Reason why a table can't be used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WrongTable {
    /// The problem.
    pub(super) reason: String,
    /// Rows that are wrong, by the number that a spreadsheet shows, with the reason.
    pub(super) rows: Vec<(usize, String)>,
    /// The question that must be answered before it can be read.
    pub(super) question: Option<NumberQuestion>,
}

/// Preview of a design.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct DesignPicture {
    /// Number of points.
    pub(super) points: usize,
    /// Number of cases: points times replicates.
    pub(super) cases: usize,
    /// Number of points that were left out because of the constraints.
    pub(super) left_out: u64,
    /// The loss by that, if there is one.
    pub(super) thinning: Option<ThinnedDesign>,
    /// Number of points of each level, in order.
    pub(super) levels: Vec<(u32, usize)>,
    /// Every dimension in which points differ.
    pub(super) axes: Vec<AxisLabel>,
    /// The dimensions that are drawn, by their position.
    pub(super) drawn: Vec<usize>,
    /// Time that the choice of points took, in seconds.
    pub(super) chosen_in_secs: f64,
}

/// A dimension of a design.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct AxisLabel {
    /// The factor, or its component.
    pub(super) name: String,
    /// The unit of its values; may be empty.
    pub(super) unit: String,
}

/// Canvas that a preview is drawn for: size in its pixels, and colours, each as red, green and blue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PictureTarget {
    /// The width.
    pub(super) width_px: u32,
    /// The height.
    pub(super) height_px: u32,
    /// Number of its pixels in one of the page.
    pub(super) pixel_ratio: f64,
    /// The colour of points and bars.
    pub(super) data: [u8; 3],
    /// The colour of the ground, with which faint points are blended.
    pub(super) background: [u8; 3],
}

/// Quality of a design's points. A missing figure wasn't computed, or means nothing for these points.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PointsQuality {
    /// The centred discrepancy; `None` for many points.
    pub(super) discrepancy: Option<f64>,
    /// The average discrepancy of as many random points.
    pub(super) random_discrepancy: Option<f64>,
    /// The approximate discrepancy of an optimised Latin hypercube of that size; `None` if that isn't known.
    pub(super) optimised_discrepancy: Option<f64>,
    /// The smallest distance of two points in the unit cube.
    pub(super) distance: Option<f64>,
    /// The largest correlation of two dimensions, and their names.
    pub(super) correlation: Option<(f64, String, String)>,
}

/// Order to the worker that sends.
#[derive(Serialize, Deserialize)]
pub(super) enum SendOrder {
    /// Open the study, and report if an earlier enqueueing wasn't brought to its end. The first order.
    Open {
        /// The address of the study's page.
        page_url: String,
        /// The operator's key.
        key: AccessKey,
    },
    /// Read a table, which the next design uses. Its part is the file.
    Import {
        /// The reading of its numbers, where they are ambiguous.
        reading: NumberReading,
    },
    /// Summarise what enqueueing the design would do. Its part is the model file.
    Prepare {
        /// The design, without its table.
        file: DesignFile,
    },
    /// Send the prepared cases.
    Send {
        /// Number of cases that are sent before the rest; `None` to send all at once.
        hold_after: Option<u64>,
        /// Whether cases that were sent before are sent again.
        again: bool,
    },
    /// Send nothing new.
    Pause,
    /// Send the rest.
    GoOn,
    /// Send nothing more, and remove the cases that weren't sent from the table of cases.
    Cancel,
    /// Forget an enqueueing that was begun and can't go on.
    Forget,
    /// List the designs that were submitted.
    Submitted,
    /// Read the model of a design that was submitted.
    ReadModel(Box<DesignDocument>),
    /// Have a worker compute the table of a script. Its part is the script.
    ComputePoints {
        /// The script's name.
        name: String,
        /// The batch that the cases of the table will be in, if it is named already.
        batch: Option<String>,
    },
    /// Wait for a table that a worker computes.
    FollowPoints(PointsCase),
    /// Wait for no table any more.
    ForgetPoints,
}

/// News from the worker that sends.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum SendNews {
    /// The summary of a design that can be sent.
    Prospect(PreflightSummary),
    /// The design can't be sent, and nothing was.
    Refused {
        /// The reason.
        reason: String,
    },
    /// The progress of sending.
    Progress(SendProgress),
    /// Sending has stopped at this point.
    Stopped(SendProgress, StopReason),
    /// There is no enqueueing to go on with.
    Nothing,
    /// The outcomes of the first cases.
    First(Vec<FirstCase>),
    /// The designs that were submitted, the last one first.
    Submitted(Vec<DesignDocument>),
    /// A design that was submitted. Its part is the model that it was submitted with, unless there is a reason why that isn't
    /// available; and so the script that combines its batch, if there is one.
    SubmittedModel(Box<DesignDocument>, Result<(), String>, Option<Result<String, String>>),
    /// The submitted designs can't be listed.
    NotSubmitted {
        /// The reason.
        reason: String,
    },
    /// A worker will compute the table of a script.
    PointsSent(PointsCase),
    /// The table of a script. Its part is the table, as JSON.
    Points,
    /// A script gave no points.
    NoPoints(PointsFailure),
}

/// Case that computes the table of a script.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PointsCase {
    /// The script's name.
    pub(super) name: String,
    /// The case's batch.
    pub(super) batch: String,
    /// Its submission.
    pub(super) submission: String,
}

/// Reason why a script gave no points.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PointsFailure {
    /// The problem.
    pub(super) reason: String,
    /// The traceback, if it raised an exception.
    pub(super) traceback: String,
    /// What it printed.
    pub(super) printed: String,
}

/// Summary of what enqueueing a design would do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PreflightSummary {
    /// The batch.
    pub(super) batch: String,
    /// Cases of the design.
    pub(super) cases: u64,
    /// Cases that have a result.
    pub(super) done: u64,
    /// Cases that were sent before, and still wait or run.
    pub(super) sent_before: u64,
    /// Cases that have failed for good with the same model and inputs, and are sent again.
    pub(super) failed_before: u64,
    /// Points that are the same case as another one.
    pub(super) duplicates: u64,
    /// Points that don't meet the constraints.
    pub(super) left_out: u64,
    /// The effort of sending: cases, requests, and the time that the workers take.
    pub(super) new: SendEffort,
    /// Workers that are alive.
    pub(super) workers: u64,
    /// Number of those that have halted by themselves.
    pub(super) halted_workers: u64,
    /// Cases that wait in the queue before all of these.
    pub(super) before: WaitingCases,
    /// Tables of the batch that can't be read: cases in them may be sent twice.
    pub(super) unreadable: Vec<String>,
    /// Cases of other models in the batch, in words.
    pub(super) earlier: Option<String>,
}

/// Effort of sending.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SendEffort {
    /// Cases that are sent.
    pub(super) cases: u64,
    /// Requests.
    pub(super) requests: u64,
    /// Time that the workers that are alive take, in seconds; `None` if that isn't known.
    pub(super) expected_secs: Option<f64>,
}

/// Cases that wait in the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct WaitingCases {
    /// Number of cases.
    pub(super) cases: u64,
    /// Time that the workers that are alive take for them, in seconds; `None` if that isn't known.
    pub(super) expected_secs: Option<f64>,
}

/// Progress of sending.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SendProgress {
    /// The batch.
    pub(super) batch: String,
    /// Cases that the queue has accepted.
    pub(super) accepted: u64,
    /// Number of all cases that are to be sent.
    pub(super) of: u64,
    /// Cases a second.
    pub(super) rate: Option<f64>,
    /// Time that the rest takes, in seconds.
    pub(super) remaining_secs: Option<f64>,
    /// Whether the queue asks for fewer requests.
    pub(super) is_throttled: bool,
}

/// Reason why nothing is being sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum StopReason {
    /// Everything is sent.
    Complete,
    /// The first cases are sent, and the rest waits until their results were looked at.
    Held,
    /// Sending was paused.
    Paused,
    /// Sending was cancelled.
    Cancelled,
    /// Another tab sends.
    Elsewhere,
    /// Something went wrong. It can go on.
    Failed {
        /// The problem.
        title: String,
        /// The advice.
        advice: String,
        /// The request that failed.
        detail: String,
    },
}

/// Outcome of one of the first cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FirstCase {
    /// The case.
    pub(super) case_id: CaseId,
    /// Its inputs.
    pub(super) inputs: Parameters,
    /// Its outcome.
    pub(super) outcome: FirstOutcome,
}

/// Outcome of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum FirstOutcome {
    /// It has no outcome yet.
    Waiting,
    /// It has a result.
    Done {
        /// Its duration, in seconds.
        duration_secs: f64,
        /// The numbers, texts and flags in the model's `result`, by name, each as JSON.
        responses: Vec<(String, String)>,
        /// The whole `result`, as JSON; `None` if it is empty.
        result: Option<String>,
        /// Warnings of the worker.
        warnings: Vec<String>,
    },
    /// It failed.
    Failed {
        /// The exception and its message.
        error: String,
        /// The traceback.
        traceback: String,
        /// Whether no attempt is left.
        is_final: bool,
    },
}
