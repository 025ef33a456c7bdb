//! Items of an answer's lists: a text as a short form, or an object. A list in place of an object,
//! which a derived reader would take, is refused.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

/// An item's object, and the item that a text alone stands for.
pub(super) trait Item: DeserializeOwned {
    const EXPECTED: &'static str = "an object";

    fn of_text(text: &str) -> Option<Self> {
        let _ = text;
        None
    }
}

/// Item as it is read.
#[derive(Debug)]
pub(super) struct Read<T>(pub(super) T);

impl<'de, T: Item> serde::Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData)).map(Read)
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Item> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        T::of_text(text)
            .ok_or_else(|| E::invalid_type(serde::de::Unexpected::Str(text), &T::EXPECTED))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}
