//! The suite as a page calls it.

use cruncher_aws::transport::fetch;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::checks::{CheckShell, run as run_checks};
use crate::cloud::CheckedCloud;

/// Runs every check that a browser can, against the cloud at `endpoint_url` with the keys in `keys_json`. Resolves to the
/// reports, one JSON object a line.
///
/// # Errors
/// If the keys can't be read.
#[wasm_bindgen]
pub async fn run(endpoint_url: String, keys_json: String) -> Result<String, String> {
    let keys = serde_json::from_str(&keys_json).map_err(|error| format!("the keys: {error}"))?;
    let cloud = CheckedCloud::new(fetch::ports(), &endpoint_url, keys);
    let mut lines = Vec::new();
    run_checks(&cloud, CheckShell::Browser, |report| lines.push(serde_json::to_string(&report).unwrap_or_default()))
        .await;
    Ok(lines.join("\n"))
}
