//! The crates know of each other what ARCHITECTURE.md draws, and the pure ones stay pure.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, NodeDep, PackageId};

/// Crates of the workspace, each with all that it knows of the others.
const ARROWS: [(&str, &[&str]); 20] = [
    ("cruncher-analysis", &[]),
    ("cruncher-aws", &[]),
    (
        "cruncher-backend",
        &["cruncher-aws", "cruncher-legacy", "cruncher-results", "cruncher-sealing", "cruncher-study"],
    ),
    ("cruncher-browser", &["cruncher-aws", "cruncher-backend", "cruncher-study"]),
    ("cruncher-canvas", &["cruncher-browser", "cruncher-plot"]),
    ("cruncher-cli", &["cruncher-aws", "cruncher-backend", "cruncher-results", "cruncher-sealing", "cruncher-study"]),
    ("cruncher-conformance", &["cruncher-aws"]),
    ("cruncher-dashboard", &["cruncher-aws", "cruncher-backend", "cruncher-browser", "cruncher-study"]),
    (
        "cruncher-designer",
        &[
            "cruncher-analysis",
            "cruncher-backend",
            "cruncher-browser",
            "cruncher-canvas",
            "cruncher-plot",
            "cruncher-sampling",
            "cruncher-study",
        ],
    ),
    ("cruncher-dialogs", &["cruncher-browser", "cruncher-study"]),
    (
        "cruncher-explorer",
        &[
            "cruncher-analysis",
            "cruncher-aws",
            "cruncher-backend",
            "cruncher-browser",
            "cruncher-canvas",
            "cruncher-plot",
            "cruncher-results",
            "cruncher-study",
        ],
    ),
    ("cruncher-fleet", &["cruncher-aws", "cruncher-backend", "cruncher-browser", "cruncher-study"]),
    (
        "cruncher-fuzz",
        &[
            "cruncher-aws",
            "cruncher-backend",
            "cruncher-browser",
            "cruncher-legacy",
            "cruncher-results",
            "cruncher-sealing",
            "cruncher-study",
        ],
    ),
    ("cruncher-legacy", &["cruncher-study"]),
    ("cruncher-plot", &[]),
    ("cruncher-results", &["cruncher-analysis", "cruncher-study"]),
    ("cruncher-sampling", &[]),
    ("cruncher-sealing", &["cruncher-study"]),
    ("cruncher-sign-in", &["cruncher-browser", "cruncher-sealing", "cruncher-study"]),
    ("cruncher-study", &["cruncher-sampling"]),
];

/// Crates that reach for the world: networks, runtimes, browsers, clocks, the system's randomness.
const WORLD: [&str; 23] = [
    "async-std",
    "aws-config",
    "chrono",
    "fastrand",
    "getrandom",
    "gloo-net",
    "gloo-timers",
    "hyper",
    "instant",
    "js-sys",
    "leptos",
    "mio",
    "rand",
    "reqwest",
    "rustix",
    "rustls",
    "smol",
    "socket2",
    "time",
    "tokio",
    "ureq",
    "web-sys",
    "web-time",
];

#[test]
fn crates_know_of_each_other_what_the_drawing_shows() {
    let metadata = metadata(&["--no-deps"]);
    let found: BTreeMap<String, BTreeSet<String>> = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let names = package.dependencies.iter().map(|dependency| dependency.name.clone());
            (package.name.to_string(), names.filter(|name| name.starts_with("cruncher-")).collect())
        })
        .collect();
    let drawn = ARROWS.map(|(name, others)| (name.to_owned(), others.iter().map(|&other| other.to_owned()).collect()));
    assert_eq!(found, BTreeMap::from(drawn));
}

#[test]
fn the_domain_does_not_reach_for_the_world() {
    check_purity("cruncher-study");
}

#[test]
fn points_do_not_reach_for_the_world() {
    check_purity("cruncher-sampling");
}

#[test]
fn sealing_does_not_reach_for_the_world() {
    check_purity("cruncher-sealing");
}

#[test]
fn results_do_not_reach_for_the_world() {
    check_purity("cruncher-results");
}

#[test]
fn statistics_do_not_reach_for_the_world() {
    check_purity("cruncher-analysis");
}

#[test]
fn the_predecessor_s_documents_do_not_reach_for_the_world() {
    check_purity("cruncher-legacy");
}

#[test]
fn charts_do_not_reach_for_the_world() {
    check_purity("cruncher-plot");
}

/// Everybody loads the shell first, and it draws nothing on a canvas.
#[test]
fn the_shell_is_built_without_plotting() {
    let metadata = metadata(&["--filter-platform", "wasm32-unknown-unknown"]);
    let is_shell = |package: &&cargo_metadata::Package| package.name.as_str() == "cruncher-dashboard";
    let shell = metadata.packages.iter().find(is_shell).expect("the shell is in the workspace");
    let brought = brought(&metadata, &shell.id);
    assert!(brought.contains("cruncher-browser"));
    assert!(!brought.iter().any(|name| name.starts_with("plotters") || name == "cruncher-plot"), "{brought:?}");
}

/// Looks at the dependencies that the crate names itself, for every target, and at all that these bring with them natively. In
/// a browser plotters brings web-sys.
fn check_purity(name: &str) {
    let metadata = metadata(&["--filter-platform", &host()]);
    let is_it = |package: &&cargo_metadata::Package| package.name.as_str() == name;
    let package = metadata.packages.iter().find(is_it).expect("the crate is in the workspace");
    let named = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    let named = named.map(|dependency| dependency.name.clone());
    let reached: BTreeSet<String> = named.chain(brought(&metadata, &package.id)).collect();
    let world: Vec<&String> = reached.iter().filter(|name| WORLD.contains(&name.as_str())).collect();
    assert!(world.is_empty(), "{name} reaches for the world through {world:?}");
}

/// Returns the names of all packages that a package is built with.
fn brought(metadata: &Metadata, root: &PackageId) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().expect("cargo has resolved the dependencies");
    let is_built_in =
        |edge: &&NodeDep| edge.dep_kinds.iter().any(|kind| !matches!(kind.kind, DependencyKind::Development));
    let (mut seen, mut open) = (BTreeSet::new(), vec![root]);
    while let Some(id) = open.pop() {
        let new = resolve[id].deps.iter().filter(is_built_in).filter(|edge| seen.insert(&edge.pkg));
        open.extend(new.map(|edge| &edge.pkg));
    }
    seen.into_iter().map(|id| metadata[id].name.to_string()).collect()
}

/// Returns what cargo says of the workspace, by the lock file.
fn metadata(options: &[&str]) -> Metadata {
    let options: Vec<String> = [options, &["--locked"]].concat().into_iter().map(str::to_owned).collect();
    let mut command = MetadataCommand::new();
    command.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).other_options(options);
    command.exec().expect("cargo describes the workspace")
}

/// Returns this machine's target: its packages, and perhaps no others, have been downloaded.
fn host() -> String {
    let output = Command::new("rustc").args(["--print", "host-tuple"]).output().expect("rustc is there");
    String::from_utf8(output.stdout).expect("rustc prints text").trim().to_owned()
}
