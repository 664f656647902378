//! Reading results whole: what segments leave out, such as arrays, stands in the cases' own documents alone.

use std::ops::ControlFlow;

use cruncher_aws::{Error, s3};
use cruncher_study::case::CaseRef;
use cruncher_study::key::DataKey;
use cruncher_study::outcome::ResultDocument;
use futures::{StreamExt, stream};

use crate::reading::{CONCURRENT_READS, parse};
use crate::study::Study;

/// The largest result that is read.
const MAX_RESULT_BYTES: u64 = 8 << 20;

/// What came of reading a case's result: none if there is no such document, and why if it can't be read.
pub type ReadResult = Result<Option<ResultDocument>, String>;

/// A request for a result that failed.
#[derive(Debug, thiserror::Error)]
#[error("{key} can't be read")]
pub struct ResultError {
    /// The key of the document.
    pub key: String,
    /// What happened.
    pub source: Error,
}

impl Study {
    /// Reads the results of cases, several at once, and hands them out in their order as they come, until all are read or
    /// nobody wants more.
    ///
    /// # Errors
    /// If a request fails. What was handed out until then is read.
    pub async fn read_results(
        &self,
        cases: &[CaseRef],
        each: &mut dyn FnMut(&CaseRef, ReadResult) -> ControlFlow<()>,
    ) -> Result<(), ResultError> {
        let read = |case| async move { (case, self.read_result(case).await) };
        let mut read = stream::iter(cases).map(read).buffered(CONCURRENT_READS);
        while let Some((case, read)) = read.next().await {
            if each(case, read?).is_break() {
                break;
            }
        }
        Ok(())
    }

    async fn read_result(&self, (batch, case): &CaseRef) -> Result<ReadResult, ResultError> {
        let key = DataKey::Done(batch.clone(), *case).key();
        // A byte more tells a document that is too large from one that just fits.
        let get = s3::GetObject::new(&self.config.bucket, &key).range(0..MAX_RESULT_BYTES + 1);
        match self.client.send(&get).await {
            Ok(s3::Fetched::Object(object)) if object.body.len() as u64 > MAX_RESULT_BYTES => {
                Ok(Err(format!("it has more than the {MAX_RESULT_BYTES} bytes that are read")))
            }
            Ok(s3::Fetched::Object(object)) => Ok(parse(Ok(object.body)).map(Some)),
            Ok(s3::Fetched::NotModified) => Ok(Ok(None)),
            Err(error) if error.is_not_found() => Ok(Ok(None)),
            Err(source) => Err(ResultError { key, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::batch::Batch;
    use cruncher_study::case::CaseId;
    use futures::executor::block_on;

    use super::*;
    use crate::enqueue::testing::Cloud;

    fn cases(number: u8) -> Vec<CaseRef> {
        (0..number).map(|case| (Batch::parse("a").unwrap(), CaseId::from_bytes([case; 16]))).collect()
    }

    fn document((batch, case): &CaseRef) -> String {
        format!(
            r#"{{"case_id": "{case}", "batch": "{batch}", "result": {{"a": [1, 2]}}, "start_time": 1.0, "end_time": 2.0}}"#
        )
    }

    fn key((batch, case): &CaseRef) -> String {
        DataKey::Done(batch.clone(), *case).key()
    }

    #[test]
    fn results_are_handed_out_in_the_order_of_their_cases() {
        let (cloud, study) = Cloud::study();
        let cases = cases(20);
        for case in &cases {
            cloud.put(&key(case), document(case));
        }
        let mut read = Vec::new();
        let mut each = |case: &CaseRef, result: ReadResult| {
            assert_eq!(result.unwrap().unwrap().result["a"][1], 2);
            read.push(case.clone());
            ControlFlow::Continue(())
        };
        block_on(study.read_results(&cases, &mut each)).unwrap();
        assert_eq!(read, cases);
    }

    #[test]
    fn one_that_is_gone_or_broken_does_not_disturb_the_others() {
        let (cloud, study) = Cloud::study();
        let cases = cases(3);
        cloud.put(&key(&cases[1]), "no result");
        cloud.put(&key(&cases[2]), document(&cases[2]));
        let mut read = Vec::new();
        let mut each = |_: &CaseRef, result: ReadResult| {
            read.push(result.map(|document| document.is_some()).ok());
            ControlFlow::Continue(())
        };
        block_on(study.read_results(&cases, &mut each)).unwrap();
        assert_eq!(read, [Some(false), None, Some(true)]);
    }

    #[test]
    fn nothing_is_handed_out_to_nobody() {
        let (cloud, study) = Cloud::study();
        let cases = cases(30);
        for case in &cases {
            cloud.put(&key(case), document(case));
        }
        let mut read = 0;
        let mut each = |_: &CaseRef, _: ReadResult| {
            read += 1;
            if read < 5 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        block_on(study.read_results(&cases, &mut each)).unwrap();
        assert_eq!(read, 5);
    }

    #[test]
    fn a_request_that_fails_is_named() {
        let (cloud, study) = Cloud::study();
        *cloud.locked.lock().unwrap() = Some("data/");
        let cases = cases(1);
        let failed = block_on(study.read_results(&cases, &mut |_, _| ControlFlow::Continue(()))).unwrap_err();
        assert_eq!(failed.key, key(&cases[0]));
    }
}
