//! A document as libxml2 sees it. Elements are named by their position in document order, so that both sides of a
//! comparison can point at the same element without sharing a type. Never fetches anything: no network, no DTD loading,
//! no entity substitution.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use libxml::bindings as x;

/// The position of an element among all elements of its document, in document order; the root is 0.
pub type ElementIndex = usize;

/// The canonicalizations that libxml2 knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum C14n {
    /// Exclusive XML Canonicalization 1.0.
    Exclusive,
    /// Canonical XML 1.0.
    Inclusive,
    /// Canonical XML 1.1.
    Inclusive11,
}

/// A parsed document that libxml2 owns.
pub struct Tree {
    doc: x::xmlDocPtr,
}

/// What the visibility callback has to know.
struct Visible {
    apex: x::xmlNodePtr,
    omit: x::xmlNodePtr,
}

impl Tree {
    /// Parses with libxml2; `None` when libxml2 refuses.
    #[must_use]
    pub fn parse(xml: &[u8]) -> Option<Self> {
        let length = c_int::try_from(xml.len()).ok()?;
        let options = x::xmlParserOption_XML_PARSE_NONET
            | x::xmlParserOption_XML_PARSE_NOERROR
            | x::xmlParserOption_XML_PARSE_NOWARNING;
        // SAFETY: pointer and length describe `xml`, which outlives the call; the result is owned by `Tree`.
        let doc = unsafe {
            x::xmlInitParser();
            x::xmlReadMemory(
                xml.as_ptr().cast::<c_char>(),
                length,
                ptr::null(),
                ptr::null(),
                options as c_int,
            )
        };
        (!doc.is_null()).then_some(Self { doc })
    }

    /// The raw document, for the signature module.
    pub(crate) fn raw(&self) -> x::xmlDocPtr {
        self.doc
    }

    /// All elements in document order.
    pub(crate) fn elements(&self) -> Vec<x::xmlNodePtr> {
        let mut found = Vec::new();
        // SAFETY: every pointer followed belongs to the tree that `self` owns and does not change.
        unsafe {
            let mut node = x::xmlDocGetRootElement(self.doc);
            let root = node;
            while !node.is_null() {
                if (*node).type_ == x::xmlElementType_XML_ELEMENT_NODE {
                    found.push(node);
                    if !(*node).children.is_null() {
                        node = (*node).children;
                        continue;
                    }
                }
                while node != root && (*node).next.is_null() {
                    node = (*node).parent;
                }
                if node == root {
                    break;
                }
                node = (*node).next;
            }
        }
        found
    }

    /// How many elements the document has.
    #[must_use]
    pub fn element_count(&self) -> usize {
        self.elements().len()
    }

    /// Whether libxml2 saw a document type declaration.
    #[must_use]
    pub fn has_doctype(&self) -> bool {
        // SAFETY: `doc` is a live document.
        unsafe { !x::xmlGetIntSubset(self.doc).is_null() }
    }

    /// The canonical form of the whole document (`apex` is `None`) or of the subtree at `apex`, without the subtree at
    /// `omit` (as the enveloped-signature transform leaves it out). `None` when libxml2 reports an error.
    #[must_use]
    pub fn canonicalize(
        &self,
        apex: Option<ElementIndex>,
        method: C14n,
        with_comments: bool,
        inclusive_prefixes: &[&str],
        omit: Option<ElementIndex>,
    ) -> Option<Vec<u8>> {
        let elements = self.elements();
        let visible = Visible {
            apex: match apex {
                Some(index) => *elements.get(index)?,
                None => ptr::null_mut(),
            },
            omit: match omit {
                Some(index) => *elements.get(index)?,
                None => ptr::null_mut(),
            },
        };
        let prefixes: Vec<CString> = inclusive_prefixes
            .iter()
            .map(|prefix| CString::new(*prefix))
            .collect::<Result<_, _>>()
            .ok()?;
        let mut list: Vec<*mut u8> = prefixes
            .iter()
            .map(|prefix| prefix.as_ptr().cast::<u8>().cast_mut())
            .chain([ptr::null_mut()])
            .collect();
        let mode = match method {
            C14n::Exclusive => x::xmlC14NMode_XML_C14N_EXCLUSIVE_1_0,
            C14n::Inclusive => x::xmlC14NMode_XML_C14N_1_0,
            C14n::Inclusive11 => x::xmlC14NMode_XML_C14N_1_1,
        };
        // SAFETY: the buffer is created, filled, copied and freed here; `visible` and `list` outlive the call; the
        // callback gets the pointer to `visible` back.
        unsafe {
            let buffer = x::xmlBufferCreate();
            let output = x::xmlOutputBufferCreateBuffer(buffer, ptr::null_mut());
            let status = x::xmlC14NExecute(
                self.doc,
                Some(is_visible),
                ptr::from_ref(&visible).cast::<c_void>().cast_mut(),
                mode as c_int,
                if method == C14n::Exclusive {
                    list.as_mut_ptr()
                } else {
                    ptr::null_mut()
                },
                c_int::from(with_comments),
                output,
            );
            x::xmlOutputBufferFlush(output);
            let length = usize::try_from(x::xmlBufferLength(buffer)).unwrap_or(0);
            let octets = std::slice::from_raw_parts(x::xmlBufferContent(buffer), length).to_vec();
            x::xmlOutputBufferClose(output);
            x::xmlBufferFree(buffer);
            (status >= 0).then_some(octets)
        }
    }
}

/// libxml2 asks for every node, attribute and namespace whether it belongs to the node set.
unsafe extern "C" fn is_visible(
    data: *mut c_void,
    node: x::xmlNodePtr,
    parent: x::xmlNodePtr,
) -> c_int {
    // SAFETY: `data` is the `Visible` that `canonicalize` passed; nodes belong to the live tree. A namespace node has
    // its type at the same place as the others (libxml2's own convention) but no parent pointer, hence `parent`.
    unsafe {
        let visible = &*data.cast::<Visible>();
        let is_namespace = (*node).type_ == x::xmlElementType_XML_NAMESPACE_DECL;
        let mut at = if is_namespace { parent } else { node };
        let mut inside = visible.apex.is_null();
        while !at.is_null() {
            if at == visible.omit {
                return 0;
            }
            inside |= at == visible.apex;
            at = (*at).parent;
        }
        c_int::from(inside)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // SAFETY: `doc` came from xmlReadMemory and is freed once.
        unsafe { x::xmlFreeDoc(self.doc) }
    }
}

// SAFETY: a document may be used by one thread after another; nothing in it is bound to a thread, and `Tree` is not Sync.
unsafe impl Send for Tree {}
