//! Call of a webhook, and which address can be one.

use cruncher_browser::state::dialog_request::EventMessage;
use serde_json::json;

/// Returns the address that was typed, empty if there shall be none, or what is wrong with it.
pub(crate) fn webhook_url(typed: &str) -> Result<String, &'static str> {
    let url = typed.trim();
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match host {
        _ if url.is_empty() => Ok(String::new()),
        None => Err("An address begins with https:// or http://."),
        Some(host) if host.starts_with('/') || host.is_empty() => Err("A host is missing behind the //."),
        Some(_) if !url.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err("An address has no spaces and no letters beyond ASCII.")
        }
        Some(host) if host.split('/').next().is_some_and(|host| host.contains('@')) => {
            Err("A browser calls no address with a name and a password in it.")
        }
        Some(_) => Ok(url.to_owned()),
    }
}

/// Returns the body of a call, as of `time` in seconds since 1970.
pub(crate) fn body(EventMessage { study, event, text }: &EventMessage, time: f64) -> String {
    json!({ "study": study, "event": event, "text": format!("{study}: {}", told(event, text)), "time": time })
        .to_string()
}

/// Returns what has happened, in words.
pub(crate) fn told(event: &str, text: &str) -> String {
    match event {
        "ended" => format!("the study has ended, {text}"),
        "halted" => format!("the study has halted: {text}"),
        "error" => format!("cases fail in a new way: {text}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_a_browser_calls() {
        for (typed, expected) in [
            ("", Ok("")),
            (" https://hooks.slack.com/services/T/B/x ", Ok("https://hooks.slack.com/services/T/B/x")),
            ("http://127.0.0.1:9/a?b=@", Ok("http://127.0.0.1:9/a?b=@")),
            ("hooks.slack.com", Err("An address begins with https:// or http://.")),
            ("javascript:alert(1)", Err("An address begins with https:// or http://.")),
            ("https://", Err("A host is missing behind the //.")),
            ("https:///x", Err("A host is missing behind the //.")),
            ("https://a b", Err("An address has no spaces and no letters beyond ASCII.")),
            ("https://me:secret@host/", Err("A browser calls no address with a name and a password in it.")),
        ] {
            assert_eq!(webhook_url(typed), expected.map(str::to_owned), "{typed}");
        }
    }

    #[test]
    fn a_call_says_what_where_and_when() {
        let message = EventMessage { study: "soil".into(), event: "ended".into(), text: "3 of 3 done".into() };
        let call: serde_json::Value = serde_json::from_str(&body(&message, 1.5e9)).unwrap();
        let text = "soil: the study has ended, 3 of 3 done";
        assert_eq!(call, json!({"study": "soil", "event": "ended", "text": text, "time": 1.5e9}));
    }
}
