//! What a frozen study holds.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem::take;
use std::rc::Rc;

use cruncher_aws::Error;
use cruncher_study::config::Config;
use cruncher_study::key::{DATA_PREFIX, DataKey};
use futures::future::{LocalBoxFuture, ready};
use futures::{FutureExt, StreamExt, stream};
use serde_json::json;

use crate::listing::tables_below;
use crate::reading::CONCURRENT_READS;
use crate::shelf::Shelf;
use crate::snapshot::Snapshot;
use crate::study::Study;
use crate::tape;
use crate::watch::Watch;

/// Of so many cases of a group of errors the documents are taken: as many as the page names.
const MOST_CASES: usize = 100;

/// What a frozen study holds.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The study's name.
    pub study: String,
    /// What was seen.
    pub snapshot: Snapshot,
    /// The rows of all segments, as [`cruncher_results::chunk::Chunk`] writes them.
    pub chunks: Vec<Vec<u8>>,
    /// Designs and error documents, by their keys.
    pub documents: BTreeMap<String, String>,
    /// The time of the launch, in seconds since 1970.
    pub launch_time: f64,
}

/// Keeps the rows, and nothing else: a study is frozen once.
#[derive(Default)]
struct Rows {
    chunks: RefCell<Vec<Vec<u8>>>,
}

impl Shelf for Rows {
    fn get<'a>(&'a self, names: &'a [String]) -> LocalBoxFuture<'a, Vec<Option<Vec<u8>>>> {
        ready(vec![None; names.len()]).boxed_local()
    }

    fn put(&self, _things: Vec<(String, Vec<u8>)>) -> LocalBoxFuture<'_, ()> {
        ready(()).boxed_local()
    }

    fn rows(&self, chunk: &[u8]) {
        self.chunks.borrow_mut().push(chunk.to_vec());
    }

    fn progress(&self, _read_bytes: u64, _of_bytes: u64) {}
}

/// Reads all that a frozen study shows.
///
/// # Errors
/// If a request fails.
pub async fn collect(study: &Study) -> Result<Content, Error> {
    let rows = Rc::new(Rows::default());
    let mut watch = Watch::with_shelf(study.clone(), rows.clone());
    let mut snapshot = watch.refresh().await?;
    if !snapshot.is_checked {
        snapshot = watch.refresh().await?;
    }
    let designs = tables_below(&study.client, &study.config.bucket, DATA_PREFIX).await?;
    let designs = designs.into_iter().map(|object| object.key);
    let designs = designs.filter(|key| matches!(DataKey::parse(key), Some(DataKey::Design(..))));
    let cases = snapshot.error_groups.iter().flat_map(|group| group.cases.iter().take(MOST_CASES));
    let errors = cases.map(|(batch, case)| DataKey::Error(batch.clone(), *case).key());
    let documents = read(study, designs.chain(errors).collect()).await?;
    Ok(Content {
        study: study.config.study.clone(),
        snapshot,
        chunks: take(&mut rows.chunks.borrow_mut()),
        documents,
        launch_time: study.config.launch_time,
    })
}

/// The documents, without those that are gone by now or no texts.
async fn read(study: &Study, keys: Vec<String>) -> Result<BTreeMap<String, String>, Error> {
    let read = |key: String| async move {
        match study.read(&key).await {
            Ok(body) => Ok(String::from_utf8(body.to_vec()).ok().map(|text| (key, text))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    };
    let read: Vec<Result<_, Error>> = stream::iter(keys).map(read).buffered(CONCURRENT_READS).collect().await;
    read.into_iter().filter_map(Result::transpose).collect()
}

impl Content {
    /// All of it as bytes: the length of the header in 4 bytes, the header, the numbers of the snapshot, the chunks.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let tape = tape::write(&self.snapshot);
        let header = json!({
            "config": serde_json::to_string(&self.config()).unwrap_or_default(),
            "time": self.snapshot.time,
            "numbers": tape.numbers.len(),
            "texts": tape.texts,
            "chunks": self.chunks.iter().map(Vec::len).collect::<Vec<_>>(),
            "documents": self.documents,
        });
        let header = header.to_string();
        let mut bytes = u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(tape.numbers.iter().flat_map(|number| number.to_le_bytes()));
        self.chunks.iter().for_each(|chunk| bytes.extend(chunk));
        bytes
    }

    /// A configuration that leads nowhere: a frozen study doesn't tell where its bucket and its queue are.
    fn config(&self) -> Config {
        Config {
            v: cruncher_study::PROTOCOL_VERSION,
            study: self.study.clone(),
            region: "frozen".into(),
            bucket: "frozen".into(),
            endpoint_url: Some("https://frozen.invalid".into()),
            queue_url: String::new(),
            dead_letter_queue_url: String::new(),
            lease_secs: 0,
            launch_time: self.launch_time,
            cruncher_version: String::new(),
        }
    }
}
