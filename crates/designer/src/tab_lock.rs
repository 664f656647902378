//! One tab sends at a time: tabs of one browser ask each other.

use std::cell::Cell;
use std::rc::Rc;

use futures::channel::mpsc::{UnboundedReceiver, unbounded};

use cruncher_browser::network;
use cruncher_browser::tabs;
use cruncher_browser::tabs::TabChannel;

const QUESTION: &str = "who sends?";
const ANSWER: &str = "I do";

/// Hears of other tabs, and answers them.
pub(super) struct TabLock {
    /// A browser that has no such channels lets two tabs send: the queue drops what comes twice.
    tabs: Option<TabChannel>,
    /// What tells this tab from others that ask at the same time: the highest one sends.
    number: f64,
    is_claimed: Rc<Cell<bool>>,
    /// Whether no other tab sends.
    is_sure: Rc<Cell<bool>>,
    answers: futures::lock::Mutex<UnboundedReceiver<()>>,
}

/// As long as this lives, other tabs are told that this one sends.
pub(super) struct TabClaim(Rc<Cell<bool>>);

impl TabLock {
    /// For the study with this bucket.
    pub(super) fn new(bucket: &str) -> Self {
        let (is_claimed, is_sure) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
        let number = network().random.fraction();
        let (sender, answers) = unbounded();
        let (claimed, sure) = (is_claimed.clone(), is_sure.clone());
        let tabs = TabChannel::open(&format!("cruncher-sending {bucket}"), move |said, say| {
            let asker = said.strip_prefix(QUESTION).map(|number| number.parse().unwrap_or(0.0));
            match asker {
                // Whoever doesn't hear it asks again.
                Some(asker) if claimed.get() && (sure.get() || number > asker) => say(ANSWER),
                None if said == ANSWER => {
                    // Somebody listens as long as this worker lives.
                    let _ = sender.unbounded_send(());
                }
                _ => {}
            }
        });
        Self { tabs, number, is_claimed, is_sure, answers: futures::lock::Mutex::new(answers) }
    }

    /// Whether another tab sends to this study. Whoever asks has claimed it before, so that of two that ask at the same time
    /// one is told.
    pub(super) async fn is_elsewhere(&self) -> bool {
        let Some(tabs) = &self.tabs else { return false };
        let mut answers = self.answers.lock().await;
        tabs.say(&format!("{QUESTION}{}", self.number));
        let is_elsewhere = tabs::first(&mut answers).await.is_some();
        self.is_sure.set(!is_elsewhere);
        is_elsewhere
    }

    /// Says from now on that this tab sends, whoever else wants to.
    pub(super) fn insist(&self) -> TabClaim {
        self.is_sure.set(true);
        self.claim()
    }

    /// Says from now on that this tab sends, unless another one does: that has to be asked for.
    pub(super) fn claim(&self) -> TabClaim {
        self.is_claimed.set(true);
        TabClaim(self.is_claimed.clone())
    }
}

impl Drop for TabClaim {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
