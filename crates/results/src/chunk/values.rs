//! Parser of a row's `parameters` and `result`, which reads straight into columns.

use std::fmt::{self, Write};

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::MAX_DEPTH;
use super::column::ColumnPart;
use super::writer::ChunkWriter;
use crate::number::LargeInteger;

/// A value at some depth of `parameters` or `result`. The writer holds its name.
pub(super) struct NestedValues<'a> {
    pub(super) writer: &'a mut ChunkWriter,
    pub(super) part: ColumnPart,
    pub(super) depth: usize,
}

impl<'a> NestedValues<'a> {
    /// Prepares for all inputs, or all results: an object. Any other value has no columns.
    pub(super) fn of(writer: &'a mut ChunkWriter, part: ColumnPart) -> Self {
        writer.name.clear();
        Self { writer, part, depth: 0 }
    }

    fn below(&mut self) -> NestedValues<'_> {
        NestedValues { writer: self.writer, part: self.part, depth: self.depth + 1 }
    }

    fn put_large(self, integer: LargeInteger) {
        if self.has_name() {
            self.writer.integer(self.part, integer);
        }
    }

    const fn has_name(&self) -> bool {
        self.depth > 0
    }
}

impl<'de> DeserializeSeed<'de> for NestedValues<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > MAX_DEPTH {
            self.writer.drop_value();
            return deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NestedValues<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        if self.has_name() {
            self.writer.number(self.part, number);
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "it isn't large")]
    fn visit_u64<E: Error>(self, integer: u64) -> Result<(), E> {
        let Some(large) = LargeInteger::of_u64(integer) else { return self.visit_f64(integer as f64) };
        self.put_large(large);
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "it isn't large")]
    fn visit_i64<E: Error>(self, integer: i64) -> Result<(), E> {
        let Some(large) = LargeInteger::of_i64(integer) else { return self.visit_f64(integer as f64) };
        self.put_large(large);
        Ok(())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        if self.has_name() {
            self.writer.flag(self.part, flag);
        }
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.has_name() {
            self.writer.text(self.part, text);
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        if self.has_name() {
            self.writer.nothing(self.part);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        // Responses have no lists: curves and fields are documents of their own, and no segment holds them.
        if self.part == ColumnPart::Response || !self.has_name() {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let end = self.writer.name.len();
        for index in 0.. {
            push_index(&mut self.writer.name, index);
            let component = list.next_element_seed(self.below())?;
            self.writer.name.truncate(end);
            if component.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        if self.has_name() {
            self.writer.name.push('.');
        }
        let end = self.writer.name.len();
        while object.next_key_seed(TextAppender(&mut self.writer.name))?.is_some() {
            object.next_value_seed(self.below())?;
            self.writer.name.truncate(end);
        }
        Ok(())
    }
}

fn push_index(name: &mut String, index: u32) {
    // Writing to a text can't fail.
    let _ = write!(name, "[{index}]");
}

/// Reads a text, and appends it to another one.
pub(super) struct TextAppender<'a>(pub(super) &'a mut String);

impl<'de> DeserializeSeed<'de> for TextAppender<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TextAppender<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }
}
