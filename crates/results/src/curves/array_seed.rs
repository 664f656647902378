//! Finding arrays while JSON is read: nothing else of it is kept.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{FoundArrays, MAX_ARRAYS, MAX_DEPTH};

/// Reads a value of a result, and notes the arrays in it.
pub(super) struct ArraySeed<'a> {
    found: &'a mut FoundArrays,
    /// Name of the value around it; empty at the top.
    around: &'a str,
    /// Place of the value in what is around it.
    segment: PathSegment,
    /// Number of levels of objects and lists that are still searched.
    depth: usize,
}

/// Last part of a value's name.
enum PathSegment {
    Top,
    Field(String),
    Index(usize),
}

/// Value as far as the list around it wants to know.
pub(super) enum ListItem {
    Number(f64),
    Null,
    /// A list or an object.
    Nested,
    Other,
}

impl<'a> ArraySeed<'a> {
    /// Reads a whole result.
    pub(super) const fn top(found: &'a mut FoundArrays) -> Self {
        Self { found, around: "", segment: PathSegment::Top, depth: MAX_DEPTH }
    }

    /// Made for lists and objects alone: a list may have a million numbers.
    fn name(&self) -> String {
        match &self.segment {
            PathSegment::Top => String::new(),
            PathSegment::Field(field) if self.around.is_empty() => field.clone(),
            PathSegment::Field(field) => format!("{}.{field}", self.around),
            PathSegment::Index(index) => format!("{}[{index}]", self.around),
        }
    }
}

impl<'de> DeserializeSeed<'de> for ArraySeed<'_> {
    type Value = ListItem;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ListItem, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ArraySeed<'_> {
    type Value = ListItem;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<ListItem, E> {
        Ok(ListItem::Other)
    }

    #[expect(clippy::cast_precision_loss, reason = "a plot takes the nearest float")]
    fn visit_i64<E>(self, number: i64) -> Result<ListItem, E> {
        Ok(ListItem::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "a plot takes the nearest float")]
    fn visit_u64<E>(self, number: u64) -> Result<ListItem, E> {
        Ok(ListItem::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<ListItem, E> {
        Ok(ListItem::Number(number))
    }

    fn visit_str<E>(self, _: &str) -> Result<ListItem, E> {
        Ok(ListItem::Other)
    }

    fn visit_unit<E>(self) -> Result<ListItem, E> {
        Ok(ListItem::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ListItem, A::Error> {
        if self.depth == 0 {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(ListItem::Nested);
        }
        let (name, depth) = (self.name(), self.depth - 1);
        while let Some(field) = map.next_key()? {
            let segment = PathSegment::Field(field);
            map.next_value_seed(ArraySeed { found: &mut *self.found, around: &name, segment, depth })?;
        }
        Ok(ListItem::Nested)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ListItem, A::Error> {
        if self.depth == 0 {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(ListItem::Nested);
        }
        let name = self.name();
        let (mut values, mut nested, mut is_of_numbers) = (Vec::new(), 0, true);
        for index in 0.. {
            // Of a long list of lists no more are looked into than can be taken.
            let depth = if nested < MAX_ARRAYS { self.depth - 1 } else { 0 };
            let segment = PathSegment::Index(index);
            let item = ArraySeed { found: &mut *self.found, around: &name, segment, depth };
            match items.next_element_seed(item)? {
                None => break,
                Some(ListItem::Number(number)) => values.push(number),
                Some(ListItem::Null) => values.push(f64::NAN),
                Some(ListItem::Nested) => {
                    self.found.left_out += usize::from(nested >= MAX_ARRAYS);
                    (nested, is_of_numbers) = (nested + 1, false);
                }
                Some(ListItem::Other) => is_of_numbers = false,
            }
        }
        if is_of_numbers {
            let object = match self.segment {
                PathSegment::Index(_) => None,
                PathSegment::Field(_) | PathSegment::Top => Some(self.around.to_owned()),
            };
            self.found.take(name, object, &values);
        }
        Ok(ListItem::Nested)
    }
}
