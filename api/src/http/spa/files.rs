//! Names, encodings and contents of the SPA's files.

use std::path::Path;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use rust_embed::RustEmbed;

/// The files that were there when the binary was built; a build for development reads them when asked.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../dist"]
#[allow_missing = true]
struct BuiltIn;

#[derive(Debug, Clone)]
pub(super) enum Source {
    Directory(Arc<Path>),
    BuiltIn,
}

impl Source {
    /// A file's contents. `name` comes from [`name_of`].
    pub(super) async fn read(&self, name: &str) -> Option<Vec<u8>> {
        match self {
            // What can't be read is not there; a directory can't be read either.
            Self::Directory(directory) => tokio::fs::read(directory.join(name)).await.ok(),
            Self::BuiltIn => BuiltIn::get(name).map(|file| file.data.into_owned()),
        }
    }
}

/// The file that a path asks for, if it can be one: plain characters only, and no part of it begins with a dot.
pub(super) fn name_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    name.split('/').all(is_plain).then_some(name)
}

/// Whether a path names a file rather than one of the SPA's own places.
pub(super) fn has_extension(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

/// Whether the name holds a digest of the contents, as the build gives it: `logs-f34e8f09397b3a48.css`.
pub(super) fn is_hashed(name: &str) -> bool {
    const LEAST_DIGITS: usize = 12;
    name.split(['-', '_', '.', '/']).any(|part| {
        part.len() >= LEAST_DIGITS && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

pub(super) fn content_type(name: &str) -> HeaderValue {
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    let charset = if guess.type_() == mime_guess::mime::TEXT { "; charset=utf-8" } else { "" };
    HeaderValue::from_str(&format!("{guess}{charset}"))
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

/// How a file is compressed beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// What the compressed file's name ends in.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
            Self::Identity => "",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}

/// What the client takes, the smallest first; the plain file is always among it.
pub(super) fn accepted_encodings(headers: &HeaderMap) -> impl Iterator<Item = Encoding> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |encoding: Encoding| {
        accepted.split(',').any(|part| {
            let mut parts = part.split(';').map(str::trim);
            let is_meant = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding.name()));
            let refused = parts.any(|weight| weight.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
            is_meant && !refused
        })
    };
    let (brotli, gzip) = (takes(Encoding::Brotli), takes(Encoding::Gzip));
    [(brotli, Encoding::Brotli), (gzip, Encoding::Gzip), (true, Encoding::Identity)]
        .into_iter()
        .filter_map(|(takes, encoding)| takes.then_some(encoding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_files() {
        assert_eq!(name_of("/app-1.js"), Some("app-1.js"));
        assert_eq!(name_of("/img/icon.svg"), Some("img/icon.svg"));
        let refused = [
            "",
            "/",
            "//etc/passwd",
            "/../secret",
            "/a/../../secret",
            "/.env",
            "/a/.git/config",
            "/a//b",
            "/%2e%2e/secret",
            "/a\\..\\b",
            "/a\0",
            "/a%00.js",
            "relative",
        ];
        for path in refused {
            assert_eq!(name_of(path), None, "{path:?}");
        }
    }

    #[test]
    fn hashed_names_are_those_of_the_build() {
        for name in
            ["l4d2-frontend-7e1e701365947588_bg.wasm", "layout-fd29b16b8ee059a.css", "a/icon-52eced29de6943c0.svg"]
        {
            assert!(is_hashed(name), "{name}");
        }
        for name in ["favicon.ico", "l4d2-frontend.js", "robots.txt", "a-facade.css"] {
            assert!(!is_hashed(name), "{name}");
        }
    }

    #[test]
    fn encodings_are_taken_as_the_client_says() {
        let encodings = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
            accepted_encodings(&headers).collect::<Vec<_>>()
        };
        assert_eq!(encodings("gzip, deflate, br"), [Encoding::Brotli, Encoding::Gzip, Encoding::Identity]);
        assert_eq!(encodings("br;q=0, GZIP;q=0.5"), [Encoding::Gzip, Encoding::Identity]);
        assert_eq!(encodings("brotli"), [Encoding::Identity]);
        assert_eq!(accepted_encodings(&HeaderMap::new()).collect::<Vec<_>>(), [Encoding::Identity]);
    }

    #[test]
    fn scripts_and_webassembly_have_the_types_that_browsers_insist_on() {
        assert_eq!(content_type("a.wasm"), "application/wasm");
        assert_eq!(content_type("a.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("a.unknown"), "application/octet-stream");
    }
}
