//! What a change may leave out but not take away.

use serde::{Deserialize, Deserializer};

/// Reads a field that was sent. With `#[serde(default)]` a field that was left out is `None`, and null is an error: it
/// could be taken for "remove it", which none of these fields can be.
pub(crate) fn sent<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use crate::{UpdateBlueprint, UpdateOverlay, UpdateServer, UpdateUser};

    #[test]
    fn null_is_not_left_out() {
        let absent: UpdateBlueprint = serde_json::from_str("{}").expect("everything may be left out");
        assert_eq!(absent, UpdateBlueprint::default());
        for field in ["name", "arguments", "config", "overlay_ids"] {
            assert!(serde_json::from_str::<UpdateBlueprint>(&format!("{{\"{field}\": null}}")).is_err(), "{field}");
        }
        for field in ["name", "path"] {
            assert!(serde_json::from_str::<UpdateOverlay>(&format!("{{\"{field}\": null}}")).is_err(), "{field}");
        }
        for field in ["blueprint_id", "port"] {
            assert!(serde_json::from_str::<UpdateServer>(&format!("{{\"{field}\": null}}")).is_err(), "{field}");
        }
        for field in ["admin", "disabled"] {
            assert!(serde_json::from_str::<UpdateUser>(&format!("{{\"{field}\": null}}")).is_err(), "{field}");
        }
    }
}
