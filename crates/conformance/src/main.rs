//! The suite as a process.
//!
//! `conformance run <endpoint address>` takes the keys as JSON from the variable `CRUNCHER_CONFORMANCE_KEYS`, and
//! writes a JSON object a check; `conformance sign` reads an order a line, and writes a signed request a line.

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    native::main()
}

/// Does nothing: a page calls the library.
#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::io::{BufRead as _, Write as _};
    use std::process::ExitCode;

    use cruncher_aws::transport::native;
    use cruncher_conformance::{CheckFailure, CheckShell, CheckedCloud, run, signing};

    const KEYS: &str = "CRUNCHER_CONFORMANCE_KEYS";

    pub(super) fn main() -> ExitCode {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let result = match arguments[..] {
            ["run", endpoint_url] => check(endpoint_url),
            ["sign"] => sign(),
            _ => Err(CheckFailure::new("usage: conformance run <endpoint address> | conformance sign")),
        };
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("{failure}");
                ExitCode::FAILURE
            }
        }
    }

    fn check(endpoint_url: &str) -> Result<(), CheckFailure> {
        let keys = std::env::var(KEYS).map_err(|error| CheckFailure::new(format!("{KEYS}: {error}")))?;
        let keys = serde_json::from_str(&keys).map_err(|error| CheckFailure::new(format!("{KEYS}: {error}")))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CheckFailure::new(error.to_string()))?;
        runtime.block_on(async {
            let ports = native::ports().map_err(|error| CheckFailure::new(error.to_string()))?;
            let cloud = CheckedCloud::new(ports, endpoint_url, keys);
            let mut written = Ok(());
            run(&cloud, CheckShell::Native, |report| {
                if written.is_ok() {
                    written = write_line(&report);
                }
            })
            .await;
            written
        })
    }

    fn sign() -> Result<(), CheckFailure> {
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|error| CheckFailure::new(error.to_string()))?;
            write_line(&signing::signed(&line)?)?;
        }
        Ok(())
    }

    fn write_line(value: &impl serde::Serialize) -> Result<(), CheckFailure> {
        let line = serde_json::to_string(value).map_err(|error| CheckFailure::new(error.to_string()))?;
        writeln!(std::io::stdout(), "{line}").map_err(|error| CheckFailure::new(error.to_string()))
    }
}
