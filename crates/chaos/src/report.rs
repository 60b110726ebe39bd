//! What a run says at its end.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use crate::account::{Account, Books};
use crate::options::Options;
use crate::parent::AT_RANDOM;
use crate::point::PLACES;

/// The report of a run.
#[derive(Debug)]
pub struct Report {
    kills: BTreeMap<String, u64>,
    account: Account,
    asked: u64,
    entries: u64,
    took: Duration,
    /// With a provider of somebody else's not every point can be reached.
    stranger: bool,
}

impl Report {
    /// Puts a report together.
    pub fn new(
        kills: BTreeMap<String, u64>,
        books: &Books,
        account: Account,
        took: Duration,
        stranger: bool,
    ) -> Self {
        let asked = books.asked.values().sum();
        Self { kills, account, asked, entries: books.ledger.len() as u64, took, stranger }
    }

    fn never(&self) -> Vec<&str> {
        self.kills.iter().filter(|(_, n)| **n == 0).map(|(point, _)| point.as_str()).collect()
    }

    /// Prints it, and says how the run ended.
    pub fn show(&self, options: &Options) -> ExitCode {
        let account = &self.account;
        let kills: u64 = self.kills.values().sum();
        let never = self.never();
        if options.json {
            let object = json!({
                "store": "embedded",
                "kills": kills,
                "effects": account.effects,
                "doubles": account.doubles,
                "losses": account.losses.len(),
                "in_doubt": account.in_doubt,
                "asked_twice": account.asked_twice,
                "asked": self.asked,
                "approved_in_vain": account.in_vain,
                "ledger": self.entries,
                "points": self.kills,
                "never_reached": never,
                "lost": account.losses,
                "seed": options.seed,
                "seconds": self.took.as_secs(),
            });
            println!("{object}");
        } else {
            println!("killed                              before   after");
            for place in PLACES {
                let at = |side| self.kills.get(&format!("{side} {place}")).unwrap_or(&0);
                println!("  {place:<30}  {:>8}  {:>6}", at("before"), at("after"));
            }
            let random = self.kills.get(AT_RANDOM).unwrap_or(&0);
            println!("  {AT_RANDOM:<30}  {random:>8}");
            println!("\nkills                                {kills:>8}");
            println!("effects at the provider              {:>8}", account.effects);
            println!("entries of the ledger                {:>8}", self.entries);
            println!("questions put to the person          {:>8}", self.asked);
            println!("done twice                           {:>8}", account.doubles);
            println!("lost                                 {:>8}", account.losses.len());
            println!("in doubt                             {:>8}", account.in_doubt);
            println!("asked twice                          {:>8}", account.asked_twice);
            println!("approved in vain                     {:>8}", account.in_vain);
            for loss in account.losses.iter().take(20) {
                println!("  - {loss}");
            }
            if !never.is_empty() {
                println!("never reached: {}", never.join(", "));
            }
            println!("seed {}, {} s", options.seed, self.took.as_secs());
        }
        let reached = self.stranger || options.kills < 60 || never.is_empty();
        let sound = account.doubles == 0 && account.losses.is_empty() && account.asked_twice == 0;
        if sound && reached { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
