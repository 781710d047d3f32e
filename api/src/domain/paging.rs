//! Cursor-paged lists: a page begins behind the id that the page before ended with, so nothing that is added or removed
//! meanwhile makes an item appear twice or not at all.

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Begin behind this id.
    pub after: Option<i64>,
    /// How many items at most.
    pub limit: u64,
}

impl PageRequest {
    /// How many rows to read: one more than is answered tells whether there is a next page.
    pub fn rows(self) -> u64 {
        self.limit + 1
    }

    /// Takes the row that was read too many, and the next page's cursor from the last one that stays.
    pub fn cut<T>(self, rows: &mut Vec<T>, id: impl Fn(&T) -> i64) -> Option<String> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if rows.len() <= limit {
            return None;
        }
        rows.truncate(limit);
        rows.last().map(|last| id(last).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_the_last_item_of_a_page_that_is_not_the_last() {
        let request = PageRequest { after: None, limit: 2 };
        let cut = |mut rows: Vec<i64>| {
            let next = request.cut(&mut rows, |id| *id);
            (rows, next)
        };
        assert_eq!(cut(vec![]), (vec![], None));
        assert_eq!(cut(vec![3, 5]), (vec![3, 5], None));
        assert_eq!(cut(vec![3, 5, 9]), (vec![3, 5], Some("5".to_owned())));
    }
}
