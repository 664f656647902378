use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};
use crate::xml::XmlElement;

/// Requests a page of the groups that have a tag.
#[derive(Debug, Clone)]
pub struct DescribeGroups {
    tag: String,
    value: String,
    next: Option<String>,
}

/// A group of computers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalingGroup {
    /// Its name.
    pub name: String,
    /// Number of instances that there shall be.
    pub desired: u32,
    /// Maximum number of instances.
    pub max: u32,
    /// The instances that there are.
    pub instances: Vec<GroupInstance>,
}

/// An instance of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInstance {
    /// Its id.
    pub id: String,
    /// Its type, such as `c7i.xlarge`; empty if that isn't told.
    pub instance_type: String,
    /// The zone that it is in.
    pub zone: String,
    /// Where it is between its start and its end: `Pending`, `InService`, `Terminating:Wait` and the like.
    pub state: String,
    /// Whether the group takes it for healthy.
    pub is_healthy: bool,
}

/// A page of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalingGroups {
    /// The groups.
    pub groups: Vec<ScalingGroup>,
    /// Token of the next page, if there is one.
    pub next: Option<String>,
}

impl DescribeGroups {
    /// Describes the groups whose tag has this value.
    pub fn tagged(tag: impl Into<String>, value: impl Into<String>) -> Self {
        Self { tag: tag.into(), value: value.into(), next: None }
    }

    /// Asks for the page that an earlier one has named.
    #[must_use]
    pub fn from(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

impl Operation for DescribeGroups {
    type Output = ScalingGroups;

    const NAME: &'static str = "DescribeAutoScalingGroups";

    fn resource(&self) -> String {
        format!("groups with the tag {}={}", self.tag, self.value)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let mut form = vec![
            ("Filters.member.1.Name".to_owned(), format!("tag:{}", self.tag)),
            ("Filters.member.1.Values.member.1".to_owned(), self.value.clone()),
        ];
        form.extend(self.next.iter().map(|next| ("NextToken".to_owned(), next.clone())));
        UnsignedRequest::query(endpoints, Service::AutoScaling, Self::NAME, &form)
    }

    fn parse(&self, answer: &Answer) -> Result<ScalingGroups, Error> {
        let root = answer::document(answer)?;
        let result = root
            .child("DescribeAutoScalingGroupsResult")
            .ok_or_else(|| answer::unreadable(answer, "the answer lists no groups"))?;
        let groups = result.child("AutoScalingGroups").map(|list| list.all("member").filter_map(group).collect());
        let next = result.text("NextToken").filter(|next| !next.is_empty()).map(str::to_owned);
        Ok(ScalingGroups { groups: groups.unwrap_or_default(), next })
    }
}

fn group(member: &XmlElement) -> Option<ScalingGroup> {
    let number = |name: &str| member.text(name)?.parse().ok();
    Some(ScalingGroup {
        name: member.text("AutoScalingGroupName")?.to_owned(),
        desired: number("DesiredCapacity")?,
        max: number("MaxSize")?,
        instances: member
            .child("Instances")
            .map(|list| list.all("member").filter_map(instance).collect())
            .unwrap_or_default(),
    })
}

fn instance(member: &XmlElement) -> Option<GroupInstance> {
    let text = |name: &str| member.text(name).unwrap_or_default().to_owned();
    Some(GroupInstance {
        id: member.text("InstanceId")?.to_owned(),
        instance_type: text("InstanceType"),
        zone: text("AvailabilityZone"),
        state: text("LifecycleState"),
        is_healthy: member.text("HealthStatus") != Some("Unhealthy"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    #[test]
    fn the_form_is_written() {
        assert_eq!(
            written(&DescribeGroups::tagged("cruncher:study", "prandtl").from("more")),
            "POST https://autoscaling.eu-central-1.amazonaws.com/\n\
             content-type: application/x-www-form-urlencoded; charset=utf-8\n\n\
             Action=DescribeAutoScalingGroups&Version=2011-01-01&Filters.member.1.Name=tag%3Acruncher%3Astudy\
             &Filters.member.1.Values.member.1=prandtl&NextToken=more"
        );
    }

    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html>
    const REPLY: &str = r#"<DescribeAutoScalingGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">
        <DescribeAutoScalingGroupsResult><AutoScalingGroups><member>
            <AutoScalingGroupName>cruncher-prandtl-Fleet-main</AutoScalingGroupName>
            <MinSize>0</MinSize><MaxSize>5</MaxSize><DesiredCapacity>2</DesiredCapacity>
            <Instances>
                <member><InstanceId>i-1</InstanceId><InstanceType>c7i.xlarge</InstanceType>
                    <AvailabilityZone>eu-central-1a</AvailabilityZone><LifecycleState>InService</LifecycleState>
                    <HealthStatus>Healthy</HealthStatus></member>
                <member><InstanceId>i-2</InstanceId><LifecycleState>Terminating:Wait</LifecycleState>
                    <HealthStatus>Unhealthy</HealthStatus></member>
            </Instances>
        </member><member><AutoScalingGroupName>no size</AutoScalingGroupName></member></AutoScalingGroups>
        <NextToken>more</NextToken></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"#;

    #[test]
    fn groups_are_read() {
        let operation = DescribeGroups::tagged("t", "v");
        let read = read(&operation, REPLY).expect("groups");
        let instance = |id: &str, instance_type: &str, zone: &str, state: &str, is_healthy| GroupInstance {
            id: id.into(),
            instance_type: instance_type.into(),
            zone: zone.into(),
            state: state.into(),
            is_healthy,
        };
        let instances = vec![
            instance("i-1", "c7i.xlarge", "eu-central-1a", "InService", true),
            instance("i-2", "", "", "Terminating:Wait", false),
        ];
        let name = "cruncher-prandtl-Fleet-main".to_owned();
        let groups = vec![ScalingGroup { name, desired: 2, max: 5, instances }];
        assert_eq!(read, ScalingGroups { groups, next: Some("more".into()) });
        check_unhappy_answers(&operation, REPLY);
    }
}
