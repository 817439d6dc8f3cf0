//! What is done to a platform in one run, and how much of it.

use std::time::Duration;

use base::Entropy;

use super::poster::Load;
use super::witness::Manner;

/// The size of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Leads that clients feed in.
    pub leads: u32,
    /// Messages to each lead.
    pub messages: u32,
    /// Processes at the beginning, two at least: somebody must be alive.
    pub nodes: u32,
    /// Over how many seconds the leads and the harm are spread.
    pub seconds: u32,
    /// Decides who is harmed, how, when and in which order.
    pub seed: u64,
    /// How often a process is killed. Every other one comes back at once under its name, the others are succeeded.
    pub kills: u32,
    /// How often a process is frozen until after its lease has run out.
    pub freezes: u32,
    /// How many processes are added.
    pub additions: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            leads: 2_000,
            messages: 3,
            nodes: 3,
            seconds: 120,
            seed: 1,
            kills: 6,
            freezes: 4,
            additions: 2,
        }
    }
}

/// What is done to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// It is killed, and comes back under its name.
    KillAndReturn,
    /// It is killed and never comes back; another one takes its place later.
    KillForGood,
    /// It is frozen past its lease, and goes on.
    Freeze,
    /// A process is added: no harm, but a change.
    Add,
}

impl Harm {
    /// For tables.
    pub fn words(self) -> &'static str {
        match self {
            Self::KillAndReturn => "killed, came back",
            Self::KillForGood => "killed for good",
            Self::Freeze => "frozen past its lease",
            Self::Add => "added",
        }
    }
}

impl Plan {
    /// How long a request may take: short, so that leases are.
    pub const DEADLINE: Duration = Duration::from_secs(2);
    /// All processes have one clock.
    pub const LEASE_MARGIN: Duration = Duration::from_millis(500);
    /// How long a process's leases last after it was heard of last.
    pub const LEASE: Duration = Duration::from_millis(4_750);

    /// Slow ones, so that something is in flight at any time, one who refuses, and ordinary ones.
    pub const MANNERS: [Manner; 6] = [
        Manner::Prompt,
        Manner::Slow(Duration::from_millis(250)),
        Manner::Prompt,
        Manner::Flaky(10),
        Manner::Slow(Duration::from_millis(300)),
        Manner::Slow(Duration::from_millis(200)),
    ];

    /// Reads `name=number` words, such as `leads=300 seed=7`; what is not named is as usual.
    ///
    /// # Errors
    /// Which word is wrong.
    pub fn parse(words: &str) -> Result<Self, String> {
        let mut plan = Self::default();
        for word in words.split_whitespace() {
            let wrong = || {
                format!(
                    "`{word}` is not one of leads, messages, nodes, seconds, seed, kills, freezes, additions, with =NUMBER"
                )
            };
            let (name, number) = word.split_once('=').ok_or_else(wrong)?;
            let seed: u64 = number.parse().map_err(|_| wrong())?;
            let count = u32::try_from(seed).map_err(|_| wrong());
            match name {
                "leads" => plan.leads = count?,
                "messages" => plan.messages = count?,
                "nodes" => plan.nodes = count?,
                "seconds" => plan.seconds = count?,
                "seed" => plan.seed = seed,
                "kills" => plan.kills = count?,
                "freezes" => plan.freezes = count?,
                "additions" => plan.additions = count?,
                _ => return Err(wrong()),
            }
        }
        if plan.nodes < 2 {
            return Err("nodes must be 2 or more: somebody must be alive".to_owned());
        }
        Ok(plan)
    }

    /// What clients feed in.
    pub fn load(&self) -> Load {
        Load {
            leads: self.leads,
            messages: self.messages,
            over: Duration::from_secs(self.seconds.into()),
        }
    }

    /// All harm, in the order in which it is done.
    pub fn harms(&self, entropy: &Entropy) -> Vec<Harm> {
        let mut harms = Vec::new();
        for kill in 0..self.kills {
            harms.push(if kill % 2 == 0 {
                Harm::KillForGood
            } else {
                Harm::KillAndReturn
            });
        }
        harms.extend((0..self.freezes).map(|_| Harm::Freeze));
        harms.extend((0..self.additions).map(|_| Harm::Add));
        for last in (1..harms.len()).rev() {
            let other = usize::try_from(entropy.below(last as u64 + 1)).unwrap_or(0);
            harms.swap(last, other);
        }
        harms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_from_words() {
        let plan = Plan::parse("leads=300 seed=18446744073709551615 kills=0").unwrap();
        assert_eq!((plan.leads, plan.seed, plan.kills), (300, u64::MAX, 0));
        assert_eq!(plan.messages, Plan::default().messages);
        for bad in [
            "leads",
            "leads=",
            "leads=-1",
            "leads=4294967296",
            "lead=1",
            "nodes=1",
        ] {
            assert!(Plan::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_harm_and_all_of_it() {
        let plan = Plan::default();
        let harms = |seed| plan.harms(&Entropy::seeded(seed));
        assert_eq!(harms(1), harms(1));
        assert_ne!(harms(1), harms(2));
        let count = |harm| harms(3).into_iter().filter(|one| *one == harm).count();
        assert_eq!(
            (count(Harm::KillForGood), count(Harm::KillAndReturn)),
            (3, 3)
        );
        assert_eq!((count(Harm::Freeze), count(Harm::Add)), (4, 2));
    }
}
