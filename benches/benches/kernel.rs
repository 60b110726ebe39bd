//! The kernel's operations for those who know criterion: `cargo bench` in this folder.
//!
//! The numbers that are published come from `cargo xtask bench`, which times contenders in turns.

use std::hint::black_box;

use bench_work::inputs;
use bench_work::world::{Change, World, garbage};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn canon(c: &mut Criterion) {
    let mut group = c.benchmark_group("digest");
    for input in inputs::all() {
        group.throughput(Throughput::Bytes(input.bytes.len() as u64));
        for (form, bytes) in [("as sent", input.bytes.clone()), ("canonical", input.canonical())] {
            group.bench_function(BenchmarkId::new(input.name, form), |b| {
                b.iter(|| countersign_canon::digest(black_box(&bytes)).expect("accepted"));
            });
        }
    }
}

fn gate(c: &mut Criterion) {
    let mut group = c.benchmark_group("gate");
    for size in [256, 4096, 65_536] {
        let world = World::new(size);
        let call = || world.call(Change::Nothing);
        group.bench_function(BenchmarkId::new("admit", size), |b| {
            b.iter_batched(
                call,
                |call| world.admit(call).expect("admitted"),
                BatchSize::SmallInput,
            );
        });
        group.bench_function(BenchmarkId::new("admit bytes", size), |b| {
            let input = || {
                let call = call();
                (call.ticket, call.prepared.to_bytes())
            };
            b.iter_batched(
                input,
                |(ticket, bytes)| {
                    let admitted = world.admit_bytes(&ticket, &bytes).expect("admitted");
                    (ticket, bytes, admitted)
                },
                BatchSize::SmallInput,
            );
        });
        group.bench_function(BenchmarkId::new("floor", size), |b| {
            b.iter_batched_ref(
                || world.bare(),
                |bare| world.verify_bare(bare),
                BatchSize::SmallInput,
            );
        });
        group.bench_function(BenchmarkId::new("issue", size), |b| {
            let input = || {
                let number = world.number();
                (world.approved(number), number)
            };
            let issue = |(approved, number)| world.issue(approved, number);
            b.iter_batched(input, issue, BatchSize::SmallInput);
        });
    }
}

fn refusals(c: &mut Criterion) {
    let world = World::new(4096);
    let mut group = c.benchmark_group("refused");
    for (name, change) in [("arguments", Change::Arguments), ("body", Change::Body)] {
        group.bench_function(name, |b| {
            b.iter_batched(
                || world.call(change),
                |call| world.admit(call).map(drop).expect_err("refused"),
                BatchSize::SmallInput,
            );
        });
    }
    group.bench_function("signature", |b| {
        b.iter_batched(
            || world.forged(),
            |call| world.admit(call).map(drop).expect_err("refused"),
            BatchSize::SmallInput,
        );
    });
    for (name, ticket) in garbage() {
        group.bench_function(BenchmarkId::new("garbage", name), |b| {
            b.iter(|| world.check(black_box(&ticket)).expect_err("refused"));
        });
    }
}

criterion_group!(kernel, canon, gate, refusals);
criterion_main!(kernel);
