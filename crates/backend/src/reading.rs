//! Reading objects, one or many, up to a limit of size, since others wrote them.

use bytes::Bytes;
use cruncher_aws::{Error, s3};
use cruncher_study::key::DataKey;
use futures::{StreamExt, stream};
use serde::de::DeserializeOwned;

use crate::administer::page::ASSETS_PREFIX;
use crate::study::{ReadError, Study};

/// Size of the largest heartbeat that is read.
pub(crate) const MAX_HEARTBEAT_BYTES: u64 = 1 << 20;

/// Size of the largest document of another kind that is read: a result, a failure, a design, the control document.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 8 << 20;

/// Size of the largest segment or table that is read.
pub(crate) const MAX_ROWS_BYTES: u64 = 256 << 20;

/// Maximum number of documents in a file that is made of them: each is a request.
pub(crate) const MAX_HELD_DOCUMENTS: usize = 10_000;

/// Maximum number of bytes of these documents, as they are stored: packed, they are a third of that or less.
pub(crate) const MAX_HELD_BYTES: u64 = 64 << 20;

/// First bytes of what gzip has packed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Status of an answer to a request for a part of an object that has nothing there.
const RANGE_NOT_SATISFIABLE: u16 = 416;

/// Number of objects read at once.
pub(crate) const CONCURRENT_READS: usize = 8;

/// An object to be read, from the byte `start` on.
pub(crate) struct ReadRequest {
    pub(crate) object: s3::ListedObject,
    pub(crate) start: u64,
}

impl ReadRequest {
    pub(crate) const fn whole(object: s3::ListedObject) -> Self {
        Self { object, start: 0 }
    }

    /// Returns the number of bytes to be read.
    pub(crate) const fn bytes(&self) -> u64 {
        self.object.size_bytes.saturating_sub(self.start)
    }
}

/// The room that is left in a file that holds documents.
pub(crate) struct HeldRoom {
    documents: usize,
    bytes: u64,
}

impl Default for HeldRoom {
    fn default() -> Self {
        Self { documents: MAX_HELD_DOCUMENTS, bytes: MAX_HELD_BYTES }
    }
}

impl HeldRoom {
    /// Makes room for a document of this size; false if there isn't enough.
    pub(crate) const fn take(&mut self, size_bytes: u64) -> bool {
        if self.documents == 0 || self.bytes < size_bytes {
            return false;
        }
        self.documents -= 1;
        self.bytes -= size_bytes;
        true
    }
}

/// Whether an object of this key is stored packed: a table of cases, or a file of the page. Nothing else is unpacked, whatever
/// it says of itself.
fn is_stored_packed(key: &str) -> bool {
    key.starts_with(ASSETS_PREFIX)
        || matches!(DataKey::parse(key), Some(DataKey::Cases(..) | DataKey::ExtractCases(..)))
}

/// Content of an object, or the reason why it can't be read.
pub(crate) type Body = Result<Bytes, String>;

/// Parses a document that was read; the error says why there is none.
pub(crate) fn parse<T: DeserializeOwned>(read: Body) -> Result<T, String> {
    serde_json::from_slice(&read?).map_err(|error| error.to_string())
}

impl Study {
    /// Reads an object that is stored unpacked, unless it has more bytes than these.
    pub(crate) async fn read(&self, key: &str, max_bytes: u64) -> Result<Bytes, ReadError> {
        let found = self.fetch(s3::GetObject::new(&self.config.bucket, key), key, max_bytes).await?;
        Ok(found.map(|object| object.body).unwrap_or_default())
    }

    /// Requests an object that is stored unpacked, as it is stored, unless it has more bytes than `max_bytes`. `None` if it wasn't modified.
    pub(crate) async fn fetch(
        &self,
        get: s3::GetObject,
        key: &str,
        max_bytes: u64,
    ) -> Result<Option<s3::StoredObject>, ReadError> {
        // A byte more tells an object that is too large from one that just fits.
        match self.client.send(&get.as_stored().range(0..max_bytes + 1)).await {
            Ok(s3::FetchedObject::Object(object)) if object.body.len() as u64 > max_bytes => {
                Err(ReadError::TooLarge { key: key.to_owned(), max_bytes })
            }
            Ok(s3::FetchedObject::Object(object)) => Ok(Some(object)),
            Ok(s3::FetchedObject::NotModified) => Ok(None),
            // An empty object has no part at all.
            Err(error) if error.status() == Some(RANGE_NOT_SATISFIABLE) => Ok(Some(s3::StoredObject::default())),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads an object that is stored packed: only the whole of it can be unpacked.
    pub(crate) async fn read_packed(&self, key: &str, max_bytes: u64) -> Result<Bytes, ReadError> {
        match self.client.send(&s3::GetObject::new(&self.config.bucket, key).as_stored()).await? {
            s3::FetchedObject::Object(object) => match self.unpacked(object.body.clone(), max_bytes).await {
                Ok(body) if body.len() as u64 > max_bytes => {
                    Err(ReadError::TooLarge { key: key.to_owned(), max_bytes })
                }
                Ok(body) => Ok(body),
                // What can't be unpacked can't be parsed either, and whoever tries says so.
                Err(_) => Ok(object.body),
            },
            s3::FetchedObject::NotModified => Ok(Bytes::new()),
        }
    }

    /// Unpacks a body, if it is packed.
    async fn unpacked(&self, body: Bytes, max_bytes: u64) -> Body {
        if !body.starts_with(&GZIP) {
            return Ok(body);
        }
        let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        self.client.ports().transport.unpack(body, max_bytes).await.map_err(|error| error.to_string())
    }

    /// Reads objects, several at once.
    pub(crate) async fn read_all(
        &self,
        wanted: Vec<ReadRequest>,
        max_bytes: u64,
    ) -> Result<Vec<(s3::ListedObject, Body)>, Error> {
        let mut all = Vec::with_capacity(wanted.len());
        self.read_each(wanted, max_bytes, &mut |object, body| all.push((object, body))).await?;
        Ok(all)
    }

    /// Reads objects, several at once, and hands them to `each` in their order as they come. The body of one that can't be read
    /// says why; one that is gone by now is left out.
    pub(crate) async fn read_each(
        &self,
        wanted: Vec<ReadRequest>,
        max_bytes: u64,
        each: &mut dyn FnMut(s3::ListedObject, Body),
    ) -> Result<(), Error> {
        let read = |ReadRequest { object, start }: ReadRequest| async move {
            if object.size_bytes.saturating_sub(start) > max_bytes {
                let reason = format!("it has {} bytes, more than the {max_bytes} that are read", object.size_bytes);
                return Ok(Some((object, Err(reason))));
            }
            let mut get = s3::GetObject::new(&self.config.bucket, &object.key).as_stored();
            if start > 0 {
                get = get.range(start..object.size_bytes);
            }
            match self.client.send(&get).await {
                Ok(s3::FetchedObject::Object(found)) if is_stored_packed(&object.key) => {
                    let body = self.unpacked(found.body, max_bytes).await;
                    Ok(Some((object, body)))
                }
                Ok(s3::FetchedObject::Object(found)) => Ok(Some((object, Ok(found.body)))),
                Ok(s3::FetchedObject::NotModified) => Ok(None),
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) if error.is_about_resource() => Ok(Some((object, Err(error.message().to_owned())))),
                Err(error) => Err(error),
            }
        };
        let mut read = stream::iter(wanted).map(read).buffered(CONCURRENT_READS);
        while let Some(read) = read.next().await {
            if let Some((object, body)) = read? {
                each(object, body);
            }
        }
        Ok(())
    }
}
