//! Where somebody wanted to go who has to sign in first. Pure.
//!
//! It travels in the address of the page that asks to sign in, which anybody can write and send: only addresses of these
//! pages count.

/// The parameter that holds it.
pub const PARAMETER: &str = "then";

/// The address, if it is one of these pages. What a browser might take for another host is none, and neither are the
/// pages for those who are signed out.
pub fn own_address(text: &str) -> Option<&str> {
    // Browsers take a backslash for a slash and leave out blanks and control characters.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_here = text.starts_with('/') && !text.starts_with("//") && !text.starts_with("/sign-");
    (is_plain && is_here).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn only_these_pages_are_gone_to() {
        for own in ["/", "/jobs/3", "/jobs?state=failed", "/blueprints/new#arguments", "/%2F/x"] {
            assert_eq!(own_address(own), Some(own));
        }
        for other in [
            "",
            "jobs",
            "//evil.example/x",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            " //evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/sign-in",
            "/sign-up?then=/",
        ] {
            assert_eq!(own_address(other), None, "{other:?}");
        }
    }
}
