//! Index that finds entries of a table by a hash: slots that are probed one after the other.

/// Numbers of entries, found by their hashes. The caller holds the entries, and compares them.
#[derive(Debug, Clone, Default)]
pub(super) struct HashIndex {
    /// The slots, none or a power of two of them; each is 0, or the number of an entry plus 1.
    slots: Vec<u32>,
    used: usize,
}

/// 2^64 divided by the golden ratio: multiplied by it, similar hashes land far from each other.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl HashIndex {
    /// Returns the entry with this hash for which `is_it` returns true.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut place = self.place(hash);
        loop {
            let entry = self.slots.get(place)?.checked_sub(1)?;
            if is_it(entry) {
                return Some(entry);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds an entry that isn't there.
    pub(super) fn insert(&mut self, entry: u32, hash_of: impl Fn(u32) -> u64) {
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            let slots = vec![0; (self.slots.len() * 2).max(64)];
            let entries = std::mem::replace(&mut self.slots, slots).into_iter().filter_map(|slot| slot.checked_sub(1));
            entries.for_each(|entry| self.put(entry, hash_of(entry)));
        }
        self.put(entry, hash_of(entry));
        self.used += 1;
    }

    pub(super) const fn size_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u32>()
    }

    fn put(&mut self, entry: u32, hash: u64) {
        let mut place = self.place(hash);
        while self.slots[place] != 0 {
            place = (place + 1) & (self.slots.len() - 1);
        }
        self.slots[place] = entry + 1;
    }

    /// Returns the slot at which the search begins. The upper half of the product depends on every bit of the hash.
    const fn place(&self, hash: u64) -> usize {
        (hash.wrapping_mul(SPREAD) >> 32) as usize & self.slots.len().wrapping_sub(1)
    }
}
