//! The panel's texts as a person reads them.

/// A sentence made of what the panel says in fragments: a capital first, a full stop last.
pub fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let mut sentence: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    sentence.push_str(letters.as_str());
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn fragments_become_sentences() {
        assert_eq!(sentence("port 27015 is used"), "Port 27015 is used.");
        assert_eq!(sentence("Is it there?"), "Is it there?");
        assert_eq!(sentence("élan"), "Élan.");
        assert_eq!(sentence(""), "");
    }
}
