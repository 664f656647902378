use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// The statuses of a stack that isn't deleted.
const STATUSES: [&str; 21] = [
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "CREATE_COMPLETE",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "REVIEW_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "IMPORT_ROLLBACK_COMPLETE",
];

/// Lists the names of all stacks that aren't deleted, up to a hundred a page.
#[derive(Debug, Clone, Default)]
pub struct ListStacks {
    next: Option<String>,
}

/// A page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackPage {
    /// The names of the stacks.
    pub names: Vec<String>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
}

impl ListStacks {
    /// Lists the page behind another one.
    #[must_use]
    pub fn next_token(mut self, token: impl Into<String>) -> Self {
        self.next = Some(token.into());
        self
    }
}

impl Operation for ListStacks {
    type Output = StackPage;

    const NAME: &'static str = "ListStacks";

    fn resource(&self) -> String {
        "stacks".to_owned()
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let status = |(number, status): (usize, &&str)| {
            (format!("StackStatusFilter.member.{}", number + 1), (*status).to_owned())
        };
        let mut form: Vec<(String, String)> = STATUSES.iter().enumerate().map(status).collect();
        form.extend(self.next.clone().map(|token| ("NextToken".to_owned(), token)));
        UnsignedRequest::query(endpoints, Service::CloudFormation, Self::NAME, &form)
    }

    fn parse(&self, answer: &Answer) -> Result<StackPage, Error> {
        let root = answer::document(answer)?;
        let unreadable = || answer::unreadable(answer, "the answer lists no stacks");
        let result = root.child("ListStacksResult").ok_or_else(unreadable)?;
        let summaries = result.child("StackSummaries");
        let names = summaries.iter().flat_map(|summaries| summaries.all("member"));
        let names = names.map(|stack| stack.text("StackName").map(str::to_owned).ok_or_else(unreadable));
        Ok(StackPage { names: names.collect::<Result<_, _>>()?, next: result.text("NextToken").map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    const REPLY: &str = "<ListStacksResponse><ListStacksResult><StackSummaries><member><StackName>a</StackName></member>\
        <member><StackName>b</StackName></member></StackSummaries><NextToken>t</NextToken></ListStacksResult>\
        </ListStacksResponse>";

    #[test]
    fn deleted_stacks_are_left_out() {
        let text = written(&ListStacks::default().next_token("t"));
        assert!(text.contains("Action=ListStacks&Version=2010-05-15&StackStatusFilter.member.1=CREATE_IN_PROGRESS&"));
        assert!(text.ends_with("&StackStatusFilter.member.21=IMPORT_ROLLBACK_COMPLETE&NextToken=t"), "{text}");
        assert!(!text.contains("DELETE_COMPLETE"));
    }

    #[test]
    fn a_page_is_read() {
        let page = StackPage { names: vec!["a".to_owned(), "b".to_owned()], next: Some("t".to_owned()) };
        assert_eq!(read(&ListStacks::default(), REPLY).expect("a page"), page);
        let none = "<ListStacksResponse><ListStacksResult><StackSummaries/></ListStacksResult></ListStacksResponse>";
        assert_eq!(read(&ListStacks::default(), none).expect("none"), StackPage::default());
        check_unhappy_answers(&ListStacks::default(), REPLY);
    }
}
