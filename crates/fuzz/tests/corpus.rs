//! Every input of the corpus does no harm. What was found by mutation stays in it.

use cruncher_fuzz::{TARGETS, corpus, trial};

/// Mutations of an older form would be refused at their first byte.
#[test]
fn what_is_encoded_is_of_this_version() {
    for (name, outcome) in [("shelf", "(Some"), ("snapshot", "(#, #, ")] {
        let target = TARGETS.iter().find(|target| target.name == name).unwrap();
        let (path, input) = corpus::inputs(target).unwrap().pop().unwrap();
        let found = (target.run)(&input);
        assert!(path.ends_with("encoded") && found.starts_with(outcome), "{found}");
    }
}

#[test]
fn the_corpus_does_no_harm() {
    for target in &TARGETS {
        for (path, input) in corpus::inputs(target).unwrap() {
            if let Err(problem) = trial::attempt(target, &input) {
                panic!("{}: {problem}", path.display());
            }
        }
    }
}
