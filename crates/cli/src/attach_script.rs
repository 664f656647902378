//! `cruncher attach-script`

use std::path::Path;

use cruncher_aws::Endpoints;
use cruncher_backend::administer::sealed_access::{SealedAccessError, read_access};
use cruncher_backend::study::Study;
use cruncher_sealing::{OpenError, Passphrase};
use cruncher_study::access::{AccessKey, Role};

use crate::arguments::{AttachScriptArguments, CloudAccount};
use crate::cloud;
use crate::failure::{CommandFailure, sentence};
use crate::output::{note, result_part, secret};

/// The script, and what it and its comments say of the example's study.
const SLURM: &str = include_str!("../../../examples/workers/slurm.sbatch");
const START: &str = include_str!("../../../examples/workers/start.py");
const EXAMPLE_ADDRESS: &str = "https://cruncher-prandtl-bucket-1x2y.s3.eu-central-1.amazonaws.com";
const EXAMPLE_ARRAY: &str = "1-100%20";
const EXAMPLE_STUDY: &str = "prandtl";

/// Prints a script that attaches workers, and writes the file with their key if that is asked for.
pub(crate) async fn run(account: &CloudAccount, arguments: &AttachScriptArguments) -> Result<(), CommandFailure> {
    let study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
    if let Some(path) = &arguments.key_file {
        write_key(path, &worker_key(&study).await?)?;
        note(format_args!("{} has the worker's key: whoever reads it can attach workers.", path.display()));
    }
    if arguments.slurm {
        let endpoints = Endpoints::new(&study.config.region, study.config.endpoint_url.clone());
        let address = endpoints.bucket_url(&study.config.bucket);
        result_part(slurm(arguments, address.trim_end_matches('/')));
    }
    Ok(())
}

/// Returns the script for Slurm. It holds no secret.
fn slurm(arguments: &AttachScriptArguments, address: &str) -> String {
    let AttachScriptArguments { study, workers, at_once, cpus, .. } = arguments;
    let script = SLURM.replace(EXAMPLE_ADDRESS, address).replace(EXAMPLE_STUDY, study);
    let script = script.replace(EXAMPLE_ARRAY, &format!("1-{workers}%{at_once}"));
    let script = script.replace("--cpus-per-task=1", &format!("--cpus-per-task={cpus}"));
    let script = match &arguments.key_file {
        Some(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            let own = format!("export CRUNCHER_KEY_FILE='{}'", path.display().to_string().replace('\'', "'\"'\"'"));
            script.replace(
                &format!("export CRUNCHER_KEY_FILE=\"${{CRUNCHER_KEY_FILE:-$HOME/.cruncher/{study}.key}}\""),
                &own,
            )
        }
        None => script,
    };
    // The program stands in single quotes of a shell.
    script.replace("START_PY\n", &START.replace('\'', "'\"'\"'"))
}

async fn worker_key(study: &Study) -> Result<AccessKey, CommandFailure> {
    let bucket = &study.config.bucket;
    let failed = |error: SealedAccessError| CommandFailure::new(format!("{} {}", sentence(&error), error.advice()));
    let document = read_access(&study.client, bucket).await.map_err(failed)?;
    let document = document.ok_or_else(|| failed(OpenError::NoPassphrase.into()))?;
    let passphrase = Passphrase::typed(&secret("operator's passphrase: ").await?);
    let access = document.open(bucket, &passphrase).map_err(|error| failed(error.into()))?;
    access.worker.filter(|_| access.role == Role::Operator).ok_or_else(|| {
        CommandFailure::new("This is the viewer's passphrase: the operator's alone opens the worker's key.")
    })
}

/// Writes the key into a new file that nobody else can read, or replaces what is there.
fn write_key(path: &Path, AccessKey { key_id, secret }: &AccessKey) -> Result<(), CommandFailure> {
    let failed = |error: std::io::Error| {
        CommandFailure::new(format!("The key can't be written to {}: {error}.", path.display()))
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut file, format!("CRUNCHER_KEY_ID={key_id}\nCRUNCHER_SECRET={secret}\n").as_bytes())
        .map_err(failed)?;
    // Its mode is 600 from the beginning.
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
