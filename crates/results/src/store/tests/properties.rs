//! Whatever rows come in whatever order, the store says the last word on each case.

use super::*;

fn row() -> impl Strategy<Value = Row> {
    let value = prop_oneof![
        (-3_i32..3).prop_map(|number| json!(number)),
        any::<bool>().prop_map(|flag| json!(flag)),
        "[xy]".prop_map(|text| json!(text)),
        Just(serde_json::Value::Null)
    ];
    let part = prop_oneof![Just(ColumnPart::Factor), Just(ColumnPart::Response)];
    let name = prop_oneof![Just("a"), Just("b"), Just("c")];
    let values = prop::collection::btree_map((part, name), value, 0..5);
    (prop_oneof![Just("a"), Just("b")], 0_u8..6, any::<bool>(), any::<bool>(), 0..4, values)
        .prop_map(|(batch, id, is_done, is_final, end, values)| Row { batch, id, is_done, is_final, end, values })
}

/// Returns the outcome that counts of each case, in the order in which cases were seen.
fn last_words(rows: &[Row]) -> Vec<&Row> {
    let mut words: Vec<&Row> = Vec::new();
    for row in rows {
        match words.iter_mut().find(|known| (known.batch, known.id) == (row.batch, row.id)) {
            None => words.push(row),
            Some(known) if (known.is_done, known.end) < (row.is_done, row.end) => *known = row,
            Some(_) => {}
        }
    }
    words
}

fn expected_cell(value: Option<&serde_json::Value>) -> CellValue<'_> {
    match value {
        Some(serde_json::Value::Number(number)) => CellValue::Number(number.as_f64().unwrap()),
        Some(serde_json::Value::Bool(flag)) => CellValue::Flag(*flag),
        Some(serde_json::Value::String(text)) => CellValue::Text(text),
        _ => CellValue::Missing,
    }
}

fn check_statistics(statistics: &ColumnStatistics, cells: &[CellValue<'_>]) -> Result<(), TestCaseError> {
    let numbers =
        || cells.iter().filter_map(|cell| if let CellValue::Number(number) = cell { Some(*number) } else { None });
    let missing = cells.iter().filter(|cell| **cell == CellValue::Missing).count();
    let count = numbers().count();
    prop_assert_eq!(
        (statistics.numbers, statistics.missing, statistics.texts),
        (count, missing, cells.len() - count - missing)
    );
    prop_assert_eq!(statistics.least, numbers().reduce(f64::min));
    prop_assert_eq!(statistics.most, numbers().reduce(f64::max));
    prop_assert_eq!(statistics.least_positive, numbers().filter(|number| *number > 0.0).reduce(f64::min));
    Ok(())
}

proptest! {
    #[test]
    fn a_store_has_the_last_word_on_each_case(rows in prop::collection::vec(row(), 0..60), size in 1_usize..10) {
        let mut store = ResultStore::default();
        for part in rows.chunks(size) {
            store.append(&chunk(part));
            for column in store.ids().iter().filter_map(|id| store.column(id)) {
                let _ = column.statistics();
            }
        }
        let expected = last_words(&rows);
        prop_assert_eq!(store.case_ids(), expected.iter().map(|row| id(row.id)).collect::<Vec<_>>());
        for (index, row) in expected.iter().enumerate() {
            let field = |field| store.cell(&ColumnId::Case(field), index);
            prop_assert_eq!(field(CaseField::Batch), CellValue::Text(row.batch));
            prop_assert_eq!(field(CaseField::State), CellValue::Text(row.state()));
            prop_assert_eq!(field(CaseField::EndTime), CellValue::Number(row.end.into()));
            prop_assert_eq!(field(CaseField::DurationSecs), CellValue::Number((f64::from(row.end) - 1.5).max(0.0)));
            prop_assert_eq!(field(CaseField::Signature), if row.is_done { CellValue::Missing } else { CellValue::Text("00ff") });
        }
        for part in [ColumnPart::Factor, ColumnPart::Response] {
            for name in ["a", "b", "c"] {
                let cells: Vec<_> = expected.iter().map(|row| expected_cell(row.values.get(&(part, name)))).collect();
                let column = ColumnId::of(part, name);
                prop_assert_eq!((0..store.len()).map(|row| store.cell(&column, row)).collect::<Vec<_>>(), cells.clone());
                if let Some(column) = store.column(&column) {
                    check_statistics(&column.statistics(), &cells)?;
                    for length in [column.numbers().len(), column.codes().len()] {
                        prop_assert!(length == 0 || length == store.len());
                    }
                    for (row, number) in column.numbers().iter().enumerate() {
                        prop_assert_eq!(number.to_bits(), column.number(row).to_bits());
                    }
                }
            }
        }
    }
}
