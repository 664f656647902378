//! The worker's part in points: it imports a table, draws a design, and writes files.

use std::rc::Rc;

use cruncher_analysis::largest_correlation;
use cruncher_browser::network;
use cruncher_browser::worker_channel::PageChannel;
use cruncher_sampling::UnitPoints;
use cruncher_sampling::quality::{
    MAX_DISCREPANCY_POINTS, centred_discrepancy, discrepancy_of_optimised, mean_discrepancy_of_random,
    smallest_distance,
};
use cruncher_study::axes::{DesignAxis, axes};
use cruncher_study::case::ParameterValue;
use cruncher_study::case_table::{write_points, write_table};
use cruncher_study::cases::DesignCases;
use cruncher_study::design::{DesignError, DesignFile, DesignPoints};
use cruncher_study::import::{ImportError, ImportedTable, InputColumn, NumberReading, design_file, field, import};
use cruncher_study::model::ModelDigest;
use cruncher_study::number_format::counted;
use cruncher_study::pool::{MAX_POOLS, Pool};
use cruncher_study::sampler::Sampler;
use cruncher_study::thinning::ThinnedDesign;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::json_message::{JsonMessage, Parts};
use super::messages::{
    AxisLabel, DesignPicture, ImportedColumn, PictureTarget, PointsAnswer, PointsQuality, PointsRequest, TableSummary,
    WrongTable,
};
use super::preview_canvas;

/// Maximum number of dimensions that are drawn against one another; without a choice these are the first ones.
pub(super) const MAX_DRAWN: usize = 6;

/// Maximum number of rows of a table that are shown as they were read, and of letters of a value.
const MAX_ROWS_SHOWN: usize = 5;
const MAX_LETTERS: usize = 40;

/// State of the worker between two requests.
#[derive(Default)]
pub(super) struct PointMaker {
    table: Option<ImportedTable>,
    /// The design whose points were chosen last: the same is often asked for twice.
    last: Option<(DesignFile, Rc<DesignPoints>)>,
}

impl PointMaker {
    /// Answers a request of the page.
    pub(super) async fn answer(&mut self, request: PointsRequest, parts: Parts, page: &PageChannel) {
        match request {
            PointsRequest::Import { reading } => send(page, self.import(reading, parts).await),
            PointsRequest::ForgetTable => {
                self.table = None;
                self.last = None;
            }
            PointsRequest::Preview { file, drawn, target } => self.preview(file, &drawn, target, page),
            PointsRequest::Repaint { file, drawn, target } => {
                // The page knows why there is no design, if there is none.
                let axes = self.design(file).map(|design| axes(&design)).unwrap_or_default();
                let image = painted(&axes, &drawn_axes(&axes, &drawn), &target);
                send(page, JsonMessage { value: PointsAnswer::Repainted(target), parts: vec![image] });
            }
            PointsRequest::Case { file, row } => {
                let design = self.design(file).ok();
                let case = design.filter(|design| row < design.len()).map(|design| design.parameters(row));
                send(page, PointsAnswer::Case(case));
            }
            PointsRequest::WriteTable { file } => self.write_table(file, parts, page),
            PointsRequest::WriteJson { file } => {
                let json = serde_json::to_vec_pretty(&self.whole(file)).unwrap_or_default();
                written(page, "design.json", "application/json", &json);
            }
        }
    }

    pub(super) async fn import(&mut self, reading: NumberReading, parts: Parts) -> PointsAnswer {
        let content = match parts.into_iter().next() {
            Some(file) => content(file.unchecked_into()).await,
            None => Err("there is no file".to_owned()),
        };
        self.table = None;
        self.last = None;
        let read =
            content.map(|content| if design_file(&content).is_some() { None } else { Some(import(&content, reading)) });
        match read {
            Err(reason) => PointsAnswer::NotImported(WrongTable { reason, ..WrongTable::default() }),
            Ok(None) => PointsAnswer::NotImported(WrongTable { reason: A_DESIGN.to_owned(), ..WrongTable::default() }),
            Ok(Some(Err(error))) => PointsAnswer::NotImported(wrong_table(error)),
            Ok(Some(Ok(table))) => {
                let imported = imported(&table);
                self.table = Some(table);
                PointsAnswer::Imported(imported)
            }
        }
    }

    /// Returns the design with its table, if it is imported.
    pub(super) fn whole(&self, file: DesignFile) -> DesignFile {
        let table = (file.sampler == Sampler::Table).then(|| self.table.clone()).flatten();
        DesignFile { table, ..file }
    }

    /// Returns the points of a design.
    fn design(&mut self, file: DesignFile) -> Result<Rc<DesignPoints>, DesignError> {
        if let Some((_, design)) = self.last.as_ref().filter(|(last, _)| *last == file) {
            return Ok(design.clone());
        }
        let design = Rc::new(self.whole(file.clone()).design()?);
        self.last = Some((file, design.clone()));
        Ok(design)
    }

    fn preview(&mut self, file: DesignFile, drawn: &[usize], target: PictureTarget, page: &PageChannel) {
        let (replicates, sampler) = (file.replicates as usize, file.sampler);
        let start = network().clock.now();
        let design = match self.design(file) {
            Ok(design) => design,
            Err(error) => return send(page, PointsAnswer::NoDesign { reason: error.to_string() }),
        };
        let chosen_in_secs = network().clock.now().saturating_sub(start).as_secs_f64();
        let axes = axes(&design);
        let picture = DesignPicture {
            points: design.len(),
            cases: design.len() * replicates,
            left_out: design.left_out(),
            thinning: ThinnedDesign::of(sampler, design.left_out(), design.len() as u64),
            levels: level_sizes(&design),
            axes: axes.iter().map(label).collect(),
            drawn: drawn_axes(&axes, drawn),
            chosen_in_secs,
        };
        let image = painted(&axes, &picture.drawn, &target);
        send(page, JsonMessage { value: PointsAnswer::Picture(picture, target), parts: vec![image] });
        send(page, PointsAnswer::Quality(quality(&design, &axes)));
    }

    fn write_table(&mut self, file: DesignFile, parts: Parts, page: &PageChannel) {
        let replicates = file.replicates;
        let model: Option<Uint8Array> = parts.into_iter().next().map(JsCast::unchecked_into);
        let digest = ModelDigest::of(&model.as_ref().map(Uint8Array::to_vec).unwrap_or_default());
        // Without a model there are no ids.
        let write = if model.is_some() { write_table } else { write_points };
        let design = self.design(file).map_err(|error| error.to_string());
        let table = design.and_then(|design| {
            write(&DesignCases::of((*design).clone(), &digest, replicates)).map_err(|error| error.to_string())
        });
        match table {
            Ok(table) => written(page, "cases.csv", "text/csv", &table),
            Err(reason) => send(page, PointsAnswer::NotWritten { reason }),
        }
    }
}

/// Message for a design file that was chosen as a table.
const A_DESIGN: &str = "this is a design and no table of cases: open it with “Open …” above";

fn wrong_table(error: ImportError) -> WrongTable {
    let reason = error.to_string();
    match error {
        ImportError::Rows { told, total } => WrongTable {
            reason: counted(total as u64, "row is wrong", "rows or fields are wrong"),
            rows: told.into_iter().map(|wrong| (wrong.row, wrong.reason)).collect(),
            question: None,
        },
        ImportError::Question(question) => WrongTable { reason, question: Some(question), rows: Vec::new() },
        _ => WrongTable { reason, ..WrongTable::default() },
    }
}

fn imported(table: &ImportedTable) -> TableSummary {
    let column = |(index, column): (usize, &InputColumn)| ImportedColumn {
        name: column.name.clone(),
        count: column.count,
        kind: table.kind(index).word().to_owned(),
    };
    let row = |row: &Vec<ParameterValue>| row.iter().map(|value| shown(&field(value))).collect();
    TableSummary {
        columns: table.columns.iter().enumerate().map(column).collect(),
        rows: table.rows.len(),
        first_rows: table.rows.iter().take(MAX_ROWS_SHOWN).map(row).collect(),
        decimal_mark: table.decimal_mark,
        percent: table.percent,
        notes: table.notes.clone(),
        pools: named_pools(table),
    }
}

/// Returns the pools that rows of a table name, in the order of the rows.
fn named_pools(table: &ImportedTable) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    for pool in table.pools.iter().flatten().flatten() {
        // A table may name anything: no study has as many pools as are told.
        if pools.len() < MAX_POOLS && !pools.contains(pool) {
            pools.push(*pool);
        }
    }
    pools
}

/// Returns a value, cut if it is long.
fn shown(value: &str) -> String {
    match value.char_indices().nth(MAX_LETTERS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// Returns the dimensions that are drawn: those that were asked for, or the first ones.
fn drawn_axes(axes: &[DesignAxis], wanted: &[usize]) -> Vec<usize> {
    let known: Vec<usize> = wanted.iter().copied().filter(|position| *position < axes.len()).collect();
    if known.is_empty() { (0..axes.len().min(MAX_DRAWN)).collect() } else { known }
}

fn painted(axes: &[DesignAxis], drawn: &[usize], target: &PictureTarget) -> JsValue {
    let axes: Vec<&DesignAxis> = drawn.iter().filter_map(|position| axes.get(*position)).collect();
    Uint8Array::from(preview_canvas::paint(&axes, target).image().rgba.as_slice()).into()
}

fn label(axis: &DesignAxis) -> AxisLabel {
    AxisLabel { name: axis.name.clone(), unit: axis.unit.clone() }
}

fn level_sizes(design: &DesignPoints) -> Vec<(u32, usize)> {
    let mut levels: Vec<(u32, usize)> = Vec::new();
    for row in 0..design.len() {
        let level = design.mark(row).level;
        match levels.iter_mut().find(|(known, _)| *known == level) {
            Some((_, count)) => *count += 1,
            None => levels.push((level, 1)),
        }
    }
    levels
}

fn quality(design: &DesignPoints, axes: &[DesignAxis]) -> PointsQuality {
    let places: Vec<&[f64]> = axes.iter().map(|axis| axis.places.as_slice()).collect();
    let listed = || UnitPoints::from_columns(&places);
    let Some(points) = design.fractions().cloned().or_else(listed) else { return PointsQuality::default() };
    if points.dimensions() == 0 {
        return PointsQuality::default();
    }
    // The order of texts is that in which they were typed: a correlation with it says nothing.
    let has_order = |axis: &&DesignAxis| !matches!(axis.least, ParameterValue::Text(_));
    let (ordered, columns): (Vec<_>, Vec<_>) =
        axes.iter().zip(points.columns()).filter(|(axis, _)| has_order(axis)).unzip();
    let name = |position: usize| ordered[position].name.clone();
    PointsQuality {
        discrepancy: (points.len() <= MAX_DISCREPANCY_POINTS).then(|| centred_discrepancy(&points)),
        random_discrepancy: Some(mean_discrepancy_of_random(points.len(), points.dimensions())),
        optimised_discrepancy: discrepancy_of_optimised(points.len(), points.dimensions()),
        distance: (points.len() <= 100_000).then(|| smallest_distance(&points)).flatten(),
        correlation: largest_correlation(columns.into_iter())
            .map(|found| (found.value, name(found.first), name(found.second))),
    }
}

fn written(page: &PageChannel, name: &str, media_type: &str, content: &[u8]) {
    let answer = PointsAnswer::Written { name: name.to_owned(), media_type: media_type.to_owned() };
    send(page, JsonMessage { value: answer, parts: vec![Uint8Array::from(content).into()] });
}

fn send(page: &PageChannel, answer: impl Into<JsonMessage<PointsAnswer>>) {
    page.send(answer.into()).expect("numbers can be handed over");
}

/// Returns the bytes of a file.
async fn content(file: Blob) -> Result<Vec<u8>, String> {
    let buffer = JsFuture::from(file.array_buffer()).await;
    let buffer = buffer.map_err(|error| format!("the file can't be read: {error:?}"))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
