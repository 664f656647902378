//! Packs of single documents on the cache: hundreds of documents are one entry there.

use std::rc::Rc;

use cruncher_aws::s3::ListedObject;
use cruncher_results::chunk::Chunk;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document_cache::DocumentCache;

/// Number of packs asked for at once.
const AT_ONCE: usize = 16;

/// Rows of documents that were read one by one.
#[derive(Debug, Default)]
pub(super) struct DocumentPack {
    pub(super) documents: Vec<PackedDocument>,
    /// A chunk, as bytes.
    pub(super) rows: Vec<u8>,
}

/// A document as it was when it had this entity tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PackedDocument {
    pub(super) key: String,
    pub(super) etag: String,
    /// Other things remembered of it.
    #[serde(default)]
    pub(super) more: Option<Value>,
}

/// Numbers of packs that are in use or free again.
#[derive(Debug, Default)]
pub(super) struct PackNumbers {
    used: usize,
    free: Vec<usize>,
}

impl DocumentPack {
    fn to_bytes(&self) -> Option<Vec<u8>> {
        let documents = serde_json::to_vec(&self.documents).ok()?;
        Some([&documents, b"\n".as_slice(), &self.rows].concat())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let documents = serde_json::from_slice(&bytes[..end]).ok()?;
        Some(Self { documents, rows: bytes[end + 1..].to_vec() })
    }

    /// Whether each of its documents is there as it was. If one isn't, the others are read again: they are a few hundred.
    fn is_as_listed(&self, listed: &[ListedObject]) -> bool {
        self.documents.iter().all(|packed| find(listed, &packed.key).is_some_and(|object| object.etag == packed.etag))
    }
}

impl PackNumbers {
    /// Takes the packs from the cache whose documents are all as they were, with their rows. The numbers of others become free.
    pub(super) async fn take(
        &mut self,
        place: &Rc<dyn DocumentCache>,
        listed: &[ListedObject],
    ) -> Vec<(DocumentPack, Chunk)> {
        let mut packs = Vec::new();
        loop {
            let names: Vec<String> = (self.used..self.used + AT_ONCE).map(name).collect();
            let found = place.get(&names).await;
            if found.iter().all(Option::is_none) {
                return packs;
            }
            for (number, found) in (self.used..).zip(found) {
                let pack =
                    found.and_then(|found| DocumentPack::from_bytes(&found)).filter(|pack| pack.is_as_listed(listed));
                match pack.and_then(|pack| Some((Chunk::from_bytes(&pack.rows)?, pack))) {
                    Some((chunk, pack)) => packs.push((pack, chunk)),
                    None => self.free.push(number),
                }
            }
            self.used += AT_ONCE;
        }
    }

    /// Puts a pack on the cache.
    pub(super) async fn put(&mut self, place: &Rc<dyn DocumentCache>, pack: &DocumentPack) {
        let Some(bytes) = pack.to_bytes() else { return };
        if self.free.is_empty() {
            self.free.push(self.used);
            self.used += 1;
        }
        // The lowest number comes first, so that packs stand close to one another.
        let lowest = (0..self.free.len()).min_by_key(|place| self.free[*place]).unwrap_or(0);
        let number = self.free.swap_remove(lowest);
        place.put(vec![(name(number), bytes)]).await;
    }
}

/// Finds the object with this key in a listing, which is in the order of keys.
pub(super) fn find<'a>(listed: &'a [ListedObject], key: &str) -> Option<&'a ListedObject> {
    listed.binary_search_by(|object| object.key.as_str().cmp(key)).ok().map(|place| &listed[place])
}

fn name(number: usize) -> String {
    format!("documents {number}")
}
