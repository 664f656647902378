//! A release build holds the dashboard's files: it is built again when they change. A debug build reads them when it runs.

use std::path::Path;

fn main() {
    let dashboard = Path::new("../../dist");
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if is_release && dashboard.exists() {
        println!("cargo::rerun-if-changed=../../dist");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
