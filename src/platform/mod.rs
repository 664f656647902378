//! The only calls to the browser: address, storage, clipboard, time, polling, the designer.

pub(crate) mod address;
pub(crate) mod appearance;
pub(crate) mod browser_store;
pub(crate) mod clipboard;
pub(crate) mod designer;
pub(crate) mod document_cache;
pub(crate) mod download;
pub(crate) mod frozen;
pub(crate) mod gzip;
pub(crate) mod journals;
pub(crate) mod local_time;
pub(crate) mod polling;
pub(crate) mod programs;
pub(crate) mod rows;
pub(crate) mod scrolling;
pub(crate) mod sharing;
pub(crate) mod tabs;
pub(crate) mod theme;
pub(crate) mod timings;
pub(crate) mod visit_flags;

/// What requests are sent with.
pub(crate) fn network() -> cruncher_aws::Ports {
    cruncher_aws::transport::fetch::ports()
}
