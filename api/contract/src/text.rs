//! Enums whose text is the same on the wire and in the database.

/// Gives an enum its text both ways, beside serde's own.
macro_rules! text_enum {
    ($name:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

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

pub(crate) use text_enum;

#[cfg(test)]
mod tests {
    use crate::{ActualState, DesiredState, DisplayState, JobState, LogStream, Operation, ServerOperation};

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
        agrees_with_serde!(ActualState, DesiredState, DisplayState, JobState, LogStream, Operation, ServerOperation);
    }
}
