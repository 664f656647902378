use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Begins to delete a stack. It is no error if there is none.
#[derive(Debug, Clone)]
pub struct DeleteStack {
    stack: String,
}

impl DeleteStack {
    /// Deletes the stack of this name or id.
    pub fn new(stack: impl Into<String>) -> Self {
        Self { stack: stack.into() }
    }
}

impl Operation for DeleteStack {
    type Output = ();

    const NAME: &'static str = "DeleteStack";

    fn resource(&self) -> String {
        super::name(&self.stack)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let form = [("StackName".to_owned(), self.stack.clone())];
        UnsignedRequest::query(endpoints, Service::CloudFormation, Self::NAME, &form)
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
            written(&DeleteStack::new("s")),
            "POST https://cloudformation.eu-central-1.amazonaws.com/\n\
             content-type: application/x-www-form-urlencoded; charset=utf-8\n\n\
             Action=DeleteStack&Version=2010-05-15&StackName=s"
        );
    }

    #[test]
    fn any_success_will_do() {
        read(&DeleteStack::new("s"), "<DeleteStackResponse/>").expect("no error");
        check_unhappy_answers(&DeleteStack::new("s"), "");
    }
}
