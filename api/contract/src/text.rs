//! Enums whose text is the same on the wire and in the database.

/// Gives an enum its text both ways, beside serde's own.
macro_rules! text_enum {
    ($name:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Every value's text.
            pub const TEXTS: &'static [&'static str] = &[$($text),+];

            /// The text, as on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// The value of a text.
            pub fn from_text(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// Reads an enum that is sent to the panel. Serde's own way takes an object of one key, the text, as well.
macro_rules! read_from_text {
    ($($name:ident),+) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::from_text(&text).ok_or_else(|| serde::de::Error::unknown_variant(&text, Self::TEXTS))
            }
        }
    )+};
}

pub(crate) use {read_from_text, text_enum};

#[cfg(test)]
mod tests {
    use crate::{
        ActualState, DesiredState, DisplayState, HostOperation, JobState, LogStream, Operation, ServerOperation,
    };

    macro_rules! agrees_with_serde {
        ($($name:ident),+) => {$(
            for value in $name::ALL {
                let json = serde_json::to_string(value).expect("an enum without data serializes");
                assert_eq!(json, format!("\"{}\"", value.as_str()));
                assert_eq!($name::from_text(value.as_str()), Some(*value));
            }
            assert_eq!($name::from_text("no such value"), None);
        )+};
    }

    #[test]
    fn text_agrees_with_serde() {
        agrees_with_serde!(ActualState, DesiredState, DisplayState, JobState, LogStream, Operation);
        agrees_with_serde!(HostOperation, ServerOperation);
    }

    #[test]
    fn what_is_sent_is_read_from_its_text_alone() {
        let read = |json: &str| serde_json::from_str::<ServerOperation>(json).map_err(|error| error.to_string());
        assert_eq!(read(r#""start""#), Ok(ServerOperation::Start));
        for other in [r#"{"start": null}"#, r#"["start"]"#, "null", "0", r#""Start""#, r#""install""#] {
            assert!(read(other).is_err(), "{other}");
        }
    }
}
