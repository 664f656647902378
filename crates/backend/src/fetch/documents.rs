//! Reading results whole: the cases' own documents alone hold what segments leave out, such as arrays.

use std::ops::ControlFlow;

use cruncher_aws::Error;
use cruncher_study::case::CaseRef;
use cruncher_study::key::DataKey;
use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use futures::{StreamExt, stream};

use super::legacy::PredecessorDocuments;
use crate::reading::{CONCURRENT_READS, MAX_DOCUMENT_BYTES, parse};
use crate::study::{ReadError, Study, UnreadReason};

pub use super::case_document::CaseDocument;

/// A case's result, `None` if there is no such document; the error says why it can't be read.
pub type ReadResult = Result<Option<ResultDocument>, UnreadReason>;

/// A request for a result that failed.
#[derive(Debug, thiserror::Error)]
#[error("{key} can't be read")]
pub struct ResultError {
    /// The key of the document.
    pub key: String,
    /// The request's error.
    pub source: Error,
}

impl Study {
    /// Reads an error document.
    ///
    /// # Errors
    /// If it isn't there any more, or isn't one.
    pub async fn error_document(&self, (batch, case): &CaseRef) -> Result<ErrorDocument, ReadError> {
        let key = DataKey::Error(batch.clone(), *case).key();
        let body = self.read(&key, MAX_DOCUMENT_BYTES).await?;
        serde_json::from_slice(&body).map_err(|source| ReadError::Json { key, source })
    }

    /// Reads the result of a case.
    ///
    /// # Errors
    /// If there is none, it can't be read, or the request fails.
    pub(crate) async fn result_document(&self, (batch, case): &CaseRef) -> Result<ResultDocument, ReadError> {
        let key = DataKey::Done(batch.clone(), *case).key();
        let body = self.read(&key, MAX_DOCUMENT_BYTES).await?;
        serde_json::from_slice(&body).map_err(|source| ReadError::Json { key, source })
    }

    /// Reads the document of a case, its result or its failure, also one that the predecessor has left.
    ///
    /// # Errors
    /// If it isn't there any more, is too large, or is the predecessor's and can't be read.
    pub async fn document(&self, key: &DataKey) -> Result<CaseDocument, ReadError> {
        let own = key.key();
        match self.read(&own, MAX_DOCUMENT_BYTES).await {
            Ok(stored) => Ok(CaseDocument { key: own, json: stored.clone(), stored }),
            Err(error) if error.is_not_found() => PredecessorDocuments::of(self).document(key).await?.ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// Reads the results of cases, several at once, and hands them out in their order as they come, until all are read or
    /// `each` wants no more.
    ///
    /// # Errors
    /// If a request fails. Results handed out until then were read.
    pub async fn read_results(
        &self,
        cases: &[CaseRef],
        each: &mut dyn FnMut(&CaseRef, ReadResult) -> ControlFlow<()>,
    ) -> Result<(), ResultError> {
        let predecessor = &PredecessorDocuments::of(self);
        let read = |case| async move { (case, self.read_result(case, predecessor).await) };
        let mut read = stream::iter(cases).map(read).buffered(CONCURRENT_READS);
        while let Some((case, read)) = read.next().await {
            if each(case, read?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Reads the documents of cases, several at once, and hands them out in their order as they come, each with its index among
    /// the keys. Those that are gone, too large or broken are left out.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn read_documents(
        &self,
        keys: &[DataKey],
        each: &mut dyn FnMut(usize, CaseDocument) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut failed = None;
        let mut take = |place, read| match read {
            Ok(document) => each(place, document),
            Err(ReadError::Aws(error)) if !error.is_not_found() => {
                failed = Some(error);
                ControlFlow::Break(())
            }
            Err(_) => ControlFlow::Continue(()),
        };
        self.try_documents(keys, &mut take).await;
        failed.map_or(Ok(()), Err)
    }

    /// Reads the documents of cases likewise; those that can't be had are handed out with the reason.
    pub(crate) async fn try_documents(
        &self,
        keys: &[DataKey],
        each: &mut dyn FnMut(usize, Result<CaseDocument, ReadError>) -> ControlFlow<()>,
    ) {
        let read = |(place, key)| async move { (place, self.document(key).await) };
        let mut read = stream::iter(keys.iter().enumerate()).map(read).buffered(CONCURRENT_READS);
        while let Some((place, read)) = read.next().await {
            if each(place, read).is_break() {
                break;
            }
        }
    }

    async fn read_result(
        &self,
        case: &CaseRef,
        predecessor: &PredecessorDocuments<'_>,
    ) -> Result<ReadResult, ResultError> {
        let key = DataKey::Done(case.0.clone(), case.1).key();
        let read = match self.read(&key, MAX_DOCUMENT_BYTES).await {
            Ok(json) if json.is_empty() => return Ok(Err(UnreadReason::Broken("it is empty".to_owned()))),
            Ok(json) => return Ok(parse(Ok(json)).map(Some).map_err(UnreadReason::Broken)),
            Err(error) if error.is_not_found() => predecessor.result(case).await,
            Err(error) => Err(error),
        };
        match read {
            Ok(found) => Ok(Ok(found.map(|(document, _)| document))),
            Err(error) => error.unread().map(Err).map_err(|source| ResultError { key, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::batch::Batch;
    use cruncher_study::case::CaseId;
    use futures::executor::block_on;

    use super::*;
    use crate::testing::TestCloud;

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
        let (cloud, study) = TestCloud::study();
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
        let (cloud, study) = TestCloud::study();
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
    fn one_that_is_empty_or_too_large_is_named_and_the_others_are_read() {
        let (cloud, study) = TestCloud::study();
        let cases = cases(3);
        cloud.put(&key(&cases[0]), "");
        cloud.put(&key(&cases[1]), vec![b' '; 9 << 20]);
        cloud.put(&key(&cases[2]), document(&cases[2]));
        let mut read = Vec::new();
        let mut each = |_: &CaseRef, result: ReadResult| {
            read.push(result.map(|document| document.is_some()));
            ControlFlow::Continue(())
        };
        block_on(study.read_results(&cases, &mut each)).unwrap();
        let empty = UnreadReason::Broken("it is empty".to_owned());
        assert_eq!(read, [Err(empty), Err(UnreadReason::TooLarge { max_bytes: 8 << 20 }), Ok(true)]);
    }

    #[test]
    fn documents_that_can_be_read_are_handed_out_with_their_places() {
        let (cloud, study) = TestCloud::study();
        let cases = cases(4);
        cloud.put(&key(&cases[0]), vec![b' '; 9 << 20]);
        cloud.put(&key(&cases[2]), document(&cases[2]));
        let error = |(batch, case): &CaseRef| DataKey::Error(batch.clone(), *case);
        cloud.put(&error(&cases[3]).key(), "{}");
        let mut keys: Vec<DataKey> = cases.iter().map(|(batch, case)| DataKey::Done(batch.clone(), *case)).collect();
        keys[3] = error(&cases[3]);
        let mut read = Vec::new();
        let mut each = |place, document: CaseDocument| {
            read.push((place, document.key));
            ControlFlow::Continue(())
        };
        block_on(study.read_documents(&keys, &mut each)).unwrap();
        assert_eq!(read, [(2, keys[2].key()), (3, keys[3].key())]);
        *cloud.locked.lock().unwrap() = Some("data/");
        assert!(block_on(study.read_documents(&keys, &mut |_, _| ControlFlow::Continue(()))).is_err());
    }

    #[test]
    fn nothing_is_handed_out_to_nobody() {
        let (cloud, study) = TestCloud::study();
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
        let (cloud, study) = TestCloud::study();
        *cloud.locked.lock().unwrap() = Some("data/");
        let cases = cases(1);
        let failed = block_on(study.read_results(&cases, &mut |_, _| ControlFlow::Continue(()))).unwrap_err();
        assert_eq!(failed.key, key(&cases[0]));
    }
}
