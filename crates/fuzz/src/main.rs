//! `cruncher-fuzz --target NAME [--seed N] [--secs S] [--trace FILE]` mutates the corpus of a target for so many seconds.
//! `--list` names the targets.
//!
//! The last line is a JSON object: `executions`, `outcomes` (how many kinds were seen), `slowest_ms` and `largest_kib` of one
//! input, and `found`, each with the problem and the file of the input. An input that ends the process, by a stack that is full, is the one that `--trace` has written last.

#![expect(clippy::print_stdout, reason = "its result")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cruncher_fuzz::trial::TrialOutcome;
use cruncher_fuzz::{FuzzTarget, InputMutator, TARGETS, corpus, trial};
use serde_json::{Value, json};

/// Time that an input may take: of 64 KiB, unoptimised, on a machine that has other things to do.
const MAX_TIME: Duration = Duration::from_secs(10);

/// Maximum number of inputs with an outcome of their own.
const MAX_POOL: usize = 4_000;

/// Maximum number of problems, after which there is enough to do.
const MAX_FOUND: usize = 5;

struct FuzzOptions {
    target: Option<&'static FuzzTarget>,
    seed: u64,
    time: Duration,
    trace: Option<PathBuf>,
}

fn main() -> ExitCode {
    match options(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(is_clean) => ExitCode::from(u8::from(!is_clean)),
        Err(problem) => {
            println!("{problem}");
            ExitCode::from(2)
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<FuzzOptions, String> {
    let mut options = FuzzOptions { target: None, seed: 1, time: Duration::from_secs(10), trace: None };
    while let Some(name) = arguments.next() {
        if name == "--list" {
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--target" => {
                let found = TARGETS.iter().find(|target| target.name == value);
                options.target = Some(found.ok_or_else(|| format!("there is no target {value}"))?);
            }
            "--seed" => options.seed = value.parse().ok().ok_or("--seed is a number")?,
            "--secs" => options.time = Duration::from_secs(value.parse().ok().ok_or("--secs is a number")?),
            "--trace" => options.trace = Some(value.into()),
            _ => return Err(format!("there is no option {name}")),
        }
    }
    Ok(options)
}

fn run(options: &FuzzOptions) -> Result<bool, String> {
    let Some(target) = options.target else {
        println!("{}", TARGETS.map(|target| target.name).join("\n"));
        return Ok(true);
    };
    // What is found is told in the end.
    std::panic::set_hook(Box::new(|_| {}));
    let mut pool: Vec<Vec<u8>> = corpus::inputs(target)?.into_iter().map(|(_, input)| input).collect();
    let mut mutator = InputMutator::new(options.seed, &pool);
    let (mut kinds, mut problems, mut found) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let (mut executions, mut slowest, mut largest_bytes) = (0_u64, Duration::ZERO, 0);
    let mut corpus = pool.clone().into_iter();
    let start = now();
    while found.len() < MAX_FOUND && now() - start < options.time {
        let input = corpus.next().unwrap_or_else(|| mutator.mutated(&pool));
        if let Some(trace) = &options.trace {
            std::fs::write(trace, &input).map_err(|error| format!("{}: {error}", trace.display()))?;
        }
        executions += 1;
        match outcome(target, &input) {
            Ok((TrialOutcome { kind, memory_bytes }, taken)) => {
                slowest = slowest.max(taken);
                largest_bytes = largest_bytes.max(memory_bytes);
                if kinds.insert(kind) && pool.len() < MAX_POOL {
                    pool.push(input);
                }
            }
            Err(problem) => {
                // The same one by another input is no other one.
                if problems.insert(problem.replace(|letter: char| letter.is_ascii_digit(), "")) {
                    let input = smaller(target, input);
                    found.push(json!({ "problem": problem, "input": kept(target, &input)? }));
                }
            }
        }
    }
    let is_clean = found.is_empty();
    let told: Value = json!({ "target": target.name, "executions": executions, "outcomes": kinds.len(), "slowest_ms": slowest.as_secs_f64() * 1000.0, "largest_kib": largest_bytes >> 10, "found": found });
    println!("{told}");
    Ok(is_clean)
}

fn outcome(target: &FuzzTarget, input: &[u8]) -> Result<(TrialOutcome, Duration), String> {
    let start = now();
    let outcome = trial::attempt(target, input)?;
    let taken = now() - start;
    if taken > MAX_TIME {
        return Err(format!("{} bytes of input took {} s", input.len(), taken.as_secs()));
    }
    Ok((outcome, taken))
}

/// Leaves out what isn't needed for the input to fail.
fn smaller(target: &FuzzTarget, mut input: Vec<u8>) -> Vec<u8> {
    let (start, mut part) = (now(), input.len() / 2);
    while part > 0 && now() - start < MAX_TIME {
        let mut at = 0;
        while at < input.len() {
            let mut without = input.clone();
            without.drain(at..(at + part).min(input.len()));
            if outcome(target, &without).is_err() {
                input = without;
            } else {
                at += part;
            }
        }
        part /= 2;
    }
    input
}

/// Keeps the input in the folder of what is built, and returns its file.
fn kept(target: &FuzzTarget, input: &[u8]) -> Result<String, String> {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new("target").to_owned(), PathBuf::from);
    let folder = folder.join("fuzz");
    let sum = input
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let path = folder.join(format!("{}-{sum:016x}", target.name));
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, input));
    written.map(|()| path.display().to_string()).map_err(|error| format!("{}: {error}", path.display()))
}

#[expect(clippy::disallowed_methods, reason = "a process of this machine, and its limit is a time")]
fn now() -> Instant {
    Instant::now()
}
