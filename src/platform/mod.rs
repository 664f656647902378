//! The only calls to the browser: address, storage, clipboard, time, polling, the designer.

pub(crate) mod address;
pub(crate) mod appearance;
pub(crate) mod clipboard;
pub(crate) mod designer;
pub(crate) mod download;
pub(crate) mod frozen;
pub(crate) mod gzip;
pub(crate) mod journals;
pub(crate) mod keep;
pub(crate) mod local_time;
pub(crate) mod marks;
pub(crate) mod polling;
pub(crate) mod programs;
pub(crate) mod rows;
pub(crate) mod scrolling;
pub(crate) mod sharing;
pub(crate) mod shelf;
pub(crate) mod tabs;
pub(crate) mod theme;
pub(crate) mod timings;

/// What requests are sent with.
pub(crate) fn network() -> cruncher_aws::Ports {
    cruncher_aws::transport::fetch::ports()
}
