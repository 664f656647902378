use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, RepeatSafety, UnsignedRequest};

use super::Definition;

/// Begins to create a stack that may hold IAM users. The output is the stack's id.
#[derive(Debug, Clone)]
pub struct CreateStack {
    definition: Definition,
}

impl CreateStack {
    /// Creates a stack called `stack` from the YAML or JSON of `template`.
    pub fn new(stack: impl Into<String>, template: impl Into<String>) -> Self {
        Self { definition: Definition::new(stack, template) }
    }

    /// Gives one of the template's parameters a value.
    #[must_use]
    pub fn parameter(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.definition.parameters.push((key.into(), value.into()));
        self
    }

    /// Puts a tag on the stack and everything in it.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.definition.tags.push((key.into(), value.into()));
        self
    }
}

impl Operation for CreateStack {
    type Output = String;

    const NAME: &'static str = "CreateStack";

    const REPEAT: RepeatSafety = RepeatSafety::UnlessItMayHaveWorked;

    fn resource(&self) -> String {
        super::name(&self.definition.stack)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        UnsignedRequest::query(endpoints, Service::CloudFormation, Self::NAME, &self.definition.form())
    }

    fn parse(&self, answer: &Answer) -> Result<String, Error> {
        let root = answer::document(answer)?;
        root.child("CreateStackResult")
            .and_then(|result| result.text("StackId"))
            .map(str::to_owned)
            .ok_or_else(|| answer::unreadable(answer, "the answer names no stack"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::testing::{answer, check_unhappy_answers, read, written};

    #[test]
    fn the_form_is_written() {
        let operation = CreateStack::new("s", "Resources: {}\n").parameter("Study", "prandtl").tag("a:b", "c d");
        assert_eq!(
            written(&operation),
            "POST https://cloudformation.eu-central-1.amazonaws.com/\n\
             content-type: application/x-www-form-urlencoded; charset=utf-8\n\n\
             Action=CreateStack&Version=2010-05-15&StackName=s&TemplateBody=Resources%3A%20%7B%7D%0A\
             &Capabilities.member.1=CAPABILITY_IAM&Parameters.member.1.ParameterKey=Study\
             &Parameters.member.1.ParameterValue=prandtl&Tags.member.1.Key=a%3Ab&Tags.member.1.Value=c%20d"
        );
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html#API_CreateStack_Examples>
    const REPLY: &str = r#"<CreateStackResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
        <CreateStackResult><StackId>arn:aws:cloudformation:us-east-1:123456789:stack/MyStack/aaf549a0</StackId></CreateStackResult>
        <ResponseMetadata><RequestId>b9b4b068-3a41-11e5-94eb-example</RequestId></ResponseMetadata>
        </CreateStackResponse>"#;

    #[test]
    fn the_id_is_read() {
        let id = read(&CreateStack::new("s", ""), REPLY).expect("an id");
        assert_eq!(id, "arn:aws:cloudformation:us-east-1:123456789:stack/MyStack/aaf549a0");
        check_unhappy_answers(&CreateStack::new("s", ""), REPLY);
    }

    #[test]
    fn an_existing_stack_is_a_conflict() {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AlreadyExistsException</Code>\
                    <Message>Stack [s] already exists</Message></Error></ErrorResponse>";
        let error = CreateStack::new("s", "").parse(&answer(400, &[], body)).expect_err("refused");
        assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "Stack [s] already exists"));
    }
}
