//! Contour lines by marching squares, between the middles of cells.

/// A place, in cells from the lower left corner of the grid.
type Place = (f64, f64);

/// Returns the lines along which the means are `level`, as far as all four cells around have a mean. Means are given row by
/// row.
///
/// If two opposite corners of a square are higher and two are lower, its middle decides. No line goes around a single cell.
pub(super) fn lines(means: &[f64], columns: usize, level: f64) -> Vec<Vec<Place>> {
    let means = &without_lonely(means, columns, level);
    let rows = means.len() / columns.max(1);
    let mut pieces = Vec::new();
    for row in 0..rows.saturating_sub(1) {
        for column in 0..columns.saturating_sub(1) {
            let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(right, up)| (column + right, row + up));
            let heights = corners.map(|(column, row)| means[row * columns + column] - level);
            if heights.iter().all(|height| height.is_finite()) {
                pieces.extend(pieces_of_square(corners, heights));
            }
        }
    }
    joined(pieces)
}

/// Returns the means; a cell that is alone on its side of the level has the mean of its neighbours instead.
fn without_lonely(means: &[f64], columns: usize, level: f64) -> Vec<f64> {
    let smoothed = |(cell, mean): (usize, &f64)| {
        let beside = [
            (cell % columns > 0).then(|| cell - 1),
            (cell % columns + 1 < columns).then_some(cell + 1),
            cell.checked_sub(columns),
            Some(cell + columns),
        ];
        let beside = beside.into_iter().flatten().filter_map(|other| means.get(other).copied());
        let known: Vec<f64> = beside.filter(|other| other.is_finite()).collect();
        let is_lonely = !known.is_empty() && known.iter().all(|other| (*other < level) != (*mean < level));
        // Each is added as a part of the sum, since the sum of the largest numbers overflows.
        let share = 1.0 / crate::number::real(known.len().max(1));
        if mean.is_finite() && is_lonely { known.iter().map(|other| other * share).sum() } else { *mean }
    };
    means.iter().enumerate().map(smoothed).collect()
}

/// Returns the lines through one square, whose corners are given counter-clockwise.
fn pieces_of_square(corners: [(usize, usize); 4], heights: [f64; 4]) -> Vec<(Place, Place)> {
    let crossings = (0..4).filter(|side| (heights[*side] < 0.0) != (heights[(side + 1) % 4] < 0.0));
    // The computation begins at the smaller corner, so that neighbouring squares get the same place to the last bit.
    let crossing = |side: usize| {
        let (one, other) = (side, (side + 1) % 4);
        let (from, to) = if corners[one] < corners[other] { (one, other) } else { (other, one) };
        let share = heights[from] / (heights[from] - heights[to]);
        let middle =
            |(column, row): (usize, usize)| (crate::number::real(column) + 0.5, crate::number::real(row) + 0.5);
        let (start, end) = (middle(corners[from]), middle(corners[to]));
        (start.0 + share * (end.0 - start.0), start.1 + share * (end.1 - start.1))
    };
    let places: Vec<Place> = crossings.map(crossing).collect();
    match places[..] {
        [from, to] => vec![(from, to)],
        [one, two, three, four] => {
            let is_middle_below = heights.iter().sum::<f64>() < 0.0;
            if is_middle_below == (heights[0] < 0.0) {
                vec![(one, two), (three, four)]
            } else {
                vec![(four, one), (two, three)]
            }
        }
        _ => Vec::new(),
    }
}

/// Joins pieces that meet to lines.
fn joined(mut pieces: Vec<(Place, Place)>) -> Vec<Vec<Place>> {
    let mut lines = Vec::new();
    while let Some((start, end)) = pieces.pop() {
        let mut line = std::collections::VecDeque::from([start, end]);
        while let Some(next) = take(&mut pieces, *line.back().unwrap_or(&end)) {
            line.push_back(next);
        }
        while let Some(next) = take(&mut pieces, *line.front().unwrap_or(&start)) {
            line.push_front(next);
        }
        lines.push(line.into());
    }
    lines
}

/// Takes out a piece that begins or ends at a place, and returns its other end.
fn take(pieces: &mut Vec<(Place, Place)>, place: Place) -> Option<Place> {
    let index = pieces.iter().rposition(|(from, to)| *from == place || *to == place)?;
    let (from, to) = pieces.swap_remove(index);
    Some(if from == place { to } else { from })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_has_one_straight_line() {
        let means: Vec<f64> = (0..12).map(|cell| f64::from(cell % 4)).collect();
        let lines = lines(&means, 4, 1.5);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].iter().all(|place| (place.0 - 2.0).abs() < 1e-12), "{lines:?}");
        assert_eq!(lines[0].len(), 3);
    }

    #[test]
    fn a_hill_has_a_ring() {
        let mut means = vec![0.0; 25];
        (means[12], means[13]) = (1.0, 1.0);
        let lines = lines(&means, 5, 0.5);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last(), "it is closed");
        assert_eq!(lines[0].len(), 7);
    }

    #[test]
    fn a_single_cell_has_none() {
        for (cell, value) in [(12, 1.0), (12, -1.0), (0, 1.0), (2, 1.0), (24, 1.0)] {
            let mut means = vec![0.0; 25];
            means[cell] = value;
            assert!(lines(&means, 5, value / 2.0).is_empty(), "{cell} {value}");
        }
        let mut row = vec![0.0; 4];
        row[1] = 1.0;
        assert!(lines(&row, 4, 0.5).is_empty());
    }

    #[test]
    fn the_middle_of_a_saddle_decides() {
        // Two hills, each of two cells, that meet at a corner.
        let means = [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0];
        assert_eq!(lines(&means, 4, 0.5).len(), 2);
        let goes_down = |level: f64| {
            let from_left = |line: &&Vec<Place>| line.iter().any(|place| place.0 < 0.6);
            lines(&means, 4, level).iter().filter(from_left).all(|line| line.iter().any(|place| place.1 < 0.6))
        };
        assert_ne!(goes_down(0.4), goes_down(0.6));
    }

    #[test]
    fn beside_an_empty_cell_there_is_no_line() {
        assert!(lines(&[0.0, 1.0, f64::NAN, 1.0], 2, 0.5).is_empty());
        assert!(lines(&[], 3, 0.5).is_empty());
    }
}
