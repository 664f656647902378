use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

use super::Definition;

/// Begins to change a stack so that it follows another template.
#[derive(Debug, Clone)]
pub struct UpdateStack {
    definition: Definition,
}

/// Effect of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackUpdate {
    /// The stack is being changed.
    Begun,
    /// The stack agrees with the template already.
    NothingToDo,
}

impl UpdateStack {
    /// Updates the stack called `stack` to the YAML or JSON of `template`.
    pub fn new(stack: impl Into<String>, template: impl Into<String>) -> Self {
        Self { definition: Definition::new(stack, template) }
    }

    /// Gives one of the template's parameters a value.
    #[must_use]
    pub fn parameter(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.definition.parameters.push((key.into(), value.into()));
        self
    }

    /// Puts a tag on the stack and everything in it; without any, the tags stay as they are.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.definition.tags.push((key.into(), value.into()));
        self
    }
}

impl Operation for UpdateStack {
    type Output = StackUpdate;

    const NAME: &'static str = "UpdateStack";

    fn resource(&self) -> String {
        super::name(&self.definition.stack)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        UnsignedRequest::query(endpoints, Service::CloudFormation, Self::NAME, &self.definition.form())
    }

    fn parse(&self, answer: &Answer) -> Result<StackUpdate, Error> {
        match answer::document(answer) {
            Ok(_) => Ok(StackUpdate::Begun),
            Err(error) if error.message().contains("No updates are to be performed") => Ok(StackUpdate::NothingToDo),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, check_unhappy_answers, read, written};

    #[test]
    fn the_form_is_written() {
        let operation = UpdateStack::new("s", "{}").parameter("Study", "prandtl").tag("a", "b");
        assert_eq!(
            written(&operation),
            "POST https://cloudformation.eu-central-1.amazonaws.com/\n\
             content-type: application/x-www-form-urlencoded; charset=utf-8\n\n\
             Action=UpdateStack&Version=2010-05-15&StackName=s&TemplateBody=%7B%7D\
             &Capabilities.member.1=CAPABILITY_IAM&Parameters.member.1.ParameterKey=Study\
             &Parameters.member.1.ParameterValue=prandtl&Tags.member.1.Key=a&Tags.member.1.Value=b"
        );
    }

    const REPLY: &str =
        "<UpdateStackResponse><UpdateStackResult><StackId>arn</StackId></UpdateStackResult></UpdateStackResponse>";

    #[test]
    fn a_change_begins() {
        assert_eq!(read(&UpdateStack::new("s", ""), REPLY).expect("no error"), StackUpdate::Begun);
        check_unhappy_answers(&UpdateStack::new("s", ""), REPLY);
    }

    #[test]
    fn nothing_to_do_is_no_error() {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
                    <Message>No updates are to be performed.</Message></Error></ErrorResponse>";
        let update = UpdateStack::new("s", "").parse(&answer(400, &[], body));
        assert_eq!(update.expect("no error"), StackUpdate::NothingToDo);
    }
}
