//! Reading many objects.

use bytes::Bytes;
use cruncher_aws::{Error, s3};
use futures::{StreamExt, stream};
use serde::de::DeserializeOwned;

use crate::study::Study;

/// How many objects are read at once.
pub(crate) const CONCURRENT_READS: usize = 8;

/// An object to be read, from this byte on.
pub(crate) struct Wanted {
    pub(crate) object: s3::ListedObject,
    pub(crate) start: u64,
}

impl Wanted {
    pub(crate) const fn whole(object: s3::ListedObject) -> Self {
        Self { object, start: 0 }
    }

    /// How many bytes that is.
    pub(crate) const fn bytes(&self) -> u64 {
        self.object.size_bytes.saturating_sub(self.start)
    }
}

/// What was read of an object, or why it can't be.
pub(crate) type Body = Result<Bytes, String>;

/// The document that was read, or why there is none.
pub(crate) fn parse<T: DeserializeOwned>(read: Body) -> Result<T, String> {
    serde_json::from_slice(&read?).map_err(|error| error.to_string())
}

impl Study {
    /// Reads objects, several at once.
    pub(crate) async fn read_all(
        &self,
        wanted: Vec<Wanted>,
        max_bytes: u64,
    ) -> Result<Vec<(s3::ListedObject, Body)>, Error> {
        let mut all = Vec::with_capacity(wanted.len());
        self.read_each(wanted, max_bytes, &mut |object, body| all.push((object, body))).await?;
        Ok(all)
    }

    /// Reads objects, several at once, and hands them out in their order as they come. One that can't be read says why; one
    /// that is gone by now is left out.
    pub(crate) async fn read_each(
        &self,
        wanted: Vec<Wanted>,
        max_bytes: u64,
        each: &mut dyn FnMut(s3::ListedObject, Body),
    ) -> Result<(), Error> {
        let read = |Wanted { object, start }: Wanted| async move {
            if object.size_bytes.saturating_sub(start) > max_bytes {
                let reason = format!("it has {} bytes, more than the {max_bytes} that are read", object.size_bytes);
                return Ok(Some((object, Err(reason))));
            }
            let mut get = s3::GetObject::new(&self.config.bucket, &object.key);
            if start > 0 {
                get = get.range(start..object.size_bytes);
            }
            match self.client.send(&get).await {
                Ok(s3::Fetched::Object(found)) => Ok(Some((object, Ok(found.body)))),
                Ok(s3::Fetched::NotModified) => Ok(None),
                Err(error) if error.is_not_found() => Ok(None),
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
