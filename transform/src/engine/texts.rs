//! Texts that many cells share. Pure.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, StringArray};

/// Each text once, and each list of strata: areas, wards and periods come back in thousands of cells.
#[derive(Default)]
pub(crate) struct Texts {
    held: HashSet<Arc<str>, ahash::RandomState>,
    lists: HashSet<Arc<[Arc<str>]>, ahash::RandomState>,
}

impl Texts {
    /// The text of a row; none where it is null.
    pub(crate) fn at(&mut self, array: &StringArray, row: usize) -> Option<Arc<str>> {
        array.is_valid(row).then(|| self.text(array.value(row)))
    }

    /// A text.
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(held) = self.held.get(text) {
            return Arc::clone(held);
        }
        let text: Arc<str> = Arc::from(text);
        self.held.insert(Arc::clone(&text));
        text
    }

    /// A list of them.
    pub(crate) fn list(&mut self, texts: &[Arc<str>]) -> Arc<[Arc<str>]> {
        if let Some(held) = self.lists.get(texts) {
            return Arc::clone(held);
        }
        let list: Arc<[Arc<str>]> = Arc::from(texts);
        self.lists.insert(Arc::clone(&list));
        list
    }
}
