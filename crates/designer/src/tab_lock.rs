//! Lock by which one tab sends at a time: tabs of one browser ask each other.

use std::cell::Cell;
use std::rc::Rc;

use futures::channel::mpsc::{UnboundedReceiver, unbounded};

use cruncher_browser::network;
use cruncher_browser::tabs;
use cruncher_browser::tabs::TabChannel;

const QUESTION: &str = "who sends?";
const ANSWER: &str = "I do";

/// Channel to the other tabs, which hears their questions and answers them.
pub(super) struct TabLock {
    /// `None` in a browser without such channels, which lets two tabs send: the queue drops cases that come twice.
    tabs: Option<TabChannel>,
    /// Number that tells this tab from others that ask at the same time: the tab with the highest one sends.
    number: f64,
    is_claimed: Rc<Cell<bool>>,
    /// Whether no other tab sends.
    is_sure: Rc<Cell<bool>>,
    answers: futures::lock::Mutex<UnboundedReceiver<()>>,
}

/// Claim to be the tab that sends: other tabs are told of it as long as this lives.
pub(super) struct TabClaim(Rc<Cell<bool>>);

impl TabLock {
    /// Opens the lock for the study with this bucket.
    pub(super) fn new(bucket: &str) -> Self {
        let (is_claimed, is_sure) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
        let number = network().random.fraction();
        let (sender, answers) = unbounded();
        let (claimed, sure) = (is_claimed.clone(), is_sure.clone());
        let tabs = TabChannel::open(&format!("cruncher-sending {bucket}"), move |said, say| {
            let asker = said.strip_prefix(QUESTION).map(|number| number.parse().unwrap_or(0.0));
            match asker {
                // A tab that misses the answer asks again.
                Some(asker) if claimed.get() && (sure.get() || number > asker) => say(ANSWER),
                None if said == ANSWER => {
                    // This can't fail: the receiver lives as long as this worker.
                    let _ = sender.unbounded_send(());
                }
                _ => {}
            }
        });
        Self { tabs, number, is_claimed, is_sure, answers: futures::lock::Mutex::new(answers) }
    }

    /// Whether another tab sends to this study. This tab must have claimed it before, so that one of two tabs that ask at the
    /// same time is told.
    pub(super) async fn is_elsewhere(&self) -> bool {
        let Some(tabs) = &self.tabs else { return false };
        let mut answers = self.answers.lock().await;
        tabs.say(&format!("{QUESTION}{}", self.number));
        let is_elsewhere = tabs::first(&mut answers).await.is_some();
        self.is_sure.set(!is_elsewhere);
        is_elsewhere
    }

    /// Claims to be the tab that sends, even if others want to.
    pub(super) fn insist(&self) -> TabClaim {
        self.is_sure.set(true);
        self.claim()
    }

    /// Claims to be the tab that sends, unless another one does: [`Self::is_elsewhere`] has to be asked.
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
