//! Tabs of one browser share the access to a study, if their user wants that: a tab without one asks the others. What they
//! say goes from tab to tab; a key is written nowhere.

use std::time::Duration;

use cruncher_study::access::Access;
use futures::StreamExt;
use futures::channel::mpsc::unbounded;
use futures::future::{Either, select};
use leptos::prelude::window;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::platform::marks::Mark;
use crate::platform::{address, network};

/// How long other tabs have to answer.
const PATIENCE: Duration = Duration::from_millis(400);

const QUESTION: &str = "access?";
const LEAVE: &str = "leave";

/// Gives this tab's access to tabs that ask, and leaves the study when another tab does.
pub(crate) fn answer() {
    listen(|said, channel| match said.as_str() {
        QUESTION => {
            if let Some(access) = address::kept() {
                say(channel, &serde_json::to_string(&access).unwrap_or_default());
            }
        }
        LEAVE => {
            address::forget_access();
            address::reload();
        }
        _ => {}
    });
}

/// The access that another tab has, if one does.
pub(crate) async fn ask() -> Option<Access> {
    let (sender, mut answers) = unbounded();
    let channel = listen(move |said, _| {
        if let Ok(access) = serde_json::from_slice::<Access>(said.as_bytes()) {
            // Only the first one is waited for.
            let _ = sender.unbounded_send(access);
        }
    })?;
    say(&channel, QUESTION);
    let sleep = network().sleep;
    let answer = match select(answers.next(), sleep.sleep(PATIENCE)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => None,
    };
    channel.close();
    answer
}

/// Forgets the access: in this tab, and in all of them if they share it.
pub(crate) fn leave() {
    address::forget_access();
    if Mark::Shared.is_set() {
        Mark::Shared.set(false);
        if let Some(channel) = channel() {
            say(&channel, LEAVE);
        }
    }
    address::reload();
}

fn listen(mut hear: impl FnMut(String, &BroadcastChannel) + 'static) -> Option<BroadcastChannel> {
    let channel = channel()?;
    let answering = channel.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        hear(event.data().as_string().unwrap_or_default(), &answering);
    });
    channel.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
    Some(channel)
}

fn say(channel: &BroadcastChannel, words: &str) {
    // A text can always be sent; whoever doesn't hear it asks for a link.
    let _ = channel.post_message(&JsValue::from(words));
}

/// In the local cloud several studies share an origin: the path tells them apart.
fn channel() -> Option<BroadcastChannel> {
    BroadcastChannel::new(&format!("cruncher-access {}", window().location().pathname().unwrap_or_default())).ok()
}
