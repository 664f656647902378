//! Vectors that grow by an eighth: doubled ones would waste half of a browser's memory.

/// Adds a value at the end.
pub(super) fn push<T>(values: &mut Vec<T>, value: T) {
    reserve(values, values.len() + 1);
    values.push(value);
}

/// Adds values until there are `len`.
pub(super) fn fill<T: Copy>(values: &mut Vec<T>, len: usize, value: T) {
    reserve(values, len);
    values.resize(len.max(values.len()), value);
}

/// Makes room for `more` values, if there are any: a vector without values may never have one.
pub(super) fn make_room<T>(values: &mut Vec<T>, more: usize) {
    if !values.is_empty() {
        values.reserve_exact(more);
    }
}

fn reserve<T>(values: &mut Vec<T>, len: usize) {
    if len > values.capacity() {
        let room = len + len / 8 + 64;
        values.reserve_exact(room - values.len());
    }
}
