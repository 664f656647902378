//! Changing `control.json`: the operator's requests to the workers.

use std::collections::BTreeMap;

use cruncher_aws::{Error, s3};
use cruncher_study::PROTOCOL_VERSION;
use cruncher_study::control::{CONTROL_KEY, MAX_NAMES, StudyControl};
use serde_json::value::RawValue;

use crate::reading::MAX_DOCUMENT_BYTES;
use crate::study::{ReadError, Study};

/// Maximum number of attempts at a change that others interrupt with theirs.
const MAX_ATTEMPTS: u32 = 20;

/// A change that couldn't be made.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The document can't be read, or the request to read or write it failed.
    #[error(transparent)]
    Document(#[from] ReadError),
    /// A list would become too long.
    #[error("a list of {CONTROL_KEY} would have more than {MAX_NAMES} names")]
    Full,
}

/// The fields of the document as they are there, also those that this version doesn't know.
type Fields = BTreeMap<String, Box<RawValue>>;

/// The document as it was read. Without an entity tag there is no document.
struct Read {
    etag: Option<String>,
    control: StudyControl,
    fields: Fields,
}

/// Reads the control document, changes it, and writes it if nobody has written it in between; else begins again. `change` may
/// therefore be called several times, and finds what others have changed. Fields that it leaves alone stay as they are. Returns
/// the document as it is now.
///
/// # Errors
/// If a request fails, the document can't be read, others interrupt again and again, or a list becomes too long.
pub async fn change_control(study: &Study, change: &dyn Fn(&mut StudyControl)) -> Result<StudyControl, ControlError> {
    let mut attempts = 1;
    loop {
        let before = read(study).await?;
        let mut control = before.control.clone();
        change(&mut control);
        // There is nothing to write, for example because the change was made already and its answer got lost.
        if control == before.control {
            return Ok(control);
        }
        if control.longest_list() > MAX_NAMES.max(before.control.longest_list()) {
            return Err(ControlError::Full);
        }
        match write(study, &control, before).await {
            Ok(()) => return Ok(control),
            Err(error) if error.is_precondition_failed() && attempts < MAX_ATTEMPTS => attempts += 1,
            Err(error) => return Err(ReadError::from(error).into()),
        }
    }
}

/// Reads the control document. One that can't be read asks for nothing, as workers see it, too.
///
/// # Errors
/// If the request fails.
pub async fn control(study: &Study) -> Result<StudyControl, Error> {
    match read(study).await {
        Ok(read) => Ok(read.control),
        Err(error) => error.unread().map(|_broken| StudyControl::default()),
    }
}

async fn read(study: &Study) -> Result<Read, ReadError> {
    let get = s3::GetObject::new(&study.config.bucket, CONTROL_KEY);
    let object = match study.fetch(get, CONTROL_KEY, MAX_DOCUMENT_BYTES).await {
        Ok(found) => found.unwrap_or_default(),
        Err(error) if error.is_not_found() => {
            let control = StudyControl { v: PROTOCOL_VERSION, ..StudyControl::default() };
            return Ok(Read { etag: None, control, fields: Fields::new() });
        }
        Err(error) => return Err(error),
    };
    let broken = |source| ReadError::Json { key: CONTROL_KEY.to_owned(), source };
    let control = serde_json::from_slice(&object.body).map_err(broken)?;
    let fields = serde_json::from_slice(&object.body).map_err(broken)?;
    Ok(Read { etag: Some(object.etag.unwrap_or_default()), control, fields })
}

async fn write(study: &Study, control: &StudyControl, Read { etag, mut fields, .. }: Read) -> Result<(), Error> {
    let known = serde_json::to_vec(control).and_then(|json| serde_json::from_slice::<Fields>(&json));
    fields.extend(known.expect("what is asked of the workers is plain JSON"));
    let json = serde_json::to_vec(&fields).expect("fields are plain JSON");
    let put = s3::PutObject::new(&study.config.bucket, CONTROL_KEY, json).content_type("application/json");
    let put = match etag {
        Some(etag) => put.if_match(etag),
        None => put.if_none_match_any(),
    };
    study.client.send(&put).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::executor::block_on;
    use futures::future::join_all;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::TestCloud;

    fn stored(cloud: &TestCloud) -> Value {
        serde_json::from_str(&cloud.text(CONTROL_KEY).unwrap()).unwrap()
    }

    fn withdraw(id: &str) -> impl Fn(&mut StudyControl) {
        let id = id.to_owned();
        move |control| {
            control.withdrawn_submissions.insert(id.clone());
        }
    }

    #[test]
    fn what_is_not_meant_stays_as_it_was_also_fields_of_another_version() {
        let (cloud, study) = TestCloud::study();
        let known = r#"{"v": 1, "paused": true, "drain": ["w"], "limit": 12345678901234567890123, "x": {"b": [1.50]}}"#;
        cloud.put(CONTROL_KEY, known);
        let control = block_on(change_control(&study, &withdraw("00f1e2d3c4b5a697"))).unwrap();
        assert!(control.paused && control.withdraws("00f1e2d3c4b5a697"));
        let text = cloud.text(CONTROL_KEY).unwrap();
        assert!(text.contains(r#""limit":12345678901234567890123"#) && text.contains(r#""x":{"b": [1.50]}"#), "{text}");
        let stored = stored(&cloud);
        assert_eq!((&stored["paused"], &stored["drain"]), (&json!(true), &json!(["w"])));
        assert_eq!(stored["withdrawn_submissions"], json!(["00f1e2d3c4b5a697"]));
        let restore = |control: &mut StudyControl| control.withdrawn_submissions.clear();
        block_on(change_control(&study, &restore)).unwrap();
        assert_eq!(self::stored(&cloud)["withdrawn_submissions"], json!([]));
    }

    #[test]
    fn of_several_who_change_it_at_the_same_time_none_is_lost() {
        let (cloud, study) = TestCloud::study();
        let ids: Vec<String> = (0..10).map(|number| format!("{number:016x}")).collect();
        let changes: Vec<_> = ids.iter().map(|id| withdraw(id)).collect();
        let all = join_all(changes.iter().map(|change| change_control(&study, change)));
        assert!(block_on(all).iter().all(Result::is_ok), "also where there is no document yet");
        assert_eq!(stored(&cloud)["withdrawn_submissions"], json!(ids));
    }

    #[test]
    fn a_change_begins_again_with_what_somebody_else_has_written_in_between() {
        let (cloud, study) = TestCloud::study();
        cloud.put(CONTROL_KEY, r#"{"v": 1}"#);
        let calls = Cell::new(0);
        let change = |control: &mut StudyControl| {
            calls.set(calls.get() + 1);
            if calls.get() == 1 {
                cloud.put(CONTROL_KEY, r#"{"v": 1, "paused": true}"#);
            }
            withdraw("00f1e2d3c4b5a697")(control);
        };
        let control = block_on(change_control(&study, &change)).unwrap();
        assert!(control.paused && control.withdraws("00f1e2d3c4b5a697"));
        assert_eq!((calls.get(), &stored(&cloud)["paused"]), (2, &json!(true)));
    }

    #[test]
    fn a_change_that_others_always_come_before_is_given_up_and_so_is_one_of_no_document() {
        let (cloud, study) = TestCloud::study();
        let calls = Cell::new(0_u32);
        let change = |control: &mut StudyControl| {
            calls.set(calls.get() + 1);
            cloud.put(CONTROL_KEY, format!(r#"{{"v": 1, "drain": ["{}"]}}"#, calls.get()));
            control.paused = true;
        };
        let error = block_on(change_control(&study, &change)).unwrap_err();
        assert!(matches!(error, ControlError::Document(ReadError::Aws(error)) if error.is_precondition_failed()));
        assert_eq!(calls.get(), MAX_ATTEMPTS);
        cloud.put(CONTROL_KEY, "[]");
        let error = block_on(change_control(&study, &withdraw("00"))).unwrap_err();
        assert!(matches!(error, ControlError::Document(ReadError::Json { .. })), "{error}");
        assert_eq!(cloud.text(CONTROL_KEY).unwrap(), "[]");
    }

    #[test]
    fn what_is_so_already_is_not_written_and_no_list_grows_without_end() {
        let (cloud, study) = TestCloud::study();
        let many: Vec<String> = (0..=MAX_NAMES).map(|number| format!("{number:016x}")).collect();
        cloud.put(CONTROL_KEY, json!({"v": 1, "withdrawn_submissions": many[1..]}).to_string());
        *cloud.writes_left.lock().unwrap() = Some(0);
        block_on(change_control(&study, &withdraw(&many[1]))).unwrap();
        let error = block_on(change_control(&study, &withdraw(&many[0]))).unwrap_err();
        assert_eq!(error.to_string(), "a list of control.json would have more than 10000 names");
        *cloud.writes_left.lock().unwrap() = None;
        let fewer = |control: &mut StudyControl| drop(control.withdrawn_submissions.pop_first());
        assert_eq!(block_on(change_control(&study, &fewer)).unwrap().longest_list(), MAX_NAMES - 1);
    }
}
