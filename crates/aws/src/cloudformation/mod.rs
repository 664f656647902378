//! Stacks, in the query protocol.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html>

mod create_stack;
mod delete_stack;
mod describe_stack;
mod describe_stack_events;
mod list_stacks;
mod update_stack;

pub use create_stack::CreateStack;
pub use delete_stack::DeleteStack;
pub use describe_stack::{DescribeStack, StackDescription};
pub use describe_stack_events::{DescribeStackEvents, StackEvent, StackEvents};
pub use list_stacks::{ListStacks, StackPage};
pub use update_stack::{StackUpdate, UpdateStack};

use crate::error::Error;

/// Returns the name of a stack in messages.
fn name(stack: &str) -> String {
    format!("stack {stack}")
}

/// Whether an error says that the stack is missing. `CloudFormation` has no code of its own for that.
fn is_missing(error: &Error) -> bool {
    error.code() == Some("ValidationError") && error.message().contains("does not exist")
}

/// Common part of creating and updating a stack.
#[derive(Debug, Clone)]
struct Definition {
    stack: String,
    template: String,
    parameters: Vec<(String, String)>,
    tags: Vec<(String, String)>,
}

impl Definition {
    fn new(stack: impl Into<String>, template: impl Into<String>) -> Self {
        Self { stack: stack.into(), template: template.into(), parameters: Vec::new(), tags: Vec::new() }
    }

    fn form(&self) -> Vec<(String, String)> {
        let mut form = vec![
            ("StackName".to_owned(), self.stack.clone()),
            ("TemplateBody".to_owned(), self.template.clone()),
            // The template makes users without names of their own.
            ("Capabilities.member.1".to_owned(), "CAPABILITY_IAM".to_owned()),
        ];
        for (number, (key, value)) in (1..).zip(&self.parameters) {
            let member = format!("Parameters.member.{number}");
            form.push((format!("{member}.ParameterKey"), key.clone()));
            form.push((format!("{member}.ParameterValue"), value.clone()));
        }
        for (number, (key, value)) in (1..).zip(&self.tags) {
            form.push((format!("Tags.member.{number}.Key"), key.clone()));
            form.push((format!("Tags.member.{number}.Value"), value.clone()));
        }
        form
    }
}
