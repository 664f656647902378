//! Messages between the tabs of one browser.

use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::UnboundedReceiver;
use futures::future::{Either, select};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::network;

/// Time that other tabs have to answer.
const PATIENCE: Duration = Duration::from_millis(400);

/// A channel to the other tabs. It is closed with its last owner.
pub struct TabChannel {
    channel: BroadcastChannel,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl TabChannel {
    /// Opens the channel of this name. `hear` gets the messages of other tabs, and a function that answers through the channel.
    /// Returns `None` in a browser without such channels.
    pub fn open(name: &str, mut hear: impl FnMut(&str, &dyn Fn(&str)) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(name).ok()?;
        let answering = channel.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            hear(&event.data().as_string().unwrap_or_default(), &|words| say(&answering, words));
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Some(Self { channel, _on_message: on_message })
    }

    /// Sends a message to the other tabs.
    pub fn say(&self, words: &str) {
        say(&self.channel, words);
    }
}

impl Drop for TabChannel {
    fn drop(&mut self) {
        self.channel.close();
    }
}

fn say(channel: &BroadcastChannel, words: &str) {
    // A text can always be sent; nobody knows whether another tab hears it.
    let _ = channel.post_message(&JsValue::from(words));
}

/// Returns the first answer of another tab, if one comes in time.
pub async fn first<T>(answers: &mut UnboundedReceiver<T>) -> Option<T> {
    let sleep = network().sleep;
    match select(answers.next(), sleep.sleep(PATIENCE)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => None,
    }
}
