//! Results by column: rows of segments, what the browser keeps of them, filters, and arrays.

use cruncher_results::case_states::CaseStates;
use cruncher_results::case_versions::CaseVersions;
use cruncher_results::chunk::Chunk;
use cruncher_results::curves::FoundArrays;
use cruncher_results::designed_cases::DesignedCases;
use cruncher_results::export::csv::csv;
use cruncher_results::export::npy;
use cruncher_results::filter::{RangeLimit, RowFilter, language};
use cruncher_results::order::{SortDirection, order};
use cruncher_results::percent;
use cruncher_results::store::ResultStore;

use cruncher_study::segment::parse_segment;

use super::{about, kind, said};

/// Rows that filters are applied to.
const ROWS: &[u8] = include_bytes!("../../corpus/rows/every-kind-of-value.ndjson");

/// A segment as tables and charts read it.
pub(super) fn rows(text: &[u8]) -> String {
    let parsed = Chunk::parse("worker", text);
    assert!(parsed.read_bytes <= text.len());
    let accounted = parse_segment(text);
    // The account looks at fewer fields.
    assert!(parsed.chunk.len() <= accounted.rows.len(), "a result that isn't accounted for");
    assert_eq!(parsed.read_bytes, accounted.read_bytes);
    let bytes = parsed.chunk.to_bytes();
    let again = Chunk::from_bytes(&bytes).expect("a chunk can be read");
    assert_eq!(again.to_bytes(), bytes, "it reads otherwise");
    let mut store = ResultStore::default();
    store.append(&parsed.chunk);
    store.append(&again);
    let all = store.all();
    let table = csv(&store, &all);
    let ids = store.ids();
    let first = ids.iter().take(40);
    let sorted = first.map(|id| order(&store, id, SortDirection::Descending, &all).len()).sum::<usize>();
    let matrix = npy::matrix(&store, &ids[..ids.len().min(40)], &all);
    let _ = (store.size_bytes(), matrix, sorted);
    kind(&(
        about(parsed.chunk.len()),
        about(parsed.unreadable),
        about(ids.len()),
        about(table.len()),
        store.dropped_values() > 0,
    ))
}

/// Rows as a browser keeps them.
pub(super) fn encoded_chunk() -> Vec<u8> {
    Chunk::parse("worker", ROWS).chunk.to_bytes()
}

/// What a browser has kept of an earlier visit, or another program has put there.
pub(super) fn shelf(bytes: &[u8]) -> String {
    let chunk = Chunk::from_bytes(bytes);
    if let Some(chunk) = &chunk {
        let mut store = ResultStore::default();
        store.append(chunk);
        let _ = (csv(&store, &store.all()), chunk.rows().count());
    }
    let cases = DesignedCases::from_bytes(bytes).map(|cases| about(cases.to_bytes().len()));
    let states = CaseStates::from_bytes(bytes).map(|states| about(states.to_bytes().len()));
    let versions = CaseVersions::from_bytes(bytes).map(|versions| about(versions.to_bytes().len()));
    kind(&(chunk.map(|chunk| about(chunk.len())), cases, states, versions))
}

/// A filter as it stands in an address, and as it is typed.
pub(super) fn filter(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    let mut store = ResultStore::default();
    store.append(&Chunk::parse("worker", ROWS).chunk);
    let addressed = text.parse::<RowFilter>();
    if let Ok(filter) = &addressed {
        let written = filter.to_string();
        let again = written.parse::<RowFilter>().expect("what was written can be read");
        assert_eq!(again.to_string(), written, "it reads otherwise");
        let _ = filter.apply(&store);
        let _ = language::write(filter, &store);
    }
    let typed = language::parse(&text, &store);
    if let Ok(filter) = &typed {
        let written = language::write(filter, &store);
        let again = language::parse(&written, &store).expect("what was written can be read");
        assert_eq!(again.apply(&store), filter.apply(&store), "{written:?} chooses others");
    }
    let completions = language::completions(&text, &store).len();
    if let Some(decoded) = percent::decode(&text) {
        assert_eq!(percent::decode(&percent::encode(&decoded).to_string()), Some(decoded));
    }
    let limit = RangeLimit::parse(&text).map(|limit| limit.nearest().is_finite());
    let [addressed, typed] = [
        addressed.map_or_else(|error| said(&error.problem), |_| "read".to_owned()),
        typed.map_or_else(|error| said(&error.problem), |_| "read".to_owned()),
    ];
    addressed + &typed + &kind(&(completions.min(3), limit))
}

/// Arrays of a result.
pub(super) fn curves(json: &[u8]) -> String {
    let found = FoundArrays::read(&String::from_utf8_lossy(json));
    kind(
        &found.map(|found| (about(found.series.len()), about(found.left_out), found.thinned > 0, found.numberless > 0)),
    )
}
