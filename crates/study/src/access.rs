//! Roles, their permissions, and the links that carry a role's key.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// Permissions of a person who opens the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads, sends cases, and steers the workers.
    Operator,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        })
    }
}

/// An access key. Printing it for debugging leaves the secret out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// The id that names the key.
    pub key_id: String,
    /// The secret that signs with it.
    pub secret: String,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// A role and its key, as a link carries them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WireAccess", into = "WireAccess")]
pub struct StudyAccess {
    /// The permissions of its holder.
    pub role: Role,
    /// The role's key.
    pub key: AccessKey,
    /// The workers' key, which the operator's page shows in the attach line.
    pub worker: Option<AccessKey>,
    /// The viewer's key, which an operator may pass on.
    pub viewer: Option<AccessKey>,
}

/// The access as the protocol writes it: the role's key is not nested.
#[derive(Serialize, Deserialize)]
struct WireAccess {
    role: Role,
    key_id: String,
    secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<AccessKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    viewer: Option<AccessKey>,
}

impl From<WireAccess> for StudyAccess {
    fn from(WireAccess { role, key_id, secret, worker, viewer }: WireAccess) -> Self {
        Self { role, key: AccessKey { key_id, secret }, worker, viewer }
    }
}

impl From<StudyAccess> for WireAccess {
    fn from(StudyAccess { role, key: AccessKey { key_id, secret }, worker, viewer }: StudyAccess) -> Self {
        Self { role, key_id, secret, worker, viewer }
    }
}

/// The beginning of a link's fragment.
const FRAGMENT_START: &str = "access=";

/// A link whose access can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link is incomplete: copy the whole of it, up to its last character")]
pub struct AccessError;

impl StudyAccess {
    /// Returns the access as a role: its own, or the viewer's if this is an operator's that holds it.
    #[must_use]
    pub fn as_role(self, role: Role) -> Option<Self> {
        if self.role == role {
            return Some(self);
        }
        let key = self.viewer.filter(|_| role == Role::Viewer)?;
        Some(Self { role, key, worker: None, viewer: None })
    }

    /// The link: the page's address, and behind `#`, which no server sees, the key.
    ///
    /// # Panics
    /// Never: an access is plain JSON.
    #[must_use]
    pub fn link(&self, page_url: &str) -> String {
        let json = serde_json::to_vec(self).expect("an access is plain JSON");
        format!("{page_url}#{FRAGMENT_START}{}", URL_SAFE_NO_PAD.encode(json))
    }

    /// Reads the text behind the `#` of an address; `None` if it is no access but a route.
    ///
    /// # Errors
    /// If it starts like an access and isn't one.
    pub fn from_fragment(fragment: &str) -> Result<Option<Self>, AccessError> {
        let Some(encoded) = fragment.trim_start_matches('#').strip_prefix(FRAGMENT_START) else {
            return Ok(None);
        };
        let json = URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')).ok().ok_or(AccessError)?;
        serde_json::from_slice(&json).ok().ok_or(AccessError).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator() -> StudyAccess {
        let key = |id: &str, secret: &str| AccessKey { key_id: id.into(), secret: secret.into() };
        let (worker, viewer) = (Some(key("AKIA2", "w0rk/r")), Some(key("AKIA3", "v1ew/r")));
        StudyAccess { role: Role::Operator, key: key("AKIA1", "s3cr/t+=="), worker, viewer }
    }

    #[test]
    fn a_link_is_read_back_from_its_fragment() {
        let link = operator().link("https://b.s3.eu-central-1.amazonaws.com/index.html");
        let (page, fragment) = link.split_once('#').unwrap();
        assert_eq!(page, "https://b.s3.eu-central-1.amazonaws.com/index.html");
        assert!(fragment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte)), "{fragment}");
        assert_eq!(StudyAccess::from_fragment(fragment), Ok(Some(operator())));
    }

    #[test]
    fn an_operator_may_pass_on_the_viewers_access_and_no_viewer_the_operators() {
        let viewer = operator().as_role(Role::Viewer).unwrap();
        assert_eq!((viewer.role, viewer.key.key_id.as_str()), (Role::Viewer, "AKIA3"));
        assert_eq!((&viewer.worker, &viewer.viewer), (&None, &None));
        assert_eq!(viewer.as_role(Role::Operator), None);
        assert_eq!(operator().as_role(Role::Operator), Some(operator()));
    }

    #[test]
    fn a_route_is_no_access_and_a_part_of_a_link_is_an_error() {
        assert_eq!(StudyAccess::from_fragment("#/attach?batch=a"), Ok(None));
        assert_eq!(StudyAccess::from_fragment(""), Ok(None));
        let link = operator().link("");
        for end in ["#access=".len(), link.len() / 2, link.len() - 4] {
            assert_eq!(StudyAccess::from_fragment(&link[..end]), Err(AccessError), "{end}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?}", operator());
        assert!(["s3cr", "w0rk", "v1ew"].iter().all(|secret| !printed.contains(secret)), "{printed}");
    }
}
