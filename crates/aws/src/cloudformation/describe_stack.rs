use std::collections::BTreeMap;

use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};
use crate::xml;

/// Requests a stack's state and outputs. The output is `None` if there is no such stack.
#[derive(Debug, Clone)]
pub struct DescribeStack {
    stack: String,
}

/// A stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackDescription {
    /// The id that stays valid after the stack is deleted.
    pub id: String,
    /// The name.
    pub name: String,
    /// Status: `CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `ROLLBACK_COMPLETE` and the like.
    pub status: String,
    /// Reason of that status, if `CloudFormation` gives one.
    pub status_reason: Option<String>,
    /// Outputs of the template.
    pub outputs: BTreeMap<String, String>,
    /// Parameters that the template was given.
    pub parameters: BTreeMap<String, String>,
}

impl StackDescription {
    /// Whether `CloudFormation` is at work on it.
    #[must_use]
    pub fn is_in_progress(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS")
    }
}

impl DescribeStack {
    /// Describes the stack of this name or id; a deleted one is found by its id alone.
    pub fn new(stack: impl Into<String>) -> Self {
        Self { stack: stack.into() }
    }
}

impl Operation for DescribeStack {
    type Output = Option<StackDescription>;

    const NAME: &'static str = "DescribeStacks";

    fn resource(&self) -> String {
        super::name(&self.stack)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let form = [("StackName".to_owned(), self.stack.clone())];
        UnsignedRequest::query(endpoints, Service::CloudFormation, Self::NAME, &form)
    }

    fn parse(&self, answer: &Answer) -> Result<Option<StackDescription>, Error> {
        let root = match answer::document(answer) {
            Ok(root) => root,
            Err(error) if super::is_missing(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        stack(&root).map(Some).ok_or_else(|| answer::unreadable(answer, "the answer describes no stack"))
    }
}

fn stack(root: &xml::XmlElement<'_>) -> Option<StackDescription> {
    let stack = root.child("DescribeStacksResult")?.child("Stacks")?.child("member")?;
    let owned = |name: &str| stack.text(name).map(str::to_owned);
    Some(StackDescription {
        id: owned("StackId")?,
        name: owned("StackName")?,
        status: owned("StackStatus")?,
        status_reason: owned("StackStatusReason"),
        outputs: pairs(stack.child("Outputs"), "OutputKey", "OutputValue"),
        parameters: pairs(stack.child("Parameters"), "ParameterKey", "ParameterValue"),
    })
}

fn pairs(list: Option<&xml::XmlElement<'_>>, key: &str, value: &str) -> BTreeMap<String, String> {
    let members = list.into_iter().flat_map(|list| list.all("member"));
    members.filter_map(|member| Some((member.text(key)?.to_owned(), member.text(value)?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, check_unhappy_answers, read, written};

    #[test]
    fn the_form_is_written() {
        assert_eq!(
            written(&DescribeStack::new("s")),
            "POST https://cloudformation.eu-central-1.amazonaws.com/\n\
             content-type: application/x-www-form-urlencoded; charset=utf-8\n\n\
             Action=DescribeStacks&Version=2010-05-15&StackName=s"
        );
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html#API_DescribeStacks_Examples>
    const REPLY: &str = r#"<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
        <DescribeStacksResult><Stacks><member>
            <StackName>MyStack</StackName>
            <StackId>arn:aws:cloudformation:us-east-1:123456789:stack/MyStack/aaf549a0</StackId>
            <StackStatusReason>User Initiated</StackStatusReason>
            <StackStatus>CREATE_COMPLETE</StackStatus>
            <CreationTime>2010-07-27T22:28:28Z</CreationTime>
            <Parameters><member><ParameterKey>Study</ParameterKey><ParameterValue>prandtl</ParameterValue></member></Parameters>
            <Outputs>
                <member><Description>d</Description><OutputKey>StartPage</OutputKey><OutputValue>http://x/?a=1&amp;b</OutputValue></member>
                <member><OutputKey>Other</OutputKey><OutputValue/></member>
            </Outputs>
        </member></Stacks></DescribeStacksResult></DescribeStacksResponse>"#;

    #[test]
    fn a_stack_is_read() {
        let stack = read(&DescribeStack::new("s"), REPLY).expect("no error").expect("a stack");
        assert_eq!(stack.name, "MyStack");
        assert_eq!(stack.status, "CREATE_COMPLETE");
        assert_eq!(stack.status_reason.as_deref(), Some("User Initiated"));
        assert_eq!(stack.outputs["StartPage"], "http://x/?a=1&b");
        assert_eq!(stack.outputs["Other"], "");
        assert_eq!(stack.parameters["Study"], "prandtl");
        assert!(!stack.is_in_progress());
        check_unhappy_answers(&DescribeStack::new("s"), REPLY);
    }

    #[test]
    fn a_missing_stack_is_no_error() {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
                    <Message>Stack with id s does not exist</Message></Error></ErrorResponse>";
        assert_eq!(DescribeStack::new("s").parse(&answer(400, &[], body)).expect("no error"), None);
    }

    #[test]
    fn states_that_will_change_are_known() {
        let mut stack = read(&DescribeStack::new("s"), REPLY).expect("no error").expect("a stack");
        for (status, expected) in [("UPDATE_ROLLBACK_IN_PROGRESS", true), ("ROLLBACK_COMPLETE", false)] {
            status.clone_into(&mut stack.status);
            assert_eq!(stack.is_in_progress(), expected, "{status}");
        }
    }
}
