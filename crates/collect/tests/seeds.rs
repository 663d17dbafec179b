#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a tool that is run by hand"
)]
//! Writes the committed seeds of the fuzz targets `archive` and `segment` anew:
//! `cargo test -p octroi-collect --test seeds -- --ignored`. Needed when a format changes.

mod support;

use std::fs;
use std::path::Path;

use octroi_collect::{Options, Unobserved, import};
use octroi_directory::Degree;
use support::{Delivery, Folder, sum_of};

#[test]
#[ignore = "writes into the repository"]
fn seeds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for degree in Degree::ALL {
        let delivery = Delivery::small(degree);
        fs::create_dir_all(corpus.join("archive")).unwrap();
        fs::write(
            corpus.join(format!("archive/small-{degree}.tar")),
            delivery.tar(),
        )
        .unwrap();
        let folder = Folder::new("seeds");
        let archive = delivery.pack(&folder.0);
        fs::create_dir_all(corpus.join("segment")).unwrap();
        let out = corpus.join(format!("segment/small-{degree}.segment"));
        import(
            &archive,
            &sum_of(&archive),
            &out,
            &Options::new(&folder.0),
            &mut Unobserved,
        )
        .unwrap();
    }
}
