use std::time::Duration;

use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};
use crate::{time, xml};

/// Requests the events of a stack, the latest first.
#[derive(Debug, Clone)]
pub struct DescribeStackEvents {
    stack: String,
    next: Option<String>,
}

/// One page of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackEvents {
    /// The events, the latest first.
    pub events: Vec<StackEvent>,
    /// The token of the page with older ones, if there is one.
    pub next: Option<String>,
}

/// Something that happened to a resource of a stack, or to the stack itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// Unique id.
    pub id: String,
    /// The resource's name in the template; the stack's name for the stack itself.
    pub logical_id: String,
    /// Type of the resource: `AWS::S3::Bucket` and the like.
    pub resource_type: String,
    /// Status: `CREATE_IN_PROGRESS`, `CREATE_FAILED` and the like.
    pub status: String,
    /// Reason, if `CloudFormation` gives one.
    pub reason: Option<String>,
    /// Time of the event, since 1970.
    pub time: Duration,
}

impl DescribeStackEvents {
    /// Requests events of the stack of this name or id; a deleted one is found by its id alone.
    pub fn new(stack: impl Into<String>) -> Self {
        Self { stack: stack.into(), next: None }
    }

    /// Requests the page that [`StackEvents::next`] of the page before names.
    #[must_use]
    pub fn next(mut self, token: impl Into<String>) -> Self {
        self.next = Some(token.into());
        self
    }
}

impl Operation for DescribeStackEvents {
    type Output = StackEvents;

    const NAME: &'static str = "DescribeStackEvents";

    fn resource(&self) -> String {
        super::name(&self.stack)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let mut form = vec![("StackName".to_owned(), self.stack.clone())];
        form.extend(self.next.clone().map(|token| ("NextToken".to_owned(), token)));
        UnsignedRequest::query(endpoints, Service::CloudFormation, Self::NAME, &form)
    }

    fn parse(&self, answer: &Answer) -> Result<StackEvents, Error> {
        let root = answer::document(answer)?;
        events(&root).ok_or_else(|| answer::unreadable(answer, "the answer lists no complete events"))
    }
}

fn events(root: &xml::XmlElement<'_>) -> Option<StackEvents> {
    let result = root.child("DescribeStackEventsResult")?;
    Some(StackEvents {
        events: result.child("StackEvents")?.all("member").map(event).collect::<Option<_>>()?,
        next: result.text("NextToken").filter(|token| !token.is_empty()).map(str::to_owned),
    })
}

fn event(member: &xml::XmlElement<'_>) -> Option<StackEvent> {
    let owned = |name: &str| member.text(name).map(str::to_owned);
    Some(StackEvent {
        id: owned("EventId")?,
        logical_id: owned("LogicalResourceId")?,
        resource_type: owned("ResourceType").unwrap_or_default(),
        status: owned("ResourceStatus")?,
        reason: owned("ResourceStatusReason").filter(|reason| !reason.is_empty()),
        time: time::from_iso(member.text("Timestamp")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    #[test]
    fn the_form_is_written() {
        assert_eq!(
            written(&DescribeStackEvents::new("s").next("t")),
            "POST https://cloudformation.eu-central-1.amazonaws.com/\n\
             content-type: application/x-www-form-urlencoded; charset=utf-8\n\n\
             Action=DescribeStackEvents&Version=2010-05-15&StackName=s&NextToken=t"
        );
    }

    const REPLY: &str = r#"<DescribeStackEventsResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
        <DescribeStackEventsResult><StackEvents>
            <member>
                <EventId>Event-1-Id</EventId><StackId>arn</StackId><StackName>MyStack</StackName>
                <LogicalResourceId>Bucket</LogicalResourceId><PhysicalResourceId/>
                <ResourceType>AWS::S3::Bucket</ResourceType><Timestamp>2010-07-27T22:26:28.500Z</Timestamp>
                <ResourceStatus>CREATE_FAILED</ResourceStatus>
                <ResourceStatusReason>Resource creation cancelled</ResourceStatusReason>
            </member>
            <member>
                <EventId>Event-2-Id</EventId><LogicalResourceId>MyStack</LogicalResourceId>
                <ResourceType>AWS::CloudFormation::Stack</ResourceType><Timestamp>2010-07-27T22:26:27Z</Timestamp>
                <ResourceStatus>CREATE_IN_PROGRESS</ResourceStatus>
            </member>
        </StackEvents><NextToken>older</NextToken></DescribeStackEventsResult></DescribeStackEventsResponse>"#;

    #[test]
    fn events_are_read() {
        let page = read(&DescribeStackEvents::new("s"), REPLY).expect("events");
        let failed = StackEvent {
            id: "Event-1-Id".to_owned(),
            logical_id: "Bucket".to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            status: "CREATE_FAILED".to_owned(),
            reason: Some("Resource creation cancelled".to_owned()),
            time: Duration::from_millis(1_280_269_588_500),
        };
        assert_eq!(page.events[0], failed);
        assert_eq!(page.events[1].reason, None);
        assert_eq!(page.next.as_deref(), Some("older"));
        check_unhappy_answers(&DescribeStackEvents::new("s"), REPLY);
    }
}
