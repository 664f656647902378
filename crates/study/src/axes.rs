//! Places of a design's points along its dimensions, as a preview draws them.

use cruncher_sampling::UnitPoints;

use crate::case::ParameterValue;
use crate::design::{DesignPoints, DesignRows};
use crate::factor::{Factor, FactorValues};

/// Maximum number of different texts of an imported column that a preview tells apart.
const MAX_TEXTS: usize = 50;

/// One dimension of a design, and the place of every point on it.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignAxis {
    /// The factor's name, or that of its component: `c[0]`.
    pub name: String,
    /// The unit of its values.
    pub unit: String,
    /// The value at its beginning.
    pub least: ParameterValue,
    /// The value at its end.
    pub most: ParameterValue,
    /// Each point's place, from 0 at the beginning to 1 at the end. Levels lie in the middle of equal parts.
    pub places: Vec<f64>,
}

/// Returns the dimensions in which points of a design differ. A factor with the same value everywhere has none.
#[must_use]
pub fn axes(design: &DesignPoints) -> Vec<DesignAxis> {
    match design.rows() {
        DesignRows::Sampled(points) => sampled_axes(design.factors(), points),
        DesignRows::Listed(rows) => listed_axes(design, rows),
    }
}

fn sampled_axes(factors: &[Factor], points: &UnitPoints) -> Vec<DesignAxis> {
    let mut dimension = 0;
    let mut axes = Vec::new();
    for factor in factors.iter().filter(|factor| factor.dimensions() > 0) {
        for name in factor.columns() {
            let place = |fraction: &f64| factor.levels().map_or(*fraction, |levels| middle_of_part(*fraction, levels));
            let places = points.column(dimension).iter().map(place).collect();
            axes.push(DesignAxis {
                name,
                unit: factor.unit.clone(),
                least: factor.at(0.0),
                most: factor.at(1.0),
                places,
            });
            dimension += 1;
        }
    }
    axes
}

#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 levels are as good as a continuum")]
fn middle_of_part(fraction: f64, levels: u64) -> f64 {
    let levels = levels as f64;
    ((fraction * levels).floor().min(levels - 1.0) + 0.5) / levels
}

fn listed_axes(design: &DesignPoints, rows: &[Vec<ParameterValue>]) -> Vec<DesignAxis> {
    let mut axes = Vec::new();
    let listed = design.factors().iter().filter(|factor| factor.values == FactorValues::Listed);
    for (position, factor) in listed.enumerate() {
        for (component, name) in factor.columns().into_iter().enumerate() {
            let value = |row: &Vec<ParameterValue>| match row.get(position)? {
                ParameterValue::List(components) => components.get(component).cloned(),
                value => Some(value.clone()),
            };
            let column: Vec<ParameterValue> = rows.iter().filter_map(value).collect();
            axes.extend(listed_axis(name, &factor.unit, &column));
        }
    }
    axes
}

fn listed_axis(name: String, unit: &str, column: &[ParameterValue]) -> Option<DesignAxis> {
    let numbers: Option<Vec<f64>> = column.iter().map(ParameterValue::as_number).collect();
    let unit = unit.to_owned();
    if let Some(numbers) = numbers {
        let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // The range of the largest numbers is no finite number, the range of their halves is.
        let scale = if (most - least).is_finite() { 1.0 } else { 0.5 };
        let range = scale * most - scale * least;
        let places = numbers.iter().map(|number| (scale * number - scale * least) / range).collect();
        let [least, most] = [least, most].map(ParameterValue::Number);
        return (least != most).then_some(DesignAxis { name, unit, least, most, places });
    }
    let mut texts: Vec<String> = column.iter().map(text).collect();
    texts.sort_unstable();
    texts.dedup();
    let place = |value: &ParameterValue| {
        let index = texts.binary_search(&text(value)).unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "a few texts")]
        let place = (index as f64 + 0.5) / texts.len() as f64;
        place
    };
    let is_told_apart = (2..=MAX_TEXTS).contains(&texts.len());
    let (least, most) = (ParameterValue::Text(texts.first()?.clone()), ParameterValue::Text(texts.last()?.clone()));
    is_told_apart.then(|| DesignAxis { name, unit, least, most, places: column.iter().map(place).collect() })
}

fn text(value: &ParameterValue) -> String {
    match value {
        ParameterValue::Text(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::DesignFile;

    fn axes_of(json: &str) -> Vec<DesignAxis> {
        let file: DesignFile = serde_json::from_str(&format!(
            r#"{{"batch": "b", "model": {{"file": "m.py", "kind": "python"}}, {json}}}"#
        ))
        .unwrap();
        axes(&file.design().unwrap())
    }

    #[test]
    fn a_sampled_design_has_an_axis_for_each_dimension() {
        let axes = axes_of(
            r#""sampler": {"kind": "full_grid", "steps": 3}, "factors": [{"name": "k", "minimum": 1, "maximum": 100, "scale": "log",
                "unit": "m/s"}, {"name": "w", "value": 2}, {"name": "n", "count": 2, "minimum": 1, "maximum": 2, "integer": true}]"#,
        );
        assert_eq!(axes.iter().map(|axis| axis.name.as_str()).collect::<Vec<_>>(), ["k", "n[0]", "n[1]"]);
        assert_eq!((&axes[0].least, &axes[0].most), (&ParameterValue::Number(1.0), &ParameterValue::Number(100.0)));
        assert_eq!(axes[0].places[..5], [0.0, 0.0, 0.0, 0.0, 0.5]);
        assert_eq!(axes[1].places[..4], [0.25, 0.25, 0.75, 0.75], "levels lie in the middle of their parts");
    }

    #[test]
    fn an_imported_table_has_an_axis_for_each_column_that_differs() {
        let axes = axes_of(
            r#""sampler": {"kind": "table"}, "table": {"columns": [{"name": "c"}, {"name": "soil"}, {"name": "same"}],
                "rows": [[10, "sand", 1], [20.0, "clay", 1], [15, "sand", 1]]}"#,
        );
        assert_eq!(axes.len(), 2);
        assert_eq!((axes[0].name.as_str(), axes[0].places.as_slice()), ("c", [0.0, 1.0, 0.5].as_slice()));
        assert_eq!(axes[1].places, [0.75, 0.25, 0.75]);
        let largest = axes_of(
            r#""sampler": {"kind": "table"}, "table": {"columns": [{"name": "c"}], "rows": [[-1.7e308], [1.7e308], [0]]}"#,
        );
        assert_eq!(largest[0].places, [0.0, 1.0, 0.5]);
    }
}
