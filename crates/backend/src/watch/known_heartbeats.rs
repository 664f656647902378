//! Heartbeats, as far as they are known: a limited number is read with each look, and each has its turn.

use std::collections::BTreeMap;

use cruncher_aws::s3::ListedObject;
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::key::WorkerKey;
use cruncher_study::ordering::ascending;
use cruncher_study::shown_text::{visible, visible_lines};

use crate::reading::ReadRequest;

/// Maximum number of heartbeats that a look reads.
const MAX_READ: usize = 500;

/// Maximum number of characters of a worker's message or traceback that are kept.
const MAX_CHARS: usize = 8_000;

/// Maximum number of characters of a computer's name, and of what is said of its software.
const MAX_NAME_CHARS: usize = 200;

/// The heartbeats of a study, by their keys.
#[derive(Debug, Default)]
pub(super) struct KnownHeartbeats {
    known: BTreeMap<String, KnownHeartbeat>,
    /// Number of looks.
    looks: u64,
    unread: usize,
}

#[derive(Debug, Default)]
struct KnownHeartbeat {
    etag: String,
    /// Number of the look that read it last; 0 before any has.
    look: u64,
    /// `None` if it can't be read, or hasn't been read yet.
    heartbeat: Option<Heartbeat>,
}

impl KnownHeartbeats {
    /// Compares with a listing, in the order of keys, and returns the heartbeats that are read now: of those that have changed the
    /// ones that weren't read for longest. What is gone is forgotten.
    ///
    /// A heartbeat that was written anew and has to wait is known to be alive: the listing has its time.
    pub(super) fn compare(&mut self, listed: &[ListedObject]) -> Vec<ReadRequest> {
        self.known.retain(|key, _| listed.binary_search_by(|object| object.key.cmp(key)).is_ok());
        self.looks += 1;
        let mut news: Vec<(u64, &ListedObject)> = Vec::new();
        for object in listed.iter().filter(|object| is_heartbeat(&object.key)) {
            let known = self.known.entry(object.key.clone()).or_default();
            if known.look > 0 && known.etag == object.etag {
                continue;
            }
            if let Some(heartbeat) = &mut known.heartbeat {
                heartbeat.time = object.last_modified.as_secs_f64().max(heartbeat.time);
            }
            news.push((known.look, object));
        }
        self.unread = news.len().saturating_sub(MAX_READ);
        // The last written of those that were read in the same look come first.
        let written = |object: &ListedObject| u64::MAX - object.last_modified.as_secs();
        let by_time: Vec<_> =
            ascending(news.iter().map(|(_, object)| written(object))).into_iter().map(|place| news[place]).collect();
        let order = ascending(by_time.iter().map(|(look, _)| *look)).into_iter().take(MAX_READ);
        order.map(|place| ReadRequest::whole(by_time[place].1.clone())).collect()
    }

    /// Enters a heartbeat that was read; `None` if it isn't one. No time in it is later than that of its writing.
    pub(super) fn enter(&mut self, object: ListedObject, heartbeat: Option<Heartbeat>) {
        let heartbeat = heartbeat.map(|heartbeat| bounded(heartbeat, object.last_modified.as_secs_f64()));
        self.known.insert(object.key, KnownHeartbeat { etag: object.etag, look: self.looks, heartbeat });
    }

    /// Returns the number of heartbeats, whether or not they can be read.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Returns the number of those that were written anew, and are still to be read.
    pub(super) const fn unread(&self) -> usize {
        self.unread
    }

    /// Whether an object was a heartbeat that isn't there any more.
    pub(super) fn is_gone(&self, key: &str) -> bool {
        is_heartbeat(key) && !self.known.contains_key(key)
    }

    /// Returns those that were read, in the order of keys: as these begin with the host, those of a host stand together.
    pub(super) fn read(&self) -> impl Iterator<Item = &Heartbeat> {
        self.known.values().filter_map(|known| known.heartbeat.as_ref())
    }
}

fn is_heartbeat(key: &str) -> bool {
    matches!(WorkerKey::parse(key), Some(WorkerKey::Heartbeat(_)))
}

/// Bounds the times and texts of a heartbeat that was written at `written`.
pub(crate) fn bounded(mut heartbeat: Heartbeat, written: f64) -> Heartbeat {
    // S3 tells whole seconds.
    heartbeat.time = heartbeat.time.min(written + 1.0);
    heartbeat.start_time = heartbeat.start_time.min(heartbeat.time);
    if let Some(case) = &mut heartbeat.case {
        case.start_time = case.start_time.min(heartbeat.time);
    }
    for text in [&mut heartbeat.message, &mut heartbeat.traceback].into_iter().flatten() {
        if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
            text.truncate(end);
            text.push('…');
        }
        *text = visible_lines(text);
    }
    for name in [&mut heartbeat.host, &mut heartbeat.version] {
        *name = visible(name).chars().take(MAX_NAME_CHARS).collect();
    }
    heartbeat
}
