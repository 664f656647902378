//! The withdrawn cases among listed objects, for those who read no more of a study than its documents.

use std::collections::BTreeSet;

use cruncher_aws::{Error, s3::ListedObject};
use cruncher_study::batch::Batch;
use cruncher_study::case::{CaseId, CaseRef};
use cruncher_study::case_table::read_table;
use cruncher_study::key::{DATA_PREFIX, DataKey};
use cruncher_study::ledger::Ledger;

use crate::administer::control::control;
use crate::reading::{MAX_ROWS_BYTES, ReadRequest};
use crate::study::Study;

/// Returns the withdrawn cases of the batches whose tables are among these objects. That takes one request if nothing is
/// withdrawn, else one more for each table of a batch with a withdrawn submission. A table that can't be read withdraws
/// nothing.
///
/// # Errors
/// If a request fails.
pub async fn withdrawn_cases(study: &Study, objects: &[ListedObject]) -> Result<BTreeSet<CaseRef>, Error> {
    let control = control(study).await?;
    let tables = || objects.iter().filter_map(|object| Some((object, table(&object.key)?)));
    let withdrawn = tables().filter(|(_, (_, submission))| control.withdraws(submission));
    let batches: BTreeSet<Batch> = withdrawn.map(|(_, (batch, _))| batch).collect();
    let wanted = tables().filter(|(_, (batch, _))| batches.contains(batch));
    let wanted = wanted.map(|(object, _)| ReadRequest::whole(object.clone())).collect();
    let mut ledger = Ledger::default();
    let mut enter = |object: ListedObject, read: Result<bytes::Bytes, String>| {
        let rows = read.ok().and_then(|body| read_table(&body).ok());
        if let (Some(rows), Some((batch, submission))) = (rows, table(&object.key)) {
            ledger.add_table(&batch, &submission, object.last_modified.as_secs_f64(), &rows);
        }
    };
    study.read_each(wanted, MAX_ROWS_BYTES, &mut enter).await?;
    Ok(ledger.withdrawn_cases(&control))
}

/// Returns the batch and the submission of a table of cases.
fn table(key: &str) -> Option<(Batch, String)> {
    match DataKey::parse(key) {
        Some(DataKey::Cases(batch, submission)) => Some((batch, submission)),
        _ => None,
    }
}

/// Returns the case that an object belongs to: as its result, its error, or a file that it produced.
#[must_use]
pub fn case_of(key: &str) -> Option<CaseRef> {
    match DataKey::parse(key) {
        Some(DataKey::Done(batch, case) | DataKey::Error(batch, case)) => return Some((batch, case)),
        Some(_) => return None,
        None => {}
    }
    // No part of a batch is called `files`.
    let (batch, file) = key.strip_prefix(DATA_PREFIX)?.split_once("/files/")?;
    Some((Batch::parse(batch).ok()?, CaseId::parse(file.split_once('/')?.0).ok()?))
}

#[cfg(test)]
mod tests {
    use cruncher_aws::s3;
    use futures::executor::block_on;

    use super::*;
    use crate::testing::TestCloud;

    fn case(number: u8) -> CaseId {
        CaseId::from_bytes([number; 16])
    }

    fn found(study: &Study) -> Vec<(String, CaseId)> {
        let listing = s3::ListObjects::new(&study.config.bucket).prefix(DATA_PREFIX);
        let objects = block_on(s3::list_all(&study.client, listing)).unwrap();
        let found = block_on(withdrawn_cases(study, &objects)).unwrap();
        found.into_iter().map(|(batch, case)| (batch.to_string(), case)).collect()
    }

    #[test]
    fn a_case_is_withdrawn_if_the_table_that_was_written_last_is() {
        let (cloud, study) = TestCloud::study();
        let table = |batch: &str, submission: &str, cases: &[u8]| {
            let rows: Vec<String> = cases.iter().map(|number| format!("{},0,0\n", case(*number))).collect();
            let text = "case_id,level,replicate\n".to_owned() + &rows.concat();
            cloud.put(&format!("data/{batch}/cases-{submission}.csv.gz"), text);
        };
        table("b", "00000000000000f1", &[1, 2, 3]);
        cloud.pass(60);
        table("b", "00000000000000f2", &[3, 4]);
        table("other", "00000000000000f3", &[5]);
        assert_eq!(found(&study), []);
        assert!(!cloud.reads.lock().unwrap().iter().any(|key| key.starts_with("data/")), "no table was read");
        cloud.put("control.json", r#"{"withdrawn_submissions": ["00000000000000f1"]}"#);
        assert_eq!(found(&study), [("b".to_owned(), case(1)), ("b".to_owned(), case(2))]);
        assert!(!cloud.reads.lock().unwrap().iter().any(|key| key.starts_with("data/other")));
        cloud.put("data/b/cases-00000000000000f1.csv.gz", "nonsense");
        assert_eq!(found(&study), []);
    }

    #[test]
    fn what_is_of_a_case_is_known_by_its_key() {
        let id = case(7);
        let of = Some((Batch::parse("b/c").unwrap(), id));
        for name in [format!("done-{id}.json"), format!("error-{id}.json"), format!("files/{id}/mesh/files/a.png")] {
            assert_eq!(case_of(&format!("data/b/c/{name}")), of, "{name}");
        }
        for key in
            ["data/b/design-00.json", "data/b/cases-00.csv.gz", "data/b/files/x/y", "data/files/x", "control.json"]
        {
            assert_eq!(case_of(key), None, "{key}");
        }
    }
}
