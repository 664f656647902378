//! The course of the demo, and its end.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use cruncher_aws::Ports;
use cruncher_backend::administer::keys::RoleKeys;
use cruncher_backend::administer::launch::{LaunchedStudy, QueueThroughput, launch};
use cruncher_backend::administer::sealed_access::AccessSealing;
use cruncher_backend::enqueue::{
    CaseSelection, EnqueueError, EnqueuePlan, PauseHandle, SubmissionSender, submission_id,
};
use cruncher_backend::study::Study;
use cruncher_backend::watch::StudyWatch;
use cruncher_study::accounting::CaseCounts;
use cruncher_study::attach_line::{AttachHost, attach_line};
use cruncher_study::design::DesignFile;
use cruncher_study::design_document::Submission;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Command;

use super::local_cloud::CloudStart;
use super::ports::{PortChoice, listen, port};
use super::process::ProcessGroup;
use super::site::StudySite;
use super::surroundings::DemoPaths;
use super::{browser, local_cloud};
use crate::arguments::DemoArguments;
use crate::cloud::ports;
use crate::failure::{CommandFailure, of_launch, sentence};
use crate::output::{ProgressReporter, note, result};
use crate::passphrases;
use crate::release::{page_to_publish, release};
use crate::report::as_line;
use crate::state_folder::StateFolder;
use crate::text::count;

/// The demo's study.
const STUDY: &str = "demo";

/// Pauses between two looks at the study: while it runs, and once it is done.
const PAUSE: Duration = Duration::from_secs(1);
const LONG_PAUSE: Duration = Duration::from_secs(5);

/// Time that workers have to sign off.
const WORKERS_PATIENCE: Duration = Duration::from_secs(5);

const CLOUD_PATIENCE: Duration = Duration::from_secs(5);

/// Everything that has to end with the demo.
pub(crate) struct DemoProcesses {
    surroundings: DemoPaths,
    ports: Ports,
    folder: TempDir,
    /// Secret of the local cloud's owner.
    owner_secret: String,
    cloud: Option<ProcessGroup>,
    workers: Option<ProcessGroup>,
    /// Whether their end was reported.
    workers_have_ended: bool,
}

impl DemoProcesses {
    /// Prepares the demo; nothing is started yet.
    pub(crate) fn new(surroundings: DemoPaths) -> Result<Self, CommandFailure> {
        let folder = tempfile::Builder::new().prefix("cruncher-demo-").tempdir();
        let folder =
            folder.map_err(|error| CommandFailure::new(format!("A temporary folder can't be made: {error}.")))?;
        Ok(Self {
            surroundings,
            ports: ports()?,
            folder,
            owner_secret: local_cloud::owner_secret(),
            cloud: None,
            workers: None,
            workers_have_ended: false,
        })
    }

    /// Runs until something ends that shouldn't.
    pub(crate) async fn run(&mut self, arguments: &DemoArguments) -> Result<(), CommandFailure> {
        let page = page_to_publish()?;
        let listener = listen(PortChoice { option: "--port", asked: arguments.port, usual: 8123 }).await?;
        let page_origin = format!("http://127.0.0.1:{}", port(&listener));
        let cloud_port = self.start_cloud(arguments.cloud_port, &page_origin).await?;
        let launched = {
            let mut reporter = ProgressReporter::new();
            let client = local_cloud::client(&self.ports, cloud_port, &self.owner_secret);
            let sealing =
                AccessSealing { passphrases: &passphrases::generate(false), random: &mut passphrases::random };
            let launched = launch(&client, STUDY, (release(&page), QueueThroughput::Usual), sealing, &mut |step| {
                reporter.step(step);
            })
            .await;
            launched.map_err(|error| of_launch(error, STUDY, "the local cloud"))?
        };
        let page_url = format!("{page_origin}/");
        serve(listener, cloud_port, &launched.config.bucket);
        let study = Study::new(self.ports.clone(), launched.config.clone(), &launched.keys.operator);
        let sent = self.send_cases(&study).await?;
        note(format_args!("Sent {}", count(sent, "case")));
        self.start_workers(&study, &launched.keys, arguments.workers)?;
        self.print(&launched, &page_url);
        if !arguments.no_browser {
            browser::open(&launched.keys.operator_link(&page_url));
        }
        self.watch(study).await
    }

    async fn start_cloud(&mut self, asked: Option<u16>, page_origin: &str) -> Result<u16, CommandFailure> {
        let reserved = listen(PortChoice { option: "--cloud-port", asked, usual: 8124 }).await?;
        let cloud_port = port(&reserved);
        // The port was held until now, so that no other program got it.
        drop(reserved);
        note(format_args!("Starting the local cloud on port {cloud_port}"));
        let start = CloudStart {
            python: &self.surroundings.ministack_python,
            port: cloud_port,
            folder: self.folder.path(),
            owner_secret: &self.owner_secret,
            page_origin,
        };
        local_cloud::wait(self.cloud.insert(start.start()?), &self.ports, cloud_port).await?;
        Ok(cloud_port)
    }

    async fn send_cases(&self, study: &Study) -> Result<u64, CommandFailure> {
        let path = self.surroundings.example.join("study.json");
        let design: DesignFile = serde_json::from_slice(&read(&path)?)
            .map_err(|error| CommandFailure::new(format!("{} can't be read: {error}.", path.display())))?;
        let model = read(&self.surroundings.example.join(&design.model.file))?;
        let submission = Submission { id: submission_id(&self.ports), time: study.now(), by: "demo".to_owned() };
        let sent = self.send(study, &design, &model, &submission).await;
        sent.map_err(|error| {
            CommandFailure::new(format!("The example's cases could not be sent: {}", sentence(&error)))
        })
    }

    async fn send(
        &self,
        study: &Study,
        design: &DesignFile,
        model: &[u8],
        submission: &Submission,
    ) -> Result<u64, EnqueueError> {
        let plan = EnqueuePlan::new(design, model, submission)?;
        let selection = CaseSelection::all(&plan);
        let keep = Rc::new(StateFolder::at(&self.folder.path().join("state")));
        let mut sending = SubmissionSender::begin(study, plan, model, &selection, None, keep).await?;
        sending.run(&PauseHandle::default(), &mut |_| {}).await?;
        Ok(selection.cases())
    }

    /// Starts workers by the very line that the Attach page shows.
    fn start_workers(&mut self, study: &Study, keys: &RoleKeys, workers: u32) -> Result<(), CommandFailure> {
        if workers == 0 {
            return Ok(());
        }
        let line = attach_line(AttachHost::Shell { workers }, &study.bucket_url(), &keys.worker, None);
        let mut command = shell(&line);
        command.current_dir(self.folder.path());
        self.workers = Some(ProcessGroup::start(command, &self.folder.path().join("workers.log"))?);
        Ok(())
    }

    fn print(&self, launched: &LaunchedStudy, page_url: &str) {
        let keys = &launched.keys;
        result("");
        result(format_args!("Dashboard, as operator  {}", keys.operator_link(page_url)));
        result(format_args!("Dashboard, as viewer    {}", keys.viewer_link(page_url)));
        let endpoint_url = launched.config.endpoint_url.as_deref().unwrap_or_default();
        result(format_args!("Cloud                   {endpoint_url}, bucket {}", launched.config.bucket));
        result(format_args!("Logs                    {}", self.folder.path().display()));
        result("");
        result("Open the first link in a browser. Ctrl-C ends the demo.");
    }

    /// Reports when cases come to an end, as long as the cloud is there.
    async fn watch(&mut self, study: Study) -> Result<(), CommandFailure> {
        let mut watch = StudyWatch::new(study);
        let mut told = 0;
        loop {
            self.check_processes()?;
            let mut pause = PAUSE;
            // A request that fails is repeated; should the cloud be gone, the check above shows it.
            if let Ok(snapshot) = watch.refresh().await {
                let CaseCounts { cases, done, failed, cancelled, lost, .. } = snapshot.total;
                let ended = done + failed + cancelled + lost;
                if ended != told {
                    note(as_line(&snapshot));
                    told = ended;
                    if ended == cases {
                        note("The study is done. The page stays until Ctrl-C.");
                    }
                }
                if ended == cases {
                    pause = LONG_PAUSE;
                }
            }
            self.rest(pause).await;
        }
    }

    /// Waits for `pause`, or until the cloud ends.
    async fn rest(&mut self, pause: Duration) {
        if let Some(cloud) = &mut self.cloud {
            tokio::select! {
                () = cloud.ended() => {}
                () = self.ports.sleep.sleep(pause) => {}
            }
        }
    }

    fn check_processes(&mut self) -> Result<(), CommandFailure> {
        if let Some(cloud) = &mut self.cloud
            && cloud.has_ended()
        {
            return Err(CommandFailure::new(format!(
                "The local cloud ended by itself, and the demo with it. The last that it said:\n{}",
                cloud.log_tail()
            )));
        }
        if let Some(workers) = &mut self.workers
            && !self.workers_have_ended
            && workers.has_ended()
        {
            self.workers_have_ended = true;
            note(format_args!("The workers ended. The last that they said:\n{}", workers.log_tail()));
        }
        Ok(())
    }

    /// Ends every process, the workers first, since they sign off at the cloud. Removes the folder.
    pub(crate) async fn end(self) {
        if let Some(workers) = self.workers {
            workers.end(WORKERS_PATIENCE, &self.ports).await;
        }
        if let Some(cloud) = self.cloud {
            cloud.end(CLOUD_PATIENCE, &self.ports).await;
        }
        if let Err(error) = self.folder.close() {
            note(format_args!("The demo's temporary folder could not be removed: {error}"));
        }
    }
}

fn serve(listener: TcpListener, cloud_port: u16, bucket: &str) {
    let cloud = SocketAddr::from((Ipv4Addr::LOCALHOST, cloud_port));
    tokio::task::spawn_local(StudySite { cloud, bucket: bucket.to_owned() }.serve(listener));
}

/// Runs a line as a user's shell does.
#[cfg(not(windows))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line);
    command
}

/// Runs a line as a user's shell does.
#[cfg(windows)]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    // The line is passed as it is, since `cmd` has quotation marks of its own.
    command.arg("/C").raw_arg(line);
    command
}

fn read(path: &Path) -> Result<Vec<u8>, CommandFailure> {
    std::fs::read(path).map_err(|error| CommandFailure::new(format!("{} can't be read: {error}.", path.display())))
}
