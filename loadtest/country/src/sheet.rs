//! The files of one kind in an archive: filled with records, cut at about 10 000 objects, in the order of the schema.
//!
//! What is held is one file's worth of records, or two for exporters that part people from their relations.

use std::io;

use crate::archive::{Archive, Degree};
use crate::tally::Counts;
use crate::xml::Xml;

/// Objects of one file.
const MOST: u32 = 10_000;

/// In which file an exporter writes what it says of a person beside the person's own record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// In the same file.
    Together,
    /// In the next.
    After,
    /// In the one before.
    Before,
}

impl Order {
    /// In turn.
    pub(crate) fn of(project: usize) -> Self {
        [Self::Together, Self::After, Self::Before][project / 3 % 3]
    }
}

/// Files of one kind.
pub(crate) struct Sheet {
    part: &'static str,
    order: Order,
    /// Records by element, in the schema's order; the first are those with the keys.
    lists: Vec<Xml>,
    /// What stays for the next file.
    held: Vec<Xml>,
    /// Records that open the first list of the next file.
    again: Xml,
    objects: u32,
    number: u32,
}

impl Sheet {
    /// Files called `part`, with so many sorts of elements.
    pub(crate) fn new(part: &'static str, elements: usize, order: Order) -> Self {
        Self {
            part,
            order,
            lists: vec![Xml::default(); elements],
            held: vec![Xml::default(); elements],
            again: Xml::default(),
            objects: 0,
            number: 0,
        }
    }

    /// Adds an object to the list of its element.
    pub(crate) fn add(&mut self, list: usize, tag: &str, content: impl FnOnce(&mut Xml)) {
        if let Some(xml) = self.lists.get_mut(list) {
            xml.element(tag, content);
            self.objects += 1;
        }
    }

    /// Adds an object to the first list of the next file.
    pub(crate) fn add_later(&mut self, tag: &str, content: impl FnOnce(&mut Xml)) {
        self.again.element(tag, content);
    }

    /// Whether the file is full.
    pub(crate) fn is_full(&self) -> bool {
        self.objects >= MOST
    }

    /// Writes the file.
    pub(crate) fn write(
        &mut self,
        archive: &mut Archive,
        degree: Degree,
        counts: &mut Counts,
    ) -> io::Result<()> {
        // The held lists change places with what is to be written now.
        for (index, (now, held)) in self.lists.iter_mut().zip(&mut self.held).enumerate() {
            let late = match self.order {
                Order::Together => false,
                Order::After => index > 0,
                Order::Before => index == 0,
            };
            if late {
                std::mem::swap(now, held);
            }
        }
        let root = format!("GAR-ENT-{}", self.part);
        let head = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<men:{root} xmlns:men=\"{}\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:pref=\"http://exporter.example/pref\" Version=\"1.0\">\n",
            degree.namespace()
        );
        let foot = format!("</men:{root}>\n");
        let mut pieces = vec![head.as_bytes()];
        pieces.extend(self.lists.iter().map(Xml::octets));
        pieces.push(foot.as_bytes());
        counts.xml_octets += pieces.iter().map(|p| p.len() as u64).sum::<u64>();
        counts.members += 1;
        archive.member(self.part, self.number, &pieces)?;
        self.number += 1;
        self.objects = 0;
        for list in &mut self.lists {
            list.clear();
        }
        if let Some(first) = self.lists.first_mut() {
            std::mem::swap(first, &mut self.again);
            self.again.clear();
        }
        Ok(())
    }

    /// Writes what is left; a kind without any object still has its file 0000.
    pub(crate) fn finish(
        &mut self,
        archive: &mut Archive,
        degree: Degree,
        counts: &mut Counts,
    ) -> io::Result<()> {
        let waiting = |sheet: &Self| {
            sheet
                .lists
                .iter()
                .chain(&sheet.held)
                .any(|xml| !xml.is_empty())
        };
        if self.number == 0 {
            self.write(archive, degree, counts)?;
        }
        while waiting(self) {
            self.write(archive, degree, counts)?;
        }
        Ok(())
    }
}
