//! The values of one record, as the parser hands them on: in the order of the schema, borrowed from the window where
//! they stand there as they are.

use crate::schema::Means;

/// A value: where its text is.
#[derive(Debug, Clone, Copy)]
enum Text<'w> {
    Window(&'w str),
    /// Octets of the scratch text: it was put together from pieces.
    Scratch(usize, usize),
}

/// The values of one record. Its memory is reused for the next.
#[derive(Debug, Default)]
pub(crate) struct Values<'w> {
    values: Vec<(Means, Text<'w>)>,
    scratch: String,
    open: Option<Text<'w>>,
}

impl<'w> Values<'w> {
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.scratch.clear();
        self.open = None;
    }

    /// Begins a value.
    #[inline]
    pub(crate) fn open(&mut self) {
        self.open = Some(Text::Window(""));
    }

    /// Appends a piece of text to the value at hand.
    #[inline]
    pub(crate) fn piece(&mut self, piece: &'w str) {
        if let Some(Text::Window("")) = self.open {
            self.open = Some(Text::Window(piece));
        } else {
            self.append(piece);
        }
    }

    /// Appends text that does not stand in the window as it is.
    pub(crate) fn append(&mut self, piece: &str) {
        let start = match self.open {
            Some(Text::Window(text)) => {
                let start = self.scratch.len();
                self.scratch.push_str(text);
                start
            }
            Some(Text::Scratch(start, _)) => start,
            None => return,
        };
        self.scratch.push_str(piece);
        self.open = Some(Text::Scratch(start, self.scratch.len()));
    }

    /// The value at hand.
    #[inline]
    pub(crate) fn current(&self) -> &str {
        self.open.map_or("", |text| self.text(text))
    }

    /// Ends the value at hand.
    #[inline]
    pub(crate) fn close(&mut self, means: Means) {
        if let Some(text) = self.open.take()
            && means != Means::Nothing
        {
            self.values.push((means, text));
        }
    }

    #[inline]
    fn text<'a>(&'a self, text: Text<'w>) -> &'a str {
        match text {
            Text::Window(text) => text,
            Text::Scratch(start, end) => &self.scratch[start..end],
        }
    }

    /// Every value that the directory keeps, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Means, &str)> {
        self.values
            .iter()
            .map(|(means, text)| (*means, self.text(*text)))
    }

    /// The first value that means `means`, or an empty text.
    pub(crate) fn first(&self, means: Means) -> &str {
        self.iter()
            .find(|(found, _)| *found == means)
            .map_or("", |(_, text)| text)
    }

    /// Every value that means `means`.
    pub(crate) fn all(&self, means: Means) -> impl Iterator<Item = &str> {
        self.iter()
            .filter(move |(found, _)| *found == means)
            .map(|(_, text)| text)
    }
}
