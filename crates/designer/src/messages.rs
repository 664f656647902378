//! What the page asks of its worker, and what it is told.

use cruncher_study::access::AccessKey;
use cruncher_study::case::{CaseId, Parameters};
use cruncher_study::design::DesignFile;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::import::{DecimalMark, NumberQuestion, NumberReading, PercentSign};
use cruncher_study::thinning::ThinnedDesign;
use serde::{Deserialize, Serialize};

/// What the page asks of the worker that makes points. Each is about the table that was imported last, if the design is one.
#[derive(Serialize, Deserialize)]
pub(super) enum PointsRequest {
    /// Read a table. Its part is the file.
    Import {
        /// How, where it may be meant in two ways.
        reading: NumberReading,
    },
    /// Forget the table.
    ForgetTable,
    /// Say what the design looks like.
    Preview {
        /// The design, without its table.
        file: DesignFile,
        /// Which dimensions are drawn against one another, by their position.
        drawn: Vec<usize>,
        /// The side of each picture, in pixels.
        side_px: usize,
    },
    /// Say which inputs a case has.
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

/// What the page is told of points.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum PointsAnswer {
    /// The table was read.
    Imported(TableSummary),
    /// The table can't be used.
    NotImported(WrongTable),
    /// What the design looks like. Its parts are the pictures, row by row of the lower triangle.
    Picture(DesignPicture),
    /// How good its points are.
    Quality(PointsQuality),
    /// It can't become cases.
    NoDesign {
        /// Why.
        reason: String,
    },
    /// The inputs of the case that was asked for; none if there is no such case.
    Case(Option<Parameters>),
    /// A file can't be written.
    NotWritten {
        /// Why.
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

/// What an imported table has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TableSummary {
    /// Its inputs.
    pub(super) columns: Vec<ImportedColumn>,
    /// How many rows it has.
    pub(super) rows: usize,
    /// The first rows, as they were understood: a text a column.
    pub(super) first_rows: Vec<Vec<String>>,
    /// The decimal mark that it was read with, if its numbers have any.
    pub(super) decimal_mark: Option<DecimalMark>,
    /// What per cent signs were taken for, if there are any.
    pub(super) percent: Option<PercentSign>,
    /// What was decided while reading it.
    pub(super) notes: Vec<String>,
}

/// A column of an imported table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ImportedColumn {
    /// Its name.
    pub(super) name: String,
    /// How many components a vector has.
    pub(super) count: Option<usize>,
    /// What its values are, in a word.
    pub(super) kind: String,
}

/// Why a table can't be used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WrongTable {
    /// What is wrong.
    pub(super) reason: String,
    /// Rows that are wrong, by the number that a spreadsheet shows, and why.
    pub(super) rows: Vec<(usize, String)>,
    /// What has to be said before it can be read.
    pub(super) question: Option<NumberQuestion>,
}

/// What a design looks like.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct DesignPicture {
    /// How many points it has.
    pub(super) points: usize,
    /// How many cases: points times replicates.
    pub(super) cases: usize,
    /// How many points were left out because of the constraints.
    pub(super) left_out: u64,
    /// What is lost by that, if something is.
    pub(super) thinning: Option<ThinnedDesign>,
    /// How many points each level has, in order.
    pub(super) levels: Vec<(u32, usize)>,
    /// Every dimension in which points differ.
    pub(super) axes: Vec<AxisLabel>,
    /// Which of them are drawn, by their position.
    pub(super) drawn: Vec<usize>,
    /// How many points lie in each part of each drawn axis.
    pub(super) histograms: Vec<Vec<u32>>,
    /// The side of each picture, in pixels.
    pub(super) side_px: usize,
    /// How long it took to choose the points, in seconds.
    pub(super) chosen_in_secs: f64,
}

/// A dimension of a design.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct AxisLabel {
    /// The factor, or its component.
    pub(super) name: String,
}

/// How good the points of a design are. What isn't there wasn't computed, or means nothing for these points.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PointsQuality {
    /// The centred discrepancy; none for many points.
    pub(super) discrepancy: Option<f64>,
    /// That of as many random points, on average.
    pub(super) random_discrepancy: Option<f64>,
    /// What an optimised Latin hypercube of that size reaches, about; none where that isn't known.
    pub(super) optimised_discrepancy: Option<f64>,
    /// The smallest distance of two points in the unit cube.
    pub(super) distance: Option<f64>,
    /// The largest correlation of two dimensions, and which two.
    pub(super) correlation: Option<(f64, String, String)>,
}

/// What the page tells the worker that sends.
#[derive(Serialize, Deserialize)]
pub(super) enum SendOrder {
    /// Open the study, and say if an earlier enqueueing wasn't brought to its end. The first order.
    Open {
        /// The address of the study's page.
        page_url: String,
        /// The operator's key.
        key: AccessKey,
    },
    /// Read a table, which the next design is about. Its part is the file.
    Import {
        /// How, where it may be meant in two ways.
        reading: NumberReading,
    },
    /// Say what enqueueing the design comes to. Its part is the model file.
    Prepare {
        /// The design, without its table.
        file: DesignFile,
    },
    /// Send what was prepared.
    Send {
        /// How many are sent before the rest.
        hold_after: Option<u64>,
        /// Whether cases that were sent before are sent again.
        again: bool,
    },
    /// Send nothing new.
    Pause,
    /// Send the rest.
    GoOn,
    /// Send nothing more, and take what wasn't sent out of the table of cases.
    Cancel,
    /// Forget what was begun and can't go on.
    Forget,
    /// Say which designs were submitted.
    Submitted,
    /// Read the model of a design that was submitted.
    ReadModel(Box<DesignDocument>),
}

/// What the page is told of sending.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum SendNews {
    /// What it comes to.
    Prospect(PreflightSummary),
    /// It can't be sent, and nothing was.
    Refused {
        /// Why.
        reason: String,
    },
    /// How far it is.
    Progress(SendProgress),
    /// It has come to this point.
    Stopped(SendProgress, StopReason),
    /// There is nothing to go on with.
    Nothing,
    /// What became of the first cases.
    First(Vec<FirstCase>),
    /// The designs that were submitted, the last one first.
    Submitted(Vec<DesignDocument>),
    /// A design that was submitted, and the model file that it was submitted with, or why that can't be had.
    SubmittedModel(Box<DesignDocument>, Result<String, String>),
    /// It can't be found out which were.
    NotSubmitted {
        /// Why.
        reason: String,
    },
}

/// What enqueueing a design comes to.
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
    /// What is sent: cases, requests, and how long the workers take for them.
    pub(super) new: SendEffort,
    /// Workers that are alive.
    pub(super) workers: u64,
    /// What waits in the queue before all of it.
    pub(super) before: WaitingCases,
    /// Tables of the batch that can't be read: what they name may be sent twice.
    pub(super) unreadable: Vec<String>,
    /// What the batch holds of other models, in words.
    pub(super) earlier: Option<String>,
}

/// What sending comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SendEffort {
    /// Cases that are sent.
    pub(super) cases: u64,
    /// Requests.
    pub(super) requests: u64,
    /// How long the workers that are alive take, in seconds; none if that isn't known.
    pub(super) expected_secs: Option<f64>,
}

/// Cases that wait in the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct WaitingCases {
    /// How many.
    pub(super) cases: u64,
    /// How long the workers that are alive take for them, in seconds; none if that isn't known.
    pub(super) expected_secs: Option<f64>,
}

/// How far sending is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SendProgress {
    /// The batch.
    pub(super) batch: String,
    /// Cases that the queue has accepted.
    pub(super) accepted: u64,
    /// All that are to be sent.
    pub(super) of: u64,
    /// Cases a second.
    pub(super) rate: Option<f64>,
    /// How long the rest takes, in seconds.
    pub(super) remaining_secs: Option<f64>,
    /// Whether the queue asks for fewer requests.
    pub(super) is_throttled: bool,
}

/// Why nothing is being sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum StopReason {
    /// Everything is sent.
    Complete,
    /// The first are sent, and the rest waits for somebody to have seen their results.
    Held,
    /// Somebody paused it.
    Paused,
    /// Somebody cancelled it.
    Cancelled,
    /// Another tab is at it.
    Elsewhere,
    /// Something went wrong. It can go on.
    Failed {
        /// What.
        title: String,
        /// What to do.
        advice: String,
        /// The request that failed.
        detail: String,
    },
}

/// What became of one of the first cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FirstCase {
    /// The case.
    pub(super) case_id: CaseId,
    /// Its inputs.
    pub(super) inputs: Parameters,
    /// What became of it.
    pub(super) outcome: FirstOutcome,
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum FirstOutcome {
    /// Nothing so far.
    Waiting,
    /// It has a result.
    Done {
        /// How long it took, in seconds.
        duration_secs: f64,
        /// The numbers, texts and flags of what the model put into `result`, by name, each as JSON.
        responses: Vec<(String, String)>,
        /// All that it put there, as JSON; none if that is nothing.
        result: Option<String>,
        /// What the worker noticed.
        warnings: Vec<String>,
    },
    /// It failed.
    Failed {
        /// The exception and its message.
        error: String,
        /// Where.
        traceback: String,
        /// Whether it won't be tried again.
        is_final: bool,
    },
}
