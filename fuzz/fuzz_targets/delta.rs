#![no_main]
libfuzzer_sys::fuzz_target!(|octets: &[u8]| octroi_fuzz_bodies::delta::body(octets));
