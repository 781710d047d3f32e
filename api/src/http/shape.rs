//! The shape of a body before its fields are looked at: JSON, an object, and no name in it twice.
//!
//! What serde makes of a struct alone is wider: it takes a list of the fields' values as well.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What a whole JSON document is. Reading one fails where a name is twice in one object, at any depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Object,
    Other,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shapes)
    }
}

struct Shapes;

impl<'de> Visitor<'de> for Shapes {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if names.contains(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            names.insert(name);
            map.next_value::<Shape>()?;
        }
        Ok(Shape::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        while list.next_element::<Shape>()?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_without_a_name_twice_are_objects() {
        let shape = |text: &str| serde_json::from_str::<Shape>(text).map_err(|error| error.to_string());
        for object in ["{}", r#"{"a": 1, "b": [{"a": null}, {"a": -1.5}], "c": {"a": true, "b": "x"}}"#] {
            assert_eq!(shape(object), Ok(Shape::Object), "{object}");
        }
        for other in ["[]", r#"[{"a": 1}]"#, "null", "true", "7", "-7", "0.5", r#""{}""#] {
            assert_eq!(shape(other), Ok(Shape::Other), "{other}");
        }
        for twice in [r#"{"a": 1, "a": 1}"#, r#"{"b": [{"a": 1, "\u0061": 2}]}"#] {
            let error = shape(twice).expect_err(twice);
            assert!(error.starts_with("duplicate field `a`"), "{error}");
        }
        for broken in ["", "{", r#"{"a"}"#, "{} {}", &format!("{}{}", "[".repeat(1000), "]".repeat(1000))] {
            assert!(shape(broken).is_err(), "{broken}");
        }
    }
}
