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
    is_sending: Rc<Cell<bool>>,
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
        let is_sending = Rc::new(Cell::new(false));
        let (sender, answers) = unbounded();
        let (answering, sending) = (channel.clone(), is_sending.clone());
        let on_message = Closure::new(move |event: MessageEvent| match event.data().as_string().as_deref() {
            Some(QUESTION) if sending.get() => {
                if let Some(channel) = &answering {
                    let _ = channel.post_message(&JsValue::from(ANSWER));
                }
            }
            Some(ANSWER) => {
                // Somebody listens as long as this worker lives.
                let _ = sender.unbounded_send(());
            }
            _ => {}
        });
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        Self { channel, is_sending, answers: futures::lock::Mutex::new(answers), _on_message: on_message }
    }

    /// Whether another tab sends to this study.
    pub(super) async fn is_elsewhere(&self) -> bool {
        let Some(channel) = &self.channel else { return false };
        let mut answers = self.answers.lock().await;
        if channel.post_message(&JsValue::from(QUESTION)).is_err() {
            return false;
        }
        let sleep = network().sleep;
        matches!(select(answers.next(), sleep.sleep(PATIENCE)).await, Either::Left(_))
    }

    /// Says from now on that this tab sends.
    pub(super) fn claim(&self) -> Claim {
        self.is_sending.set(true);
        Claim(self.is_sending.clone())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
