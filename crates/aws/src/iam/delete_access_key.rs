use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Deletes a user's access key. Those who still use it are refused from then on.
#[derive(Debug, Clone)]
pub struct DeleteAccessKey {
    user: String,
    key_id: String,
}

impl DeleteAccessKey {
    /// Deletes the key `key_id` of the user of this name.
    pub fn new(user: impl Into<String>, key_id: impl Into<String>) -> Self {
        Self { user: user.into(), key_id: key_id.into() }
    }
}

impl Operation for DeleteAccessKey {
    type Output = ();

    const NAME: &'static str = "DeleteAccessKey";

    fn resource(&self) -> String {
        format!("{} (key {})", super::name(&self.user), self.key_id)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let form = [("UserName".to_owned(), self.user.clone()), ("AccessKeyId".to_owned(), self.key_id.clone())];
        UnsignedRequest::query(endpoints, Service::Iam, Self::NAME, &form)
    }

    fn parse(&self, answer: &Answer) -> Result<(), Error> {
        answer::succeeded(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    #[test]
    fn the_form_is_written() {
        assert_eq!(
            written(&DeleteAccessKey::new("u", "AKIA1")),
            "POST https://iam.amazonaws.com/\ncontent-type: application/x-www-form-urlencoded; charset=utf-8\n\n\
             Action=DeleteAccessKey&Version=2010-05-08&UserName=u&AccessKeyId=AKIA1"
        );
    }

    #[test]
    fn any_success_will_do() {
        read(&DeleteAccessKey::new("u", "AKIA1"), "<DeleteAccessKeyResponse/>").expect("no error");
        check_unhappy_answers(&DeleteAccessKey::new("u", "AKIA1"), "");
    }
}
