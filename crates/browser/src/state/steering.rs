//! Requests of an operator on the Overview. The shell hands them to the designer's program, as text.

use std::fmt;

use cruncher_backend::administer::observe::LookFindings;
use cruncher_study::control::StudyControl;

use crate::state::versions::VersionChange;

/// Request of an operator. As text it has a line for what is asked, and one for each name.
#[derive(Debug, Clone, PartialEq)]
pub enum SteeringRequest {
    /// Withdraw submissions, or count them again.
    Versions(VersionChange),
    /// Workers take no further case.
    Pause,
    /// They take cases again, from this time on, also if they had halted.
    Resume(f64),
    /// These workers finish their case and end.
    Drain(Vec<String>),
    /// These workers go on.
    Undrain(Vec<String>),
    /// The cases of the dead-letter queue are sent again.
    Redrive,
    /// These workers, which are gone, aren't shown any more.
    Forget(Vec<String>),
    /// What a look has found is noted for others.
    Observe(LookFindings),
}

const PAUSE: &str = "Pause";
const RESUME: &str = "Resume";
const DRAIN: &str = "Drain";
const UNDRAIN: &str = "Undrain";
const REDRIVE: &str = "Redrive";
const FORGET: &str = "Forget";
const OBSERVE: &str = "Observe";

impl fmt::Display for SteeringRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, names) = match self {
            Self::Versions(change) => return change.fmt(f),
            Self::Pause => (PAUSE, &[][..]),
            Self::Resume(time) => return write!(f, "{RESUME}\n{time}"),
            Self::Drain(workers) => (DRAIN, &workers[..]),
            Self::Undrain(workers) => (UNDRAIN, &workers[..]),
            Self::Redrive => (REDRIVE, &[][..]),
            Self::Forget(workers) => (FORGET, &workers[..]),
            Self::Observe(observation) => return write!(f, "{OBSERVE}\n{}", observation.to_lines().join("\n")),
        };
        write!(f, "{name}\n{}", names.join("\n"))
    }
}

impl SteeringRequest {
    /// Reads the text that [`fmt::Display`] has written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let name = lines.next()?;
        if name == RESUME {
            return Some(Self::Resume(lines.next()?.parse().ok()?));
        }
        if name == OBSERVE {
            return Some(Self::Observe(LookFindings::from_lines(lines)));
        }
        let names = lines.map(str::to_owned).collect();
        match name {
            PAUSE => Some(Self::Pause),
            DRAIN => Some(Self::Drain(names)),
            UNDRAIN => Some(Self::Undrain(names)),
            REDRIVE => Some(Self::Redrive),
            FORGET => Some(Self::Forget(names)),
            _ => VersionChange::parse(text).map(Self::Versions),
        }
    }

    /// Applies the request to the control document, if it is about that.
    pub fn apply(&self, control: &mut StudyControl) {
        match self {
            Self::Versions(change) => change.apply(control),
            Self::Pause => control.paused = true,
            Self::Resume(time) => control.go_on(*time),
            Self::Drain(workers) => control.drain.extend(workers.iter().cloned()),
            Self::Undrain(workers) => control.drain.retain(|worker| !workers.contains(worker)),
            Self::Redrive | Self::Forget(_) | Self::Observe(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::versions::VersionAct;

    #[test]
    fn each_request_is_read_back_as_text_and_made() {
        let names = || vec!["node7_linux_1-aa".to_owned(), "node8_linux_2-bb".to_owned()];
        let versions = VersionChange { act: VersionAct::Withdraw, submissions: vec!["00aa".to_owned()] };
        let requests = [
            SteeringRequest::Pause,
            SteeringRequest::Drain(names()),
            SteeringRequest::Versions(versions),
            SteeringRequest::Redrive,
            SteeringRequest::Forget(names()),
            SteeringRequest::Undrain(vec![names().remove(0)]),
            SteeringRequest::Observe(LookFindings {
                halt: Some("it failed".into()),
                dead_letters: Some(3),
                ..LookFindings::default()
            }),
            SteeringRequest::Resume(1.5e9),
        ];
        let mut control = StudyControl::default();
        for (request, paused, drained) in requests
            .iter()
            .zip([true, true, true, true, true, true, true, false])
            .zip([0, 2, 2, 2, 2, 1, 1, 1])
            .map(|((one, two), three)| (one, two, three))
        {
            assert_eq!(SteeringRequest::parse(&request.to_string()).as_ref(), Some(request));
            request.apply(&mut control);
            assert_eq!((control.paused, control.drain.len()), (paused, drained), "{request:?}");
        }
        assert!(control.withdraws("00aa"));
        assert_eq!(SteeringRequest::parse("Delete\n00aa"), None);
        assert_eq!(SteeringRequest::parse(""), None);
    }
}
