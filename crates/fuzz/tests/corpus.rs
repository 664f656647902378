//! Every input of the corpus does no harm. What was found by mutation stays in it.

use cruncher_fuzz::{TARGETS, corpus, trial};

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
