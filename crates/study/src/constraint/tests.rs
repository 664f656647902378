use proptest::prelude::*;

use super::*;

fn value_of(name: &str, component: Option<usize>) -> Option<f64> {
    match (name, component) {
        ("a", None) => Some(2.0),
        ("b", None) => Some(3.0),
        ("c", Some(index @ 0..3)) => [1.0, 5.0, 9.0].get(index).copied(),
        _ => None,
    }
}

/// Whether a row with these values keeps the constraint; a row without a value for a name doesn't.
fn holds(constraint: &Constraint, value_of: impl Fn(&str, Option<usize>) -> Option<f64>) -> bool {
    let names: Vec<(&str, Option<usize>)> = constraint.names().collect();
    let row: Option<Vec<f64>> = names.iter().map(|(name, component)| value_of(name, *component)).collect();
    let bound = constraint.bind(|name, component| names.iter().position(|known| *known == (name, component)));
    row.is_some_and(|row| bound.unwrap().holds(&row))
}

fn check_holds(text: &str, expected: bool) {
    let constraint = Constraint::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(holds(&constraint, value_of), expected, "{text}");
}

#[test]
fn a_point_keeps_a_constraint_or_not() {
    for text in [
        "a <= 2",
        "a>=2",
        "a < b",
        "b > a",
        "b ≥ a",
        "a ≤ 2",
        "a*2 <= 4",
        "-a < 0",
        "--a > 0",
        "- (a - b) > 0",
        "b - a - 1 >= 0",
        "b - (a - 1) >= 2",
        "2*(a + b) - 3*(a - b)/3 >= 11",
        "a/4 <= .5",
        "2 * 3 * a / 6 <= 2.",
        "1e1 < 6*a - 1.",
        "a + 1E-3 > 2 + 5e-4",
        "c[0] < c[1] < c[2]",
        "0 < c[ 0 ] <= a < b >= a",
        "1 − a × 2 · 1 < 0",
        "a - a <= 0",
        "  a<3  ",
        "c[1] - 2*c[0] <= 1.5*a",
    ] {
        check_holds(text, true);
    }
    for text in
        ["a < 2", "a > b", "c[0] < c[2] < c[1]", "a + b <= 4.9", "2*a - 3.5e4 > 0", "x < 1", "c < 1", "c[3] < 1"]
    {
        check_holds(text, false);
    }
}

#[test]
fn sums_that_differ_by_rounding_are_equal() {
    let check = |text: &str, a: f64, expected: bool| {
        let constraint = Constraint::parse(text).unwrap();
        let value_of = |name: &str, _| Some(if name == "a" { a } else { 0.2 });
        assert_eq!(holds(&constraint, value_of), expected, "{text} at {a}");
    };
    check("a + b <= 0.3", 0.1, true);
    check("a + b < 0.3", 0.1, false);
    check("a + b > 0.3", 0.1, false);
    check("a/10 <= 0.3", 3.0, true);
    check("a + b > 0.3", 0.100_000_000_1, true);
    check("a > 0", 1e-300, true);
    check("a > 0", f64::NAN, false);
    check("a <= 0", f64::NAN, false);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let check = |text: &str, position: usize, words: &str| {
        let error = Constraint::parse(text).expect_err(text);
        assert_eq!(error.to_string(), format!("{words} (at character {position})"), "{text}");
    };
    check("", 1, "the constraint is empty: write one as in `a + b <= 1`");
    check(" \t", 1, "the constraint is empty: write one as in `a + b <= 1`");
    check(&"a".repeat(MAX_CHARS + 1), 1, "a constraint has at most 1000 characters");
    check("1 < 2", 1, "no factor is named here, so the constraint says nothing about the cases");
    check("a + b", 6, "nothing is compared here: a constraint needs <=, >=, < or >");
    let equality = "a constraint can't demand equality: a point that is drawn by chance never meets it. Leave that factor \
                    out, and let the model compute it from the others";
    check("a = 1", 3, equality);
    check("a == 1", 3, equality);
    check("a != 1", 3, "a constraint can't say `not equal`: only <=, >=, < and > are possible");
    check("a ≠ 1", 3, "a constraint can't say `not equal`: only <=, >=, < and > are possible");
    check("a =< 1", 3, "write `<=` instead of `=<`");
    check("a => 1", 3, "write `>=` instead of `=>`");
    check("a < 3,5", 6, "a comma has no meaning in a constraint: decimals have a point, as in `3.5`");
    check("a < 1.2.3", 5, "`1.2.3` is not a number");
    check("a < 1e", 5, "`1e` is not a number");
    check("a < .", 5, "`.` is not a number");
    check("a < 1e999", 5, "the number is too large");
    check("1e300 * 1e300 * a < 1", 1, "the number is too large");
    check("ä < 1", 1, "`ä` has no meaning in a constraint");
    check("a < 3 %", 7, "`%` has no meaning in a constraint");
    check("≤ a", 1, "a number or a factor is missing before `≤`");
    check("a < ", 5, "a number or a factor is missing at the end");
    check("a + < 1", 5, "a number or a factor is missing before `<`");
    check("a << 1", 4, "a number or a factor is missing before `<`");
    let product = "`+`, `-`, `*` or a comparison is missing before";
    check("2 a < 1", 3, &format!("{product} `a`: a product is written with its sign, as in `2 * a`"));
    check("2 (a - b) > 0", 3, &format!("{product} `(`: a product is written with its sign, as in `2 * a`"));
    check("(a b) > 0", 4, &format!("{product} `b`: a product is written with its sign, as in `2 * a`"));
    let conjunction = "can't connect two conditions: write each of them as a constraint of its own";
    check("a < 1 and b < 2", 7, &format!("`and` {conjunction}"));
    check("(a < 1", 4, "`)` is missing before `<`");
    check("1 > (a", 7, "`)` is missing at the end");
    check("a) < 1", 2, "`(` is missing before `)`");
    check("a < 1)", 6, "`(` is missing before `)`");
    let function = "followed by a parenthesis would be a function, and a constraint is a sum: functions are impossible";
    check("1 < sin(a)", 5, &format!("`sin` {function}"));
    let sum = "a constraint is a sum of factors, each times a number at most";
    check("a ** 2 < 1", 3, &format!("powers are impossible: {sum}"));
    check("a^2 < 1", 2, &format!("powers are impossible: {sum}"));
    check("1 < a * (1 + b)", 7, &format!("two factors can't be multiplied: {sum}"));
    check("1/a < 1", 2, "only a number can stand below a fraction, no factor");
    check("a/(1 - 1) < 1", 2, "this divides by zero");
    check("c[] < 1", 3, "a component is given by its number, counted from 0, as in `c[0]`");
    check("c[-1] < 1", 3, "a component is given by its number, counted from 0, as in `c[0]`");
    check("c[i] < 1", 3, "a component is given by its number, counted from 0, as in `c[0]`");
    check("c[1.5] < 1", 3, "a component is given by its number, counted from 0, as in `c[0]`");
    check("c[1 < 1", 5, "`]` is missing before `<`");
    check("c[1", 4, "`]` is missing at the end");
    check(&format!("{}a < 1", "(".repeat(60)), 51, "there are too many parentheses inside one another");
    check("ab + µ < 1", 6, "`µ` has no meaning in a constraint");
}

#[test]
fn names_are_compared_with_the_factors() {
    let shape_of = |name: &str| match name {
        "a" => Some(NameShape::Scalar),
        "c" => Some(NameShape::Vector(3)),
        "soil" => Some(NameShape::NotANumber),
        _ => None,
    };
    let check = |text: &str, expected: Result<(), &str>| {
        let checked = Constraint::parse(text).unwrap().check(shape_of).map_err(|error| error.to_string());
        assert_eq!(checked, expected.map_err(str::to_owned), "{text}");
    };
    check("a + c[2] < c[0]", Ok(()));
    check("a < x", Err("there is no factor `x` (at character 5)"));
    check("a < c", Err("`c` is a vector: say which component, as in `c[0]` (at character 5)"));
    check("a[0] < 1", Err("`a` is a single number and has no components: write `a` (at character 1)"));
    check("1 < c[3]", Err("`c` has no component 3: its 3 are counted from 0 (at character 5)"));
    check("soil > 1", Err("the values of `soil` are no numbers, so they can't be compared (at character 1)"));
}

#[test]
fn each_name_is_told_once() {
    let constraint = Constraint::parse("c[1] + a < 2*a + c[0] + c[1]").unwrap();
    assert_eq!(constraint.names().collect::<Vec<_>>(), [("c", Some(1)), ("a", None), ("c", Some(0))]);
    assert_eq!(constraint.bind(|name, _| (name == "c").then_some(0)), None);
}

#[test]
fn a_constraint_is_stored_as_it_was_typed() {
    let constraint: Constraint = serde_json::from_str(r#"" a<=2 *b""#).unwrap();
    assert_eq!(constraint.to_string(), " a<=2 *b");
    assert_eq!(serde_json::to_string(&constraint).unwrap(), r#"" a<=2 *b""#);
    let error = serde_json::from_str::<Constraint>(r#""a < ""#).unwrap_err();
    assert_eq!(error.to_string(), "a number or a factor is missing at the end (at character 5)");
}

/// A linear expression as a text, and its coefficients of `a`, `b`, `c[0]` and 1.
fn expression() -> impl Strategy<Value = (String, [f64; 4])> {
    let number = (-99..100_i32).prop_map(|number| f64::from(number) / 4.0);
    let atom = prop_oneof![
        number.clone().prop_map(|number| (format!("({number})"), [0.0, 0.0, 0.0, number])),
        (0..3_usize).prop_map(|input| {
            let mut coefficients = [0.0; 4];
            coefficients[input] = 1.0;
            (["a", "b", "c[0]"][input].to_owned(), coefficients)
        }),
    ];
    atom.prop_recursive(6, 24, 2, move |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|((l, left), (r, right))| (format!("{l} + {r}"), combine(left, right, 1.0))),
            pair.prop_map(|((l, left), (r, right))| (format!("{l}-({r})"), combine(left, right, -1.0))),
            (number.clone(), inner.clone()).prop_map(|(n, (t, c))| (format!("{n}*({t})"), c.map(|c| n * c))),
            (inner.clone(), 1..9_i32)
                .prop_map(|(text, n)| (format!("({})/{n}", text.0), text.1.map(|c| c / f64::from(n)))),
            inner.prop_map(|(text, coefficients)| (format!("-({text})"), coefficients.map(|c| -c))),
        ]
    })
}

fn combine(left: [f64; 4], right: [f64; 4], sign: f64) -> [f64; 4] {
    std::array::from_fn(|index| left[index] + sign * right[index])
}

proptest! {
    #[test]
    fn a_constraint_says_what_its_coefficients_say(
        (left, coefficients) in expression(), point in prop::array::uniform3(-100.0..100.0_f64),
    ) {
        let constraint = Constraint::parse(&format!("0*a + {left} < 0.125")).unwrap();
        let [a, b, c, constant] = coefficients;
        let direct = a * point[0] + b * point[1] + c * point[2] + constant - 0.125;
        let size: f64 = coefficients.iter().map(|number| 100.0 * number.abs()).sum();
        prop_assume!(direct.abs() > 1e-9 * size);
        let bound = constraint.bind(|name, _| Some(usize::from(name.as_bytes()[0] - b'a'))).unwrap();
        prop_assert_eq!(bound.holds(&point), direct < 0.0);
    }

    #[test]
    fn whatever_is_typed_is_read_or_refused_at_a_place_in_it(text in "[ab0-9c.e+*/()<>=\\-\\[\\] ≤µ]{0,30}") {
        match Constraint::parse(&text) {
            Ok(constraint) => {
                let json = serde_json::to_string(&constraint).unwrap();
                prop_assert_eq!(serde_json::from_str::<Constraint>(&json).unwrap(), constraint);
            }
            Err(error) => prop_assert!((1..=text.chars().count() + 1).contains(&error.position)),
        }
    }
}
