//! Changes of pools that an operator asks for on the page *Attach*, and the designer's program makes.

use std::fmt;

use cruncher_study::pool::Pool;

/// Change of a pool. As text it is what is asked, and the pool's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolChange {
    /// Its queues are made, and it is named.
    Make(Pool),
    /// It is named no more, and its queues, which are empty, are deleted.
    Remove(Pool),
}

impl fmt::Display for PoolChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Make(pool) => write!(f, "make {pool}"),
            Self::Remove(pool) => write!(f, "remove {pool}"),
        }
    }
}

impl PoolChange {
    /// Reads the text that [`fmt::Display`] has written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (asked, name) = text.split_once(' ')?;
        let pool = Pool::parse(name).ok()?;
        match asked {
            "make" => Some(Self::Make(pool)),
            "remove" => Some(Self::Remove(pool)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_read_back_as_text() {
        let pool = Pool::parse("gpu").unwrap();
        for change in [PoolChange::Make(pool), PoolChange::Remove(pool)] {
            assert_eq!(PoolChange::parse(&change.to_string()), Some(change));
        }
        for wrong in ["", "make", "make Gpu", "make main", "empty gpu", "remove gpu "] {
            assert_eq!(PoolChange::parse(wrong), None, "{wrong}");
        }
    }
}
