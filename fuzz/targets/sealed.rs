#![no_main]

#[path = "../properties/sealed.rs"]
mod property;
#[path = "../seeds.rs"]
mod seeds;
#[path = "../properties/world.rs"]
mod world;

libfuzzer_sys::fuzz_target!(
    init: seeds::write(&property::seeds()),
    |data: &[u8]| property::check(data)
);
