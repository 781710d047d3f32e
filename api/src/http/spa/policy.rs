//! What a browser may do with the SPA's page: run the scripts that were in it when it was built, and talk to the panel.

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The policy of a page, with the digests of its inline scripts.
pub(super) fn content_security_policy(html: &[u8]) -> HeaderValue {
    let mut scripts = String::new();
    for script in inline_scripts(&String::from_utf8_lossy(html)) {
        scripts.push_str(" 'sha256-");
        STANDARD.encode_string(Sha256::digest(script.as_bytes()), &mut scripts);
        scripts.push('\'');
    }
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
    );
    // Digests in base64 are plain text; should it ever fail, nothing may run.
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// Changes whenever the page does.
pub(super) fn entity_tag(html: &[u8]) -> HeaderValue {
    let tag = format!("\"{}\"", STANDARD.encode(&Sha256::digest(html)[..16]));
    HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// The contents of all `<script>` elements without `src`, exactly as a browser digests them.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some((attributes, after)) = next_script(rest) {
        let end = find_ignoring_case(after, "</script").unwrap_or(after.len());
        let has_source = attributes.split_ascii_whitespace().any(|word| word.to_ascii_lowercase().starts_with("src="));
        if !has_source && end > 0 {
            scripts.push(&after[..end]);
        }
        rest = &after[end..];
    }
    scripts
}

/// The next opening tag's attributes, and what follows it.
fn next_script(html: &str) -> Option<(&str, &str)> {
    let start = find_ignoring_case(html, "<script")? + "<script".len();
    html[start..].split_once('>')
}

fn find_ignoring_case(text: &str, what: &str) -> Option<usize> {
    text.as_bytes().windows(what.len()).position(|window| window.eq_ignore_ascii_case(what.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_found_and_others_left_alone() {
        let html = "<html><script type=\"module\">let a = 1 < 2;\n</script><script src=\"/a.js\"></script>\
            <SCRIPT>b()</SCRIPT><p>script</p><script>unclosed";
        assert_eq!(inline_scripts(html), ["let a = 1 < 2;\n", "b()", "unclosed"]);
    }

    #[test]
    fn the_policy_names_each_inline_script_and_allows_no_other() {
        let policy = content_security_policy(b"<script>b()</script>");
        let policy = policy.to_str().expect("plain text");
        // printf 'b()' | openssl dgst -sha256 -binary | base64
        assert!(
            policy.contains(
                "script-src 'self' 'wasm-unsafe-eval' 'sha256-cf242PFc/kb7xD0Qzhsmd9vvRkc+cWFmbi+k+YvtdKc=';"
            ),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    }
}
