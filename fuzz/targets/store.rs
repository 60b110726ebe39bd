#![no_main]

#[path = "../properties/store.rs"]
mod property;
#[path = "../seeds.rs"]
mod seeds;

libfuzzer_sys::fuzz_target!(
    init: seeds::write(&property::seeds()),
    |data: &[u8]| property::check(data)
);
