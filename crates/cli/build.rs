//! A release build holds the dashboard's files: it is built again when they change. A debug build reads them when it runs.

fn main() {
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../../dist/index.html");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
