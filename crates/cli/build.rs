//! Rebuilds a release when the dashboard's files change, since it holds them. A debug build reads them when it runs.

fn main() {
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../../dist/index.html");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
