//! The ports that ship: `fetch` for browsers, `native` for everything else; each behind the feature of its name.

#[cfg(all(target_arch = "wasm32", feature = "fetch"))]
pub mod fetch;
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub mod native;

#[cfg(any(all(target_arch = "wasm32", feature = "fetch"), all(not(target_arch = "wasm32"), feature = "native")))]
mod patience {
    use std::time::Duration;

    /// Rate of the slowest upload that is waited for.
    const SLOWEST_BYTES_PER_SEC: u64 = 16 * 1024;

    /// Returns the time-out for an answer's head: SQS holds a long poll for 20 s, and a body has to get there first.
    pub(super) fn for_head(body_bytes: usize) -> Duration {
        Duration::from_secs(45 + body_bytes as u64 / SLOWEST_BYTES_PER_SEC)
    }

    /// Time-out for an answer's body once its head is there.
    pub(super) const FOR_BODY: Duration = Duration::from_mins(5);
}
