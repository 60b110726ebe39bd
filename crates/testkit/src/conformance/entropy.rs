//! [`Entropy`]: randomness.

use std::collections::HashSet;
use std::sync::Arc;

use countersign_core::{Entropy, EntropyError};

use super::{done, holds, race, same};

/// Runs every clause but [`refuses_when_there_is_none`].
pub async fn all(entropy: Arc<dyn Entropy>) {
    fills_buffers_of_all_sizes(entropy.as_ref());
    does_not_repeat(entropy.as_ref());
    has_no_bias(entropy.as_ref());
    repeats_for_nobody_else(entropy).await;
}

/// Every byte of every buffer is written, whatever it held before.
pub fn fills_buffers_of_all_sizes(entropy: &dyn Entropy) {
    let clause = "Entropy: every byte of a buffer is filled";
    for size in (0..=300).chain([1_023, 1_024, 1_025, 65_537]) {
        // A byte that is left alone keeps what it held; eight times by chance is one in 2^64.
        let mut untouched = vec![true; size];
        for round in 0..8u8 {
            let held = round.wrapping_mul(37);
            let mut buffer = vec![held; size];
            done(clause, entropy.fill(&mut buffer));
            for (still, byte) in untouched.iter_mut().zip(buffer) {
                *still &= byte == held;
            }
        }
        let left = untouched.iter().position(|still| *still);
        holds(clause, left.is_none(), format!("byte {left:?} of {size} was left as it was"));
    }
}

/// No sixteen bytes come twice, nor within one large buffer.
pub fn does_not_repeat(entropy: &dyn Entropy) {
    let clause = "Entropy: no sixteen bytes come twice";
    let mut seen = HashSet::new();
    let mut block = [0; 16];
    for _ in 0..10_000 {
        done(clause, entropy.fill(&mut block));
        holds(clause, seen.insert(block), "the same block again");
    }
    let mut large = vec![0; 160_000];
    done(clause, entropy.fill(&mut large));
    for chunk in large.as_chunks::<16>().0 {
        holds(clause, seen.insert(*chunk), "the same block again in a large buffer");
    }
}

/// Every value of a byte comes about as often as every other (chi-squared over 256 KiB; a good source
/// fails once in some hundred million runs).
pub fn has_no_bias(entropy: &dyn Entropy) {
    let clause = "Entropy: no value of a byte is preferred";
    let mut buffer = vec![0; 256 * 1024];
    done(clause, entropy.fill(&mut buffer));
    let mut counts = [0i64; 256];
    for byte in buffer {
        for count in counts.iter_mut().skip(usize::from(byte)).take(1) {
            *count += 1;
        }
    }
    // 1,024 of each are expected. With 255 degrees of freedom the sum of squares over the expected
    // value is 255 on average, with a deviation of 22.6; 400 is more than six of those away.
    let squares: i64 = counts.iter().map(|count| (count - 1_024).pow(2)).sum();
    holds(clause, squares / 1_024 < 400, format!("chi-squared is {}", squares / 1_024));
}

/// Tasks that ask at the same time get different bytes.
pub async fn repeats_for_nobody_else(entropy: Arc<dyn Entropy>) {
    let clause = "Entropy: no two tasks get the same bytes";
    let results = race(1_000, |_| {
        let entropy = Arc::clone(&entropy);
        async move {
            let mut block = [0; 16];
            entropy.fill(&mut block).map(|()| block)
        }
    });
    let blocks = results.await.into_iter().map(|block| done(clause, block));
    let different: HashSet<[u8; 16]> = blocks.collect();
    same(clause, different.len(), 1_000);
}

/// A source that has no randomness says so, for every size.
pub fn refuses_when_there_is_none(entropy: &dyn Entropy) {
    for size in [1, 16, 32, 4_096] {
        let seen = entropy.fill(&mut vec![0; size]);
        same("Entropy: no randomness is an error", seen, Err(EntropyError));
    }
}
