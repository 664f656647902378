//! Problems, as the page tells them.

use std::error::Error as _;

use cruncher_aws::{Error, ErrorKind};
use cruncher_backend::administer::control::ControlError;
use cruncher_backend::fetch::documents::ResultError;
use cruncher_backend::study::{OpenError, ReadError};
use cruncher_study::access::AccessError;

const UNREACHABLE: &str = "The study's cloud can't be reached.";
const REFUSED: &str = "This key is not accepted any more.";

/// Problem: what went wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageProblem {
    /// Sentence that says what happened.
    pub title: String,
    /// Advice on what the reader can do.
    pub advice: String,
    /// Request that failed, and its failure, for a reader who wants to know more.
    pub detail: String,
}

impl PageProblem {
    /// Returns the problem that the program that shows something can't be loaded.
    #[must_use]
    pub fn no_program(title: &str) -> Self {
        Self {
            title: format!("The {title} can't be loaded."),
            advice: "Look whether this computer has a network, then try again.".into(),
            detail: "A part of this page, beside it in assets/, didn't come or didn't start.".into(),
        }
    }

    /// Whether no answer came that the page could read: why is to be found out.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        self.title == UNREACHABLE
    }

    /// Whether the key is refused: another one may be accepted.
    #[must_use]
    pub fn is_refused_key(&self) -> bool {
        self.title == REFUSED
    }

    /// Returns the problem of requests without an answer, by what is known of the surroundings: whether the browser says that it is
    /// offline, and whether anything answers at the address of the study's cloud.
    #[must_use]
    pub fn with_reason(self, is_offline: bool, is_answered: bool) -> Self {
        let (title, advice) = match (is_offline, is_answered) {
            (true, _) => ("This computer has no network.", "The page goes on by itself as soon as there is one."),
            (false, true) => (
                "The study's cloud doesn't let this page read its answers.",
                "The rules for other origins (CORS) of its bucket are missing or were changed, or a proxy removes them. Run cruncher \
                 configure STUDY, which sets them again.",
            ),
            (false, false) => return self,
        };
        Self { title: title.into(), advice: advice.into(), ..self }
    }

    /// Returns the problem that the worker that watches a large study ended.
    #[must_use]
    pub fn no_watcher() -> Self {
        Self {
            title: "The page's worker ended.".into(),
            advice: "Nothing is lost; it is started again with the next look.".into(),
            detail: "A large study is read beside the page, by a program in assets/ that didn't come or broke.".into(),
        }
    }

    /// Returns the problem of a tab that has lost the access of its link.
    #[must_use]
    pub fn no_access() -> Self {
        Self {
            title: "This tab doesn't keep the key of its link.".into(),
            advice: "Allow this page to store data in this browser, then sign in again.".into(),
            detail: "The key is kept in the tab's session storage.".into(),
        }
    }
}

impl From<&ResultError> for PageProblem {
    fn from(error: &ResultError) -> Self {
        Self {
            advice: "What was read until then stays: try again to read the rest.".into(),
            detail: chain(error),
            ..Self::from(&error.source)
        }
    }
}

impl From<&Error> for PageProblem {
    fn from(error: &Error) -> Self {
        let title = match error.kind() {
            ErrorKind::RefusedCredentials => REFUSED,
            ErrorKind::AccessDenied => "This key doesn't allow this.",
            ErrorKind::Transport => UNREACHABLE,
            ErrorKind::ClockSkew => "This computer's clock is wrong.",
            ErrorKind::Throttled | ErrorKind::Server => "The study's cloud is busy or out of order.",
            ErrorKind::NotFound if error.resource().starts_with("queue ") => "The study's queue isn't there any more.",
            ErrorKind::NotFound if error.code() == Some("NoSuchBucket") => "The study's bucket isn't there any more.",
            ErrorKind::NotFound => "A part of the study isn't there any more.",
            _ => "The study's cloud gave an unexpected answer.",
        };
        Self { title: title.into(), advice: advice(error.kind(), error.advice()), detail: chain(error) }
    }
}

fn advice(kind: ErrorKind, general: &str) -> String {
    match kind {
        ErrorKind::RefusedCredentials => {
            "Sign in anew, with a new passphrase or link: whoever launched the study has them, or makes them by cruncher configure STUDY \
             --rotate-keys."
                .into()
        }
        ErrorKind::Transport => {
            "Look whether this computer has a network, and whether a proxy or an extension blocks the address below. The page \
             keeps trying."
                .into()
        }
        ErrorKind::NotFound => {
            "The study was cleaned up, or a part of it was deleted by hand: which one stands below. cruncher launch makes a new one; \
             results that are left can be fetched."
                .into()
        }
        ErrorKind::Throttled | ErrorKind::Server => "Nothing needs to be done: the page keeps trying.".into(),
        _ => general.to_owned(),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl From<&OpenError> for PageProblem {
    fn from(error: &OpenError) -> Self {
        let (title, advice) = match error {
            OpenError::Unreachable { .. } => {
                ("The study can't be reached.", "Look whether this computer has a network, then reload the page.")
            }
            OpenError::Status { .. } => (
                "There is no study at this address.",
                "Its configuration is missing: it was cleaned up, or never launched completely. Run cruncher configure STUDY.",
            ),
            OpenError::Config(_) => (
                "The study's configuration can't be read.",
                "Reload the page; if that doesn't help, run cruncher configure STUDY.",
            ),
        };
        let detail = error.source().map_or_else(|| error.to_string(), |_| chain(error));
        Self { title: title.into(), advice: advice.into(), detail }
    }
}

impl From<&ControlError> for PageProblem {
    fn from(error: &ControlError) -> Self {
        if let ControlError::Document(ReadError::Aws(error)) = error {
            return error.into();
        }
        Self {
            title: "What is asked of the workers couldn't be changed.".into(),
            advice: "Look at control.json in the study's bucket: what is wrong with it stands below.".into(),
            detail: chain(error),
        }
    }
}

impl From<AccessError> for PageProblem {
    fn from(error: AccessError) -> Self {
        Self {
            title: "This link is incomplete.".into(),
            advice: "Copy the whole link, up to its last character, and open it again.".into(),
            detail: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_no_answer_comes_is_told_as_far_as_it_is_known() {
        let problem = PageProblem { title: UNREACHABLE.into(), ..PageProblem::no_access() };
        assert!(problem.is_unreachable() && !PageProblem::no_access().is_unreachable());
        assert_eq!(problem.clone().with_reason(false, false), problem);
        assert_eq!(problem.clone().with_reason(true, false).title, "This computer has no network.");
        let refused = problem.clone().with_reason(false, true);
        assert!(refused.advice.contains("CORS") && refused.detail == problem.detail, "{refused:?}");
    }
}
