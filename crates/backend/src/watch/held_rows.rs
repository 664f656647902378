//! Rows of segments whose cases aren't known: held until a listing tells which results there are.

/// Maximum number of bytes that are held; of what comes after them, results are read one by one, if there are any.
const MAX_BYTES: usize = 128 << 20;

/// Rows that are held.
#[derive(Debug, Default)]
pub(super) struct HeldRows {
    chunks: Vec<HeldChunk>,
    bytes: usize,
}

/// Rows of a segment.
#[derive(Debug)]
pub(super) struct HeldChunk {
    /// The segment's key.
    pub(super) key: String,
    /// The encoded chunk.
    pub(super) bytes: Vec<u8>,
    /// Time by which they were written.
    pub(super) written: f64,
    /// Time when they were read.
    pub(super) time: f64,
}

impl HeldRows {
    /// Holds rows of a segment.
    pub(super) fn hold(&mut self, held: HeldChunk) {
        if self.bytes + held.bytes.len() <= MAX_BYTES {
            self.bytes += held.bytes.len();
            self.chunks.push(held);
        }
    }

    /// Whether there are any.
    pub(super) const fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Takes them all.
    pub(super) fn take(&mut self) -> Vec<HeldChunk> {
        std::mem::take(self).chunks
    }
}
