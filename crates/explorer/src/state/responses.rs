//! Responses that are numbers, flags or texts: means of those that have one, and counts of texts.

use std::collections::BTreeMap;

use cruncher_results::column_id::ColumnId;
use cruncher_results::store::ResultStore;

/// Maximum number of texts that are counted one by one.
const MAX_TEXTS: usize = 12;

/// Whether a column has texts or flags, and no numbers.
pub(crate) fn is_text(store: &ResultStore, id: &ColumnId) -> bool {
    store.column(id).is_some_and(|column| {
        let statistics = column.statistics();
        statistics.numbers == 0 && statistics.texts > 0
    })
}

/// Whether a column has a mean: numbers have one, and flags, where it is the share of those that are true. Texts have an order
/// in the alphabet only, which says nothing.
pub(crate) fn has_mean(store: &ResultStore, id: &ColumnId) -> bool {
    store.column(id).is_some_and(|column| column.statistics().numbers > 0 || store.has_flags_only(column))
}

/// Returns the response that is shown before anybody has chosen one: the first that has numbers; else the first of flags, then
/// of texts.
pub(crate) fn default_response(store: &ResultStore, responses: &[ColumnId]) -> Option<ColumnId> {
    let first = |is_it: fn(&ResultStore, &ColumnId) -> bool| responses.iter().find(|id| is_it(store, id)).cloned();
    first(|store, id| !is_text(store, id)).or_else(|| first(has_mean)).or_else(|| responses.first().cloned())
}

/// Counts of cases by text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TextCounts {
    /// Each text with the number of cases that have it, the most frequent first.
    pub(crate) texts: Vec<(String, u64)>,
    /// Number of texts besides.
    pub(crate) more_texts: u64,
    /// Number of cases that have one of those.
    pub(crate) more_cases: u64,
    /// Number of cases without a text.
    pub(crate) without: u64,
    /// Number of cases with a text.
    pub(crate) cases: u64,
}

impl TextCounts {
    /// Counts the texts of a column at these rows.
    pub(crate) fn of(store: &ResultStore, id: &ColumnId, rows: &[u32]) -> Self {
        let Some(column) = store.column(id) else { return Self::default() };
        let mut by_code = BTreeMap::<u32, u64>::new();
        for row in rows {
            *by_code.entry(column.code(*row as usize)).or_default() += 1;
        }
        let without = by_code.remove(&0).unwrap_or_default();
        let mut texts: Vec<(String, u64)> =
            by_code.into_iter().map(|(code, cases)| (store.label(code).to_owned(), cases)).collect();
        texts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let cases = texts.iter().map(|text| text.1).sum();
        let more = texts.split_off(texts.len().min(MAX_TEXTS));
        let more_cases = more.iter().map(|text| text.1).sum();
        Self { texts, more_texts: more.len() as u64, more_cases, without, cases }
    }
}

#[cfg(test)]
mod tests {
    use cruncher_results::chunk::Chunk;
    use serde_json::{Value, json};

    use super::*;

    fn store(results: &[Value]) -> ResultStore {
        let row = |(number, result): (usize, &Value)| {
            let row = json!({"batch": "a", "case_id": format!("{number:032x}"), "outcome": "done", "start_time": 0, "end_time": 1,
                "result": result});
            format!("{row}\n")
        };
        let text: String = results.iter().enumerate().map(row).collect();
        let mut store = ResultStore::default();
        store.append(&Chunk::parse("w", text.as_bytes()).chunk);
        store
    }

    fn response(name: &str) -> ColumnId {
        ColumnId::Response(name.into())
    }

    #[test]
    fn numbers_come_before_flags_and_flags_before_texts() {
        let store = store(&[
            json!({"verdict": "stable", "ok": true, "load": 1, "mixed": "x", "half": true}),
            json!({"verdict": "slope failed", "ok": false, "load": 2, "mixed": 3, "half": "maybe"}),
        ]);
        for (responses, expected) in [
            (&["verdict", "ok", "load"][..], Some("load")),
            (&["verdict", "mixed"], Some("mixed")),
            (&["verdict", "half", "ok"], Some("ok")),
            (&["verdict", "half"], Some("verdict")),
            (&[], None),
        ] {
            let responses: Vec<ColumnId> = responses.iter().map(|name| response(name)).collect();
            assert_eq!(default_response(&store, &responses), expected.map(response), "{responses:?}");
        }
        let means = ["load", "ok", "mixed", "verdict", "half"].map(|name| has_mean(&store, &response(name)));
        assert_eq!(means, [true, true, true, false, false]);
    }

    #[test]
    fn texts_are_counted_the_most_frequent_first() {
        let texts = ["b", "a", "c", "b", "a", "b"].map(|text| json!({ "t": text }));
        let store = store(&[&texts[..], &[json!({ "t": null }), json!({})]].concat());
        let count = |rows: &[u32]| TextCounts::of(&store, &response("t"), rows);
        let all = count(&[0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(all.texts, [("b".to_owned(), 3), ("a".to_owned(), 2), ("c".to_owned(), 1)]);
        assert_eq!((all.cases, all.without, all.more_texts), (6, 2, 0));
        assert_eq!(count(&[1, 4, 7]).texts, [("a".to_owned(), 2)]);
    }

    #[test]
    fn of_many_texts_the_rest_is_counted() {
        let results: Vec<Value> = (0..100).map(|number| json!({"t": format!("{:03}", number.min(60))})).collect();
        let counts = TextCounts::of(&store(&results), &response("t"), &(0..100).collect::<Vec<u32>>());
        assert_eq!((counts.texts.len(), counts.texts[0].clone()), (MAX_TEXTS, ("060".to_owned(), 40)));
        assert_eq!((counts.more_texts, counts.more_cases, counts.cases), (49, 49, 100));
    }
}
