//! The cloud on this machine: ministack, behind a guard that lets no website but the demo's page in.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use cruncher_aws::{Client, Credentials, Endpoints, Ports};
use http::StatusCode;
use tokio::process::Command;

use super::process::ProcessGroup;
use crate::failure::CommandFailure;
use crate::passphrases::random;

/// The region that the demo pretends to be in.
pub(crate) const REGION: &str = "eu-central-1";

/// Id of the key that the local cloud takes for the account owner's.
const OWNER_KEY_ID: &str = "test";

/// Makes the secret of the owner's key: every page of this computer's browser could ask the cloud with a known one.
pub(crate) fn owner_secret() -> String {
    let mut bytes = [0; 16];
    random(&mut bytes);
    u128::from_le_bytes(bytes).to_string()
}

/// The program: ministack, with the guard in its process.
const GUARDED_CLOUD: &str = include_str!("guarded_cloud.py");

const PATIENCE: Duration = Duration::from_mins(1);

const PAUSE: Duration = Duration::from_millis(100);

/// How a cloud is started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CloudStart<'a> {
    /// The Python that has ministack.
    pub python: &'a Path,
    /// Port on this machine.
    pub port: u16,
    /// Folder that it writes to.
    pub folder: &'a Path,
    /// Secret of its owner's key.
    pub owner_secret: &'a str,
    /// Scheme, host and port of the page, which alone may ask from a browser.
    pub page_origin: &'a str,
}

impl CloudStart<'_> {
    /// Starts it.
    pub(crate) fn start(self) -> Result<ProcessGroup, CommandFailure> {
        let program = self.folder.join("guarded_cloud.py");
        std::fs::write(&program, GUARDED_CLOUD)
            .map_err(|error| CommandFailure::new(format!("{} can't be written: {error}.", program.display())))?;
        let mut command = Command::new(self.python);
        command.arg(&program).arg(self.port.to_string()).arg(self.page_origin);
        command.current_dir(self.folder).envs([
            ("SERVICES", "s3,sqs,iam,sts,cloudformation,ec2,autoscaling"),
            ("GATEWAY_PORT", &self.port.to_string()),
            ("BIND_HOST", "127.0.0.1"),
            ("IOT_MTLS_ENABLED", "0"),
            ("SFTP_ENABLED", "0"),
            ("AUTH", "true"),
            ("AWS_ACCESS_KEY_ID", OWNER_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", self.owner_secret),
        ]);
        ProcessGroup::start(command, &self.folder.join("cloud.log"))
    }
}

/// Returns its address.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Returns a client of its owner.
pub(crate) fn client(ports: &Ports, port: u16, owner_secret: &str) -> Client {
    let credentials = Credentials::new(OWNER_KEY_ID, owner_secret);
    Client::new(ports.clone(), Endpoints::new(REGION, Some(url(port))), Some(credentials))
}

/// Waits until it answers.
pub(crate) async fn wait(cloud: &mut ProcessGroup, ports: &Ports, port: u16) -> Result<(), CommandFailure> {
    let start = ports.clock.now();
    while !answers(ports, port).await {
        let failed = if cloud.has_ended() {
            "it ended"
        } else if ports.clock.now().saturating_sub(start) > PATIENCE {
            "it doesn't answer"
        } else {
            ports.sleep.sleep(PAUSE).await;
            continue;
        };
        return Err(CommandFailure::new(format!(
            "The local cloud did not start on port {port}: {failed}. The last that it said:\n{}",
            cloud.log_tail()
        )));
    }
    Ok(())
}

/// Whether it refuses what isn't signed.
async fn answers(ports: &Ports, port: u16) -> bool {
    let request = http::Request::get(format!("{}/", url(port))).body(Bytes::new());
    let Ok(request) = request else { return false };
    ports.transport.send(request).await.is_ok_and(|answer| answer.status() == StatusCode::FORBIDDEN)
}
