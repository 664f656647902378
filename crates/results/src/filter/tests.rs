use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::column_id::CaseField;
use crate::number::LargeInteger;
use crate::samples;

fn values() -> ResultStore {
    let values = [json!(1), json!(2.5), json!("clay"), json!(true), json!(null), json!("2.5"), json!(-3)];
    samples::factor("c", &values)
}

fn check(filter: &str, rows: &[usize]) {
    let filter: RowFilter = filter.parse().unwrap_or_else(|error| panic!("{filter}: {error}"));
    assert_eq!(filter.apply(&values()).iter().collect::<Vec<_>>(), rows, "{filter}");
}

#[test]
fn a_range_drawn_beyond_the_outermost_number_is_open_there() {
    let drawn = |name: &str, ends: (f64, f64)| {
        let condition = FilterCondition::drawn(&values(), &ColumnId::Factor(name.into()), ends);
        let text = condition.to_string();
        assert_eq!(text.parse(), Ok(RowFilter { conditions: vec![condition] }), "{text}");
        text
    };
    assert_eq!(drawn("c", (-2.5, 2.25)), "factor.c:-2.5..2.25");
    assert_eq!(drawn("c", (0.5, 2.75)), "factor.c:0.5..");
    assert_eq!(drawn("c", (0.5, 2.5)), "factor.c:0.5..");
    assert_eq!(drawn("c", (-3.5, 0.5)), "factor.c:..0.5");
    assert_eq!(drawn("c", (-3.0, 9.5)), "factor.c:..");
    assert_eq!(drawn("unknown", (0.5, 2.25)), "factor.unknown:0.5..2.25");
}

#[test]
fn rows_meet_all_conditions() {
    check("", &[0, 1, 2, 3, 4, 5, 6]);
    check("factor.c:1..2.5", &[0, 1]);
    check("factor.c:..1", &[0, 6]);
    check("factor.c:2..", &[1]);
    check("factor.c:..", &[0, 1, 6]);
    check("factor.c:2..1", &[]);
    check("factor.c:clay|true|x", &[2, 3]);
    check("factor.c:2.50", &[1]);
    check("factor.c:2.5", &[1, 5]);
    check("factor.c:NaN|nan|inf|missing", &[]);
    check("factor.c:", &[]);
    check("factor.c:!*", &[]);
    check("factor.c:*", &[0, 1, 2, 3, 5, 6]);
    check("factor.c:!", &[4]);
    check("factor.d:!", &[0, 1, 2, 3, 4, 5, 6]);
    check("factor.d:*", &[]);
    check("factor.d:..", &[]);
    check("case.state:done,case.level:3,factor.c:..1", &[0, 6]);
    check("case.state:failed", &[]);
    check("case.pool:main|gpu", &[0, 1, 2, 3, 4, 5, 6]);
    check("case.pool:gpu", &[]);
    check("case.case_id:00000000000000000000000000000002|00000000000000000000000000000000", &[0, 2]);
    check("case.case_id:", &[]);
}

#[test]
fn large_integers_are_chosen_digit_by_digit() {
    let values = [
        json!(4_611_686_018_427_387_905_u64),
        json!(4_611_686_018_427_387_906_u64),
        json!(4_611_686_018_427_387_907_u64),
        json!(4_611_686_018_427_387_904_f64),
        json!(18_446_744_073_709_551_615_u64),
        json!(-9_223_372_036_854_775_807_i64),
        json!("4611686018427387906"),
        json!(null),
        json!(7),
    ];
    let store = samples::factor("seed", &values);
    for (filter, rows) in [
        ("4611686018427387906", &[1, 6][..]),
        ("4611686018427387905|18446744073709551615|7", &[0, 4, 8]),
        ("4611686018427387904", &[3]),
        ("4611686018427387904.0", &[3]),
        ("4611686018427387908", &[]),
        ("-9223372036854775807", &[5]),
        ("4611686018427387905..4611686018427387906", &[0, 1]),
        ("4611686018427387906..", &[1, 2, 4]),
        ("..4611686018427387904", &[3, 5, 8]),
        ("4.611686018427388e18..", &[0, 1, 2, 3, 4]),
        ("..4.611686018427388e18", &[0, 1, 2, 3, 5, 8]),
        ("-9223372036854775806..0", &[]),
        ("18446744073709551615..", &[4]),
        ("*", &[0, 1, 2, 3, 4, 5, 6, 8]),
    ] {
        let filter: RowFilter = format!("factor.seed:{filter}").parse().unwrap();
        assert_eq!(filter.apply(&store).iter().collect::<Vec<_>>(), rows, "{filter}");
        assert_eq!(filter.to_string().parse(), Ok(filter));
    }
}

#[test]
fn a_filter_is_a_short_text() {
    let column = ColumnId::Factor("c".into());
    let mut filter = RowFilter::default();
    filter.set(FilterCondition::Range { column: column.clone(), least: Some(1.0.into()), most: None });
    filter.set(FilterCondition::Range {
        column: column.clone(),
        least: Some(200_000.0.into()),
        most: Some(300_000.0.into()),
    });
    let states = vec!["done".to_owned(), "failed".to_owned()];
    filter.set(FilterCondition::OneOf { column: ColumnId::Case(CaseField::State), values: states });
    filter
        .set(FilterCondition::OneOf { column: column.clone(), values: vec!["a..b".into(), "*".into(), String::new()] });
    assert_eq!(filter.to_string(), "factor.c:2e5..3e5,case.state:done|failed,factor.c:a%2E%2Eb|%2A|");
    filter.clear(&column);
    assert_eq!(filter.to_string(), "case.state:done|failed");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, error) in [
        ("factor.c", "in the condition at character 1: there is no colon between a column and what its values are"),
        (
            "factor.ä:1,,",
            "in the condition at character 12: there is no colon between a column and what its values are",
        ),
        (
            "factor.c:1,c:1..2",
            "in the condition at character 12: there is no such column: a column is called `case.…`, `factor.…` or `response.…`",
        ),
        ("factor.c:1..x", "in the condition at character 1: `x` is no number"),
        ("factor.c:1..2..3", "in the condition at character 1: `2..3` is no number"),
        ("factor.c:..inf", "in the condition at character 1: `inf` is no number"),
        ("factor.c:%ff", "in the condition at character 1: its percent signs make no text in UTF-8"),
        ("case.case_id:x", "in the condition at character 1: a case id has 32 lower-case hex digits, `x` hasn't"),
    ] {
        assert_eq!(text.parse::<RowFilter>().map_err(|error| error.to_string()), Err(error.to_owned()), "{text}");
    }
}

fn column() -> impl Strategy<Value = ColumnId> {
    prop_oneof![
        any::<String>().prop_map(ColumnId::Factor),
        "[a-c.,:|*!]{0,3}".prop_map(ColumnId::Response),
        Just(ColumnId::Case(CaseField::State))
    ]
}

fn condition() -> impl Strategy<Value = FilterCondition> {
    let float = prop_oneof![any::<f64>(), (-3_i8..4).prop_map(f64::from)].prop_map(RangeLimit::Float).boxed();
    let integer =
        any::<u64>().prop_filter_map("it is large", LargeInteger::of_u64).prop_map(RangeLimit::Integer).boxed();
    let end = move || prop::option::of(prop_oneof![float.clone(), integer.clone()]);
    let value = prop_oneof![any::<String>(), "[a.|,:*!]{0,3}"];
    prop_oneof![
        (column(), end(), end()).prop_map(|(column, least, most)| FilterCondition::Range { column, least, most }),
        (column(), prop::collection::vec(value, 0..4))
            .prop_map(|(column, values)| FilterCondition::OneOf { column, values }),
        column().prop_map(FilterCondition::HasValue),
        column().prop_map(FilterCondition::HasNone),
        prop::collection::vec((0_usize..9).prop_map(samples::case_id), 0..4).prop_map(FilterCondition::Cases),
    ]
}

proptest! {
    #[test]
    fn any_filter_comes_back_from_its_text(conditions in prop::collection::vec(condition(), 0..5)) {
        let filter = RowFilter { conditions };
        let text = filter.to_string();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && !b"&#?/\"<>".contains(&byte)), "{}", text);
        prop_assert_eq!(text.parse(), Ok(filter.clone()));
        let _ = filter.apply(&values());
    }

    #[test]
    fn text_of_any_kind_does_no_harm(text in prop_oneof![any::<String>(), "(case|factor|response|.)[.](level|c|case_id)[:,|.*!0-9e%-]{0,12}"]) {
        if let Ok(filter) = text.parse::<RowFilter>() {
            let _ = filter.apply(&values());
            prop_assert_eq!(filter.to_string().parse(), Ok(filter));
        }
    }

    #[test]
    fn integers_are_compared_digit_by_digit(
        away in prop::collection::vec(-3_000_i64..3_000, 1..60),
        base in prop::sample::select(vec![1_u64 << 53, 1 << 62, 1 << 63, u64::MAX - 3_000]),
        ends in (-3_000_i64..3_000, -3_000_i64..3_000),
    ) {
        let integer = |away: i64| base.saturating_add_signed(away);
        let values: Vec<_> = away.iter().map(|away| json!(integer(*away))).collect();
        let store = samples::factor("c", &values);
        let (least, most) = (integer(ends.0.min(ends.1)), integer(ends.0.max(ends.1)));
        let rows = |filter: String| filter.parse::<RowFilter>().unwrap().apply(&store).iter().collect::<Vec<_>>();
        let expected = |is_it: &dyn Fn(u64) -> bool| (0..away.len()).filter(|row| is_it(integer(away[*row]))).collect::<Vec<_>>();
        prop_assert_eq!(rows(format!("factor.c:{least}..{most}")), expected(&|value| (least..=most).contains(&value)));
        prop_assert_eq!(rows(format!("factor.c:{least}..")), expected(&|value| value >= least));
        prop_assert_eq!(rows(format!("factor.c:{}|{most}", integer(away[0]))), expected(&|value| value == integer(away[0]) || value == most));
    }

    #[test]
    fn ranges_hold_what_is_between_their_ends(numbers in prop::collection::vec(prop::option::of(-5_i32..5), 1..200), least in -6_i32..6, most in -6_i32..6) {
        let store = samples::factor("c", &numbers.iter().map(|number| json!(number)).collect::<Vec<_>>());
        let filter = RowFilter { conditions: vec![FilterCondition::Range { column: ColumnId::Factor("c".into()), least: Some(RangeLimit::Float(least.into())), most: Some(RangeLimit::Float(most.into())) }] };
        let is_within = |row: &usize| numbers[*row].is_some_and(|number| (least..=most).contains(&number));
        prop_assert_eq!(filter.apply(&store).iter().collect::<Vec<_>>(), (0..numbers.len()).filter(is_within).collect::<Vec<_>>());
    }
}
