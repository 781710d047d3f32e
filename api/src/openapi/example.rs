//! Examples composed from schemas: each property's own example, put together.

use serde_json::{Map, Value, json};

/// Deeper than any schema here; a schema that contains itself ends in null.
const MAX_DEPTH: usize = 12;

/// An example of `schema`; `schemas` are the document's named ones.
pub(super) fn compose(schema: &Value, schemas: &Value) -> Value {
    compose_to(schema, schemas, MAX_DEPTH)
}

fn compose_to(schema: &Value, schemas: &Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    let deeper = |schema: &Value| compose_to(schema, schemas, depth - 1);
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return deeper(&schemas[name]);
    }
    let given = [&schema["example"], &schema["examples"][0], &schema["enum"][0], &schema["default"]];
    if let Some(given) = given.into_iter().find(|given| !given.is_null()) {
        return given.clone();
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(variant) = variants(schema, key).find(|variant| variant["type"] != "null") {
            return deeper(variant);
        }
    }
    let parts: Map<String, Value> =
        variants(schema, "allOf").filter_map(|part| deeper(part).as_object().cloned()).flatten().collect();
    match kind(schema) {
        _ if !parts.is_empty() => Value::Object(parts),
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            Value::Object(properties.map(|(name, property)| (name.clone(), deeper(property))).collect())
        }
        "array" => json!([deeper(&schema["items"])]),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(0)),
        "boolean" => json!(false),
        "string" => json!(""),
        _ => Value::Null,
    }
}

fn variants<'a>(schema: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    schema[key].as_array().into_iter().flatten()
}

/// The schema's type; of several the one that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null"),
        kind => kind.as_str().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_follow_references_and_prefer_what_is_given() {
        let schemas = json!({
            "Id": {"type": "integer", "example": 7},
            "Item": {"type": "object", "properties": {
                "id": {"$ref": "#/components/schemas/Id"},
                "note": {"type": ["string", "null"], "example": "hello"},
                "state": {"oneOf": [{"type": "null"}, {"type": "string", "enum": ["on", "off"]}]},
                "list": {"type": "array", "items": {"type": "boolean"}},
            }},
        });
        let page = json!({"type": "array", "items": {"$ref": "#/components/schemas/Item"}});
        let expected = json!([{"id": 7, "note": "hello", "state": "on", "list": [false]}]);
        assert_eq!(compose(&page, &schemas), expected);
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let schemas = json!({"Loop": {"$ref": "#/components/schemas/Loop"}});
        assert_eq!(compose(&json!({"$ref": "#/components/schemas/Loop"}), &schemas), Value::Null);
    }
}
