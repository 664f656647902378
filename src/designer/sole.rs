//! One tab sends at a time: tabs of one browser ask each other.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::future::{Either, select};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::platform::network;

/// How long other tabs have to answer.
const PATIENCE: Duration = Duration::from_millis(400);

const QUESTION: &str = "who sends?";
const ANSWER: &str = "I do";

/// Hears of other tabs, and answers them.
pub(super) struct Sole {
    channel: Option<BroadcastChannel>,
    /// What tells this tab from others that ask at the same time: the highest one sends.
    number: f64,
    is_claimed: Rc<Cell<bool>>,
    /// Whether no other tab sends.
    is_sure: Rc<Cell<bool>>,
    answers: futures::lock::Mutex<UnboundedReceiver<()>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

/// As long as this lives, other tabs are told that this one sends.
pub(super) struct Claim(Rc<Cell<bool>>);

impl Sole {
    /// For the study with this bucket.
    pub(super) fn new(bucket: &str) -> Self {
        // A browser that has no such channels lets two tabs send: the queue drops what comes twice.
        let channel = BroadcastChannel::new(&format!("cruncher-sending {bucket}")).ok();
        let (is_claimed, is_sure) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
        let number = network().random.fraction();
        let (sender, answers) = unbounded();
        let (answering, claimed, sure) = (channel.clone(), is_claimed.clone(), is_sure.clone());
        let on_message = Closure::new(move |event: MessageEvent| {
            let said = event.data().as_string().unwrap_or_default();
            let asker = said.strip_prefix(QUESTION).map(|number| number.parse().unwrap_or(0.0));
            match (asker, &answering) {
                (Some(asker), Some(channel)) if claimed.get() && (sure.get() || number > asker) => {
                    // Whoever doesn't hear it asks again.
                    let _ = channel.post_message(&JsValue::from(ANSWER));
                }
                (None, _) if said == ANSWER => {
                    // Somebody listens as long as this worker lives.
                    let _ = sender.unbounded_send(());
                }
                _ => {}
            }
        });
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        let answers = futures::lock::Mutex::new(answers);
        Self { channel, number, is_claimed, is_sure, answers, _on_message: on_message }
    }

    /// Whether another tab sends to this study. Whoever asks has claimed it before, so that of two that ask at the same time
    /// one is told.
    pub(super) async fn is_elsewhere(&self) -> bool {
        let Some(channel) = &self.channel else { return false };
        let mut answers = self.answers.lock().await;
        if channel.post_message(&JsValue::from(format!("{QUESTION}{}", self.number))).is_err() {
            return false;
        }
        let sleep = network().sleep;
        let is_elsewhere = matches!(select(answers.next(), sleep.sleep(PATIENCE)).await, Either::Left(_));
        self.is_sure.set(!is_elsewhere);
        is_elsewhere
    }

    /// Says from now on that this tab sends, whoever else wants to.
    pub(super) fn insist(&self) -> Claim {
        self.is_sure.set(true);
        self.claim()
    }

    /// Says from now on that this tab sends, unless another one does: that has to be asked for.
    pub(super) fn claim(&self) -> Claim {
        self.is_claimed.set(true);
        Claim(self.is_claimed.clone())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
