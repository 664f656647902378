//! One input given to one target, and what came of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use peak_alloc::PeakAlloc;

use crate::FuzzTarget;

/// Counts what all of the process has allocated.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory that any input may take: tables, regular expressions.
pub const MAX_MEMORY_BYTES: usize = 8 << 20;

/// Memory that it may take for each of its bytes: a row of two bytes is a number with a name.
pub const MAX_MEMORY_PER_BYTE: usize = 512;

/// What a target made of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialOutcome {
    /// The kind of outcome.
    pub kind: String,
    /// Memory that was taken at most at once.
    pub memory_bytes: usize,
}

/// Gives the input to the target.
///
/// # Errors
/// What it mustn't do, in words: it panicked, or took too much memory.
pub fn attempt(target: &FuzzTarget, input: &[u8]) -> Result<TrialOutcome, String> {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let memory_bytes = MEMORY.peak_usage().saturating_sub(before);
    let kind = outcome.map_err(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|&words| words.to_owned()));
        format!("it panicked: {}", words.unwrap_or_default().lines().next().unwrap_or_default())
    })?;
    if memory_bytes > MAX_MEMORY_BYTES + MAX_MEMORY_PER_BYTE * input.len() {
        return Err(format!("{} bytes of input took {} KiB of memory", input.len(), memory_bytes >> 10));
    }
    Ok(TrialOutcome { kind, memory_bytes })
}
