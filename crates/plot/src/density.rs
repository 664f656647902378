//! Points projected to two axes, and to one: as rasters, since there may be a hundred thousand.

use crate::histogram::grid_step;
use crate::number::{extent, whole};

/// Sizes of dots by the number of points: with so many points or fewer, a dot has that radius as a share of the picture's side.
/// More points than these are single pixels.
const SIZES: [(usize, f64); 4] = [(100, 0.022), (500, 0.015), (3_000, 0.010), (20_000, 0.006)];

/// Least darkness of a pixel with a point, however many points fall on one another elsewhere.
const LIGHTEST: f64 = 64.0;

/// Returns the darkness of each pixel of a square picture, from 0 to 255, row by row from the top.
///
/// The places run from 0 to 1, `x` to the right and `y` upwards. No point is left out: a pixel with many points is darker, by
/// the square root of their number, so that single points can still be seen.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "pixels are counted, and places lie between 0 and 1"
)]
pub fn shadow(x: &[f64], y: &[f64], side_px: usize) -> Vec<u8> {
    let dot = dot(x.len(), side_px);
    let margin = dot.iter().map(|(dx, _)| dx.unsigned_abs()).max().unwrap_or(0);
    let mut counts = vec![0_u32; side_px * side_px];
    let span = side_px.saturating_sub(1 + 2 * margin) as f64;
    for (x, y) in x.iter().zip(y) {
        let column = margin + (x * span).round() as usize;
        let row = margin + ((1.0 - y) * span).round() as usize;
        for (dx, dy) in &dot {
            let place = (column.wrapping_add_signed(*dx), row.wrapping_add_signed(*dy));
            if place.0 < side_px && place.1 < side_px {
                counts[place.1 * side_px + place.0] += 1;
            }
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let darkness = |count: &u32| match count {
        0 => 0,
        count => (LIGHTEST + (255.0 - LIGHTEST) * (f64::from(*count) / f64::from(most)).sqrt()) as u8,
    };
    counts.iter().map(darkness).collect()
}

/// Returns the pixels of a dot, as offsets from its middle.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a dot has a few pixels")]
fn dot(points: usize, side_px: usize) -> Vec<(isize, isize)> {
    let share = SIZES.iter().find(|(most, _)| points <= *most).map_or(0.0, |(_, share)| *share);
    let radius = share * side_px as f64;
    let reach = radius.floor() as isize;
    let is_inside = |(dx, dy): &(isize, isize)| ((dx * dx + dy * dy) as f64) <= radius * radius + 0.25;
    (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy))).filter(is_inside).collect()
}

/// Counts the points in each of `bins` equal parts of an axis.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "places lie between 0 and 1"
)]
pub fn histogram(places: &[f64], bins: usize) -> Vec<u32> {
    let mut counts = vec![0; bins];
    for place in places {
        let bin = ((place * bins as f64) as usize).min(bins.saturating_sub(1));
        counts[bin] += 1;
    }
    counts
}

/// Returns the number of equal parts of a histogram whose points stand on a grid, such as whole numbers or levels. A part has
/// one value of the grid, or, so that there are no more than `most` parts, equally many values except for the last part. `None`
/// if the points stand on no grid, or if the grid has more than half as many values as there are points.
#[must_use]
pub fn bins_of_grid(places: &[f64], most: usize) -> Option<usize> {
    let ends = extent(places.iter().copied())?;
    let step = grid_step(places.iter().copied(), ends)?;
    // Grid values include both ends of the axis, or stand in the middle of equal parts.
    let values = whole((1.0 / step).round()) + usize::from(ends.0 < step / 4.0);
    let each = values.div_ceil(most.max(1));
    (2 * values <= places.len()).then_some(values.div_ceil(each))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_point_is_a_dot_at_its_place() {
        let picture = shadow(&[0.0], &[1.0], 100);
        let dark: Vec<usize> = (0..picture.len()).filter(|pixel| picture[*pixel] == 255).collect();
        assert!(dark.len() > 5, "{}", dark.len());
        assert!(dark.iter().all(|pixel| pixel % 100 < 6 && pixel / 100 < 6), "at the upper left");
    }

    #[test]
    fn a_hundred_thousand_points_are_all_counted() {
        let x: Vec<f64> = (0..100_000).map(|index| f64::from(index % 10) / 9.0).collect();
        let picture = shadow(&x, &vec![0.0; x.len()], 10);
        assert_eq!(picture[90..], [255; 10], "ten thousand in each pixel of the lowest row");
        assert!(picture[..90].iter().all(|pixel| *pixel == 0));
    }

    #[test]
    fn where_more_points_fall_it_is_darker() {
        let x: Vec<f64> = (0..100_000).map(|index| f64::from(u8::from(index % 4 == 0))).collect();
        let picture = shadow(&x, &x, 2);
        assert_eq!(picture, [0, 174, 255, 0]);
    }

    #[test]
    fn each_value_of_a_grid_has_a_bin() {
        let middles =
            |levels: u32| (0..600).map(|point| (f64::from(point % levels) + 0.5) / f64::from(levels)).collect();
        let steps = |levels: u32| (0..600).map(|point| f64::from(point % levels) / f64::from(levels - 1)).collect();
        let check =
            |places: Vec<f64>, bins: Option<usize>| assert_eq!(bins_of_grid(&places, 20), bins, "{:?}", &places[..9]);
        check(middles(11), Some(11));
        check(steps(11), Some(11));
        check(middles(30), Some(15));
        check(middles(500), None);
        check((0..600).map(|point| f64::from(point * point) / 359_000.0).collect(), None);
        assert_eq!(histogram(&middles(11), 11)[..3], [55, 55, 55]);
        assert_eq!(histogram(&steps(11), 11)[8..], [54, 54, 54]);
        assert_eq!(bins_of_grid(&[], 20), None);
    }

    #[test]
    fn every_point_is_in_one_bin() {
        assert_eq!(histogram(&[0.0, 0.1, 0.5, 0.999, 1.0], 2), [2, 3]);
        assert_eq!(histogram(&[], 3), [0, 0, 0]);
    }
}
