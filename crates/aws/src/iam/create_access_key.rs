use std::fmt;

use crate::answer;
use crate::credentials::Credentials;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, RepeatSafety, UnsignedRequest};
use crate::xml;

/// Makes an access key for a user, who may have two. It takes some seconds until AWS accepts it everywhere.
#[derive(Debug, Clone)]
pub struct CreateAccessKey {
    user: String,
}

/// A new access key: this is the only time that its secret can be read.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The public part.
    pub key_id: String,
    /// The secret.
    pub secret: String,
}

impl AccessKey {
    /// Returns the key, to sign with.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::new(self.key_id.clone(), self.secret.clone())
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl CreateAccessKey {
    /// Makes a key for the user of this name.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into() }
    }
}

impl Operation for CreateAccessKey {
    type Output = AccessKey;

    const NAME: &'static str = "CreateAccessKey";

    const REPEAT: RepeatSafety = RepeatSafety::UnlessItMayHaveWorked;

    fn resource(&self) -> String {
        super::name(&self.user)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let form = [("UserName".to_owned(), self.user.clone())];
        UnsignedRequest::query(endpoints, Service::Iam, Self::NAME, &form)
    }

    fn parse(&self, answer: &Answer) -> Result<AccessKey, Error> {
        let root = answer::document(answer)?;
        key(&root).ok_or_else(|| answer::unreadable(answer, "the answer holds no access key"))
    }
}

fn key(root: &xml::XmlElement<'_>) -> Option<AccessKey> {
    let key = root.child("CreateAccessKeyResult")?.child("AccessKey")?;
    Some(AccessKey { key_id: key.text("AccessKeyId")?.to_owned(), secret: key.text("SecretAccessKey")?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    #[test]
    fn the_form_is_written() {
        assert_eq!(
            written(&CreateAccessKey::new("u")),
            "POST https://iam.amazonaws.com/\ncontent-type: application/x-www-form-urlencoded; charset=utf-8\n\n\
             Action=CreateAccessKey&Version=2010-05-08&UserName=u"
        );
    }

    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html#API_CreateAccessKey_Examples>
    const REPLY: &str = r#"<CreateAccessKeyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
        <CreateAccessKeyResult><AccessKey>
            <UserName>Bob</UserName><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><Status>Active</Status>
            <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY</SecretAccessKey>
        </AccessKey></CreateAccessKeyResult>
        <ResponseMetadata><RequestId>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</RequestId></ResponseMetadata>
        </CreateAccessKeyResponse>"#;

    #[test]
    fn the_key_is_read_and_not_printed() {
        let key = read(&CreateAccessKey::new("u"), REPLY).expect("a key");
        assert_eq!(key.key_id, "AKIAIOSFODNN7EXAMPLE");
        assert_eq!(key.secret, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY");
        let printed = format!("{key:?} {:?}", key.credentials());
        assert!(printed.contains("AKIAIOSFODNN7EXAMPLE") && !printed.contains("wJalr"), "{printed}");
    }

    #[test]
    fn an_unreadable_answer_does_not_show_the_key() {
        let cut = &REPLY[..REPLY.len() - 30];
        let error = read(&CreateAccessKey::new("u"), cut).expect_err("unreadable");
        assert!(!format!("{error} {error:?}").contains("wJalr"));
        check_unhappy_answers(&CreateAccessKey::new("u"), REPLY);
    }
}
