//! Points by a script, for who has no Python at hand but a worker: a first case computes the table.

use std::rc::Rc;

use cruncher_study::batch::Batch;
use cruncher_study::case::ParameterValue;
use cruncher_study::design::{DesignFile, ModelFile};
use cruncher_study::design_document::Submission;
use cruncher_study::import::{ImportedTable, InputColumn, MAX_BYTES};
use cruncher_study::isolation::CaseIsolation;
use cruncher_study::key::DataKey;
use cruncher_study::model::ModelKind;
use cruncher_study::outcome::ErrorDocument;
use cruncher_study::points_script::{MAX_SCRIPT_BYTES, POINTS_MODEL_FILE, POINTS_PARAMETER, points_model};
use cruncher_study::sampler::Sampler;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::key_value_store::TransientStore;
use super::pause_handle::PauseHandle;
use super::plan::{EnqueuePlan, submission_id};
use super::preflight::{SentBefore, preflight};
use super::submission_sender::SubmissionSender;
use super::{CaseOutcome, EnqueueError, outcomes};
use crate::study::{ReadError, Study};

/// The part that the batch of a case which computes points has behind that of the cases that are made of them.
pub const POINTS_PART: &str = "points";

/// Maximum size of the result document of a table, in bytes: the table, and what a document says beside it.
const MAX_TABLE_DOCUMENT_BYTES: u64 = MAX_BYTES as u64 + (1 << 20);

/// What came of a script.
#[derive(Debug, Clone, PartialEq)]
pub enum PointsOutcome {
    /// Nothing yet.
    Waiting,
    /// The table, as JSON.
    Table(Vec<u8>),
    /// The script failed.
    Failed(Box<ErrorDocument>),
}

/// Sends a script to be computed, in a batch beside `batch`, and returns the plan of the one case. A script that was computed there
/// before isn't computed once more.
///
/// # Errors
/// If the script is too large, or a request fails.
pub async fn send_points(
    study: &Study,
    batch: Option<&Batch>,
    (name, script): (&str, &[u8]),
    by: String,
) -> Result<EnqueuePlan, EnqueueError> {
    if script.len() > MAX_SCRIPT_BYTES as usize {
        return Err(EnqueueError::TooLarge { key: name.to_owned(), max_bytes: u64::from(MAX_SCRIPT_BYTES) });
    }
    let model = points_model(script);
    let submission = Submission { id: submission_id(study.client.ports()), time: study.now(), by };
    let plan = EnqueuePlan::new(&design(batch, name), &model, &submission)?;
    let selection = preflight(study, &plan).await?.selection(&plan, SentBefore::SendAgain);
    if selection.cases() > 0 {
        let begun =
            SubmissionSender::begin(study, plan.clone(), &model, &selection, None, Rc::<TransientStore>::default());
        begun.await?.run(&PauseHandle::default(), &mut |_| {}).await?;
    }
    Ok(plan)
}

/// Looks for what came of a script.
///
/// # Errors
/// If a request fails, or a document isn't one.
pub async fn points_outcome(study: &Study, plan: &EnqueuePlan) -> Result<PointsOutcome, ReadError> {
    #[derive(Deserialize)]
    struct Computed<'a> {
        #[serde(borrow)]
        result: &'a RawValue,
    }
    let (document, case) = (plan.document(), plan.case_id(0));
    let key = DataKey::Done(document.batch.clone(), case).key();
    match study.read(&key, MAX_TABLE_DOCUMENT_BYTES).await {
        Ok(json) => {
            let computed: Computed<'_> =
                serde_json::from_slice(&json).map_err(|source| ReadError::Json { key, source })?;
            return Ok(PointsOutcome::Table(computed.result.get().as_bytes().to_vec()));
        }
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(error),
    }
    Ok(match outcomes(study, document, &[case]).await?.pop() {
        Some(CaseOutcome::Failed(failure)) if failure.is_final => PointsOutcome::Failed(failure),
        _ => PointsOutcome::Waiting,
    })
}

fn design(batch: Option<&Batch>, name: &str) -> DesignFile {
    let beside = batch.and_then(|batch| Batch::parse(&format!("{batch}/{POINTS_PART}")).ok());
    let batch = beside.or_else(|| Batch::parse(POINTS_PART).ok());
    DesignFile {
        batch: batch.unwrap_or_else(|| unreachable!("it is a valid name")),
        model: ModelFile { file: POINTS_MODEL_FILE.to_owned(), kind: ModelKind::Python, text: None },
        factors: Vec::new(),
        constraints: Vec::new(),
        sampler: Sampler::Table,
        table: Some(ImportedTable {
            columns: vec![InputColumn { name: POINTS_PARAMETER.to_owned(), count: None }],
            rows: vec![vec![ParameterValue::Text(name.to_owned())]],
            ..ImportedTable::default()
        }),
        seed: 0,
        replicates: 1,
        max_attempts: 1,
        time_limit_secs: None,
        force: false,
        pool: None,
        isolation: CaseIsolation::Case,
        combine: None,
    }
}

#[cfg(test)]
mod tests {
    use cruncher_aws::TransportError;
    use futures::executor::block_on;
    use serde_json::json;

    use super::*;
    use crate::testing::TestCloud;

    #[test]
    fn a_script_becomes_a_case_whose_result_is_the_table() {
        let (cloud, study) = TestCloud::study();
        let batch = Batch::parse("mesh").unwrap();
        let script: (&str, &[u8]) = ("my points.py", b"def get_points(): return [{'a': 1}]");
        let send = || block_on(send_points(&study, Some(&batch), script, "operator".into())).unwrap();
        let plan = send();
        let message = cloud.queue.lock().unwrap()[0].clone();
        assert_eq!((&message["batch"], &message["model"]["kind"]), (&json!("mesh/points"), &json!("python")));
        assert_eq!((&message["parameters"], &message["max_attempts"]), (&json!({"script": "my points.py"}), &json!(1)));
        let look = || block_on(points_outcome(&study, &plan)).unwrap();
        assert_eq!(look(), PointsOutcome::Waiting);
        let error = json!({"case_id": plan.case_id(0), "batch": "mesh/points", "submission": message["submission"],
            "start_time": 1.0, "end_time": 2.0, "attempt": 1, "max_attempts": 1, "exception": "E", "signature": "00", "final": true});
        cloud.put(&DataKey::Error(plan.document().batch.clone(), plan.case_id(0)).key(), error.to_string());
        assert!(matches!(look(), PointsOutcome::Failed(failure) if failure.exception == "E"));
        let key = DataKey::Done(plan.document().batch.clone(), plan.case_id(0)).key();
        cloud.put(
            &key,
            r#"{"v": 1, "result": {"columns": ["a"],  "rows": [[1.0], [18446744073709551615]]}, "log": ""}"#,
        );
        let exactly = br#"{"columns": ["a"],  "rows": [[1.0], [18446744073709551615]]}"#.to_vec();
        assert_eq!(look(), PointsOutcome::Table(exactly));
        // A broken document, or a refusal, ends the wait: only what passes is looked for again.
        cloud.put(&key, "{\"v\": 1");
        let broken = block_on(points_outcome(&study, &plan)).unwrap_err();
        assert!(matches!(broken, ReadError::Json { .. }) && !broken.is_passing());
        let lost = ReadError::Aws(TransportError::new("no network".to_owned()).into());
        assert!(lost.is_passing());
        // It is computed once.
        send();
        assert_eq!(cloud.queue.lock().unwrap().len(), 1);
    }

    #[test]
    fn without_a_batch_it_has_its_own_and_a_large_script_is_refused() {
        assert_eq!(design(None, "points.py").batch.as_str(), "points");
        let (_, study) = TestCloud::study();
        let script = vec![b'#'; MAX_SCRIPT_BYTES as usize + 1];
        assert!(block_on(send_points(&study, None, ("p.py", &script), "operator".into())).is_err());
    }
}
