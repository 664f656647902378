//! Clipping of lines and shapes to a rectangle.

use crate::frame::PlotFrame;
use crate::scene::Place;

/// A rectangle: its upper left corner and its lower right one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PixelRect {
    from: Place,
    to: Place,
}

impl PixelRect {
    /// Returns the rectangle between two opposite corners.
    pub(crate) fn between(one: Place, other: Place) -> Self {
        Self { from: (one.0.min(other.0), one.1.min(other.1)), to: (one.0.max(other.0), one.1.max(other.1)) }
    }

    /// Returns the rectangle of a frame.
    pub(crate) fn of(frame: &PlotFrame) -> Self {
        Self::between((frame.left_px, frame.top_px), (frame.right_px, frame.bottom_px))
    }

    /// Whether a line between two successive places touches it.
    pub(crate) fn is_touched(&self, places: impl Iterator<Item = Place>) -> bool {
        pairs(places).any(|(from, to)| self.clipped(from, to).is_some())
    }

    /// Returns the parts of a path that lie in it.
    pub(crate) fn paths(&self, places: impl Iterator<Item = Place>) -> Vec<Vec<Place>> {
        let mut paths: Vec<Vec<Place>> = Vec::new();
        for (from, to) in pairs(places).filter_map(|(from, to)| self.clipped(from, to)) {
            match paths.last_mut().filter(|path| path.last() == Some(&from)) {
                Some(path) => path.push(to),
                None => paths.push(vec![from, to]),
            }
        }
        paths
    }

    /// Returns the part of a shape that lies in it.
    ///
    /// Sutherland, I. E. and Hodgman, G. W. (1974): Reentrant polygon clipping.
    pub(crate) fn shape(&self, mut places: Vec<Place>) -> Vec<Place> {
        let (from, to) = (self.from, self.to);
        // The distance of a place from each edge, positive on the inner side.
        let sides: [&dyn Fn(Place) -> f64; 4] =
            [&|place| place.0 - from.0, &|place| to.0 - place.0, &|place| place.1 - from.1, &|place| to.1 - place.1];
        for depth in sides {
            let mut before = places.last().copied();
            places = places.into_iter().fold(Vec::new(), |mut inside, place| {
                let last = before.replace(place).unwrap_or(place);
                let (was, is) = (depth(last), depth(place));
                if (was < 0.0) != (is < 0.0) {
                    let share = was / (was - is);
                    inside.push((last.0 + share * (place.0 - last.0), last.1 + share * (place.1 - last.1)));
                }
                if is >= 0.0 {
                    inside.push(place);
                }
                inside
            });
        }
        places
    }

    /// Returns the part of a line that lies in it; `None` if there is none, or if the line has no place.
    ///
    /// Liang, Y.-D. and Barsky, B. (1984): A new concept and method for line clipping.
    pub(crate) fn clipped(&self, from: Place, to: Place) -> Option<(Place, Place)> {
        let (right, down) = (to.0 - from.0, to.1 - from.1);
        let (mut start, mut end) = (0.0_f64, 1.0_f64);
        let sides = [
            (-right, from.0 - self.from.0),
            (right, self.to.0 - from.0),
            (-down, from.1 - self.from.1),
            (down, self.to.1 - from.1),
        ];
        for (speed, room) in sides {
            if !(speed.is_finite() && room.is_finite()) || (speed == 0.0 && room < 0.0) {
                return None;
            }
            if speed < 0.0 {
                start = start.max(room / speed);
            } else if speed > 0.0 {
                end = end.min(room / speed);
            }
        }
        let at = |share: f64| (from.0 + share * right, from.1 + share * down);
        // Ends that lie inside stay unchanged, so that a line goes on from there.
        let (first, last) = (if start > 0.0 { at(start) } else { from }, if end < 1.0 { at(end) } else { to });
        (start <= end).then_some((first, last))
    }
}

/// Returns each place with the one before it.
fn pairs(places: impl Iterator<Item = Place>) -> impl Iterator<Item = (Place, Place)> {
    let mut before = None;
    places.filter_map(move |place| Some((before.replace(place)?, place)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: PixelRect = PixelRect { from: (0.0, 0.0), to: (4.0, 2.0) };

    fn check_paths(places: &[Place], expected: &[&[Place]]) {
        assert_eq!(WINDOW.paths(places.iter().copied()), expected, "{places:?}");
        assert_eq!(WINDOW.is_touched(places.iter().copied()), !expected.is_empty(), "{places:?}");
    }

    #[test]
    fn a_path_is_cut_where_it_leaves() {
        check_paths(&[(1.0, 1.0), (2.0, 1.0), (3.0, 0.0)], &[&[(1.0, 1.0), (2.0, 1.0), (3.0, 0.0)]]);
        check_paths(&[(-1.0, 1.0), (5.0, 1.0)], &[&[(0.0, 1.0), (4.0, 1.0)]]);
        check_paths(
            &[(1.0, 1.0), (1.0, 3.0), (2.0, 3.0), (2.0, 1.0)],
            &[&[(1.0, 1.0), (1.0, 2.0)], &[(2.0, 2.0), (2.0, 1.0)]],
        );
        check_paths(&[(-1.0, 3.0), (5.0, 3.0)], &[]);
        check_paths(&[(1.0, 1.0)], &[]);
    }

    #[test]
    fn a_path_ends_at_a_gap() {
        let gap = (1.5, f64::NAN);
        check_paths(
            &[(0.0, 1.0), (1.0, 1.0), gap, (2.0, 1.0), (3.0, 1.0)],
            &[&[(0.0, 1.0), (1.0, 1.0)], &[(2.0, 1.0), (3.0, 1.0)]],
        );
        check_paths(&[(1.0, 1.0), gap, (2.0, 1.0)], &[]);
        check_paths(&[(1.0, 1.0), (2.0, f64::INFINITY)], &[]);
    }

    #[test]
    fn a_shape_is_cut_at_each_edge() {
        let around = vec![(-1.0, -1.0), (5.0, -1.0), (5.0, 3.0), (-1.0, 3.0)];
        let mut corners = WINDOW.shape(around);
        corners.sort_by(|one, other| one.partial_cmp(other).unwrap());
        assert_eq!(corners, [(0.0, 0.0), (0.0, 2.0), (4.0, 0.0), (4.0, 2.0)]);
        let inside = vec![(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)];
        assert_eq!(WINDOW.shape(inside.clone()), inside);
        assert_eq!(WINDOW.shape(vec![(5.0, 1.0), (6.0, 1.0), (6.0, 2.0)]), []);
        assert_eq!(WINDOW.shape(Vec::new()), []);
    }

    proptest! {
        #[test]
        fn what_is_left_lies_inside(places in prop::collection::vec((-9.0..9.0_f64, -9.0..9.0_f64), 0..12)) {
            let is_inside = |place: &Place| (-1e-9..=4.0 + 1e-9).contains(&place.0) && (-1e-9..=2.0 + 1e-9).contains(&place.1);
            prop_assert!(WINDOW.paths(places.iter().copied()).iter().flatten().all(is_inside));
            prop_assert!(WINDOW.shape(places).iter().all(is_inside));
        }
    }
}
