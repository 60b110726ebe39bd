//! Shares with their uncertainty.

/// `hits/all = share [low, high]`, with the 95% interval of Wilson.
pub fn share(hits: usize, all: usize) -> String {
    if all == 0 {
        return "0/0".to_owned();
    }
    let (low, high) = interval(hits, all);
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let share = hits as f64 / all as f64;
    format!("{hits}/{all} = {share:.3} [{low:.3}, {high:.3}]")
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
pub fn interval(hits: usize, all: usize) -> (f64, f64) {
    const Z: f64 = 1.959_964;
    let (n, p) = (all as f64, hits as f64 / all as f64);
    let middle = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((middle - spread) / scale).max(0.0), ((middle + spread) / scale).min(1.0))
}
