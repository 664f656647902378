use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Says how many instances a group shall have, within its limits.
#[derive(Debug, Clone)]
pub struct SetDesiredCapacity {
    group: String,
    desired: u32,
}

impl SetDesiredCapacity {
    /// Gives the group `desired` instances.
    pub fn new(group: impl Into<String>, desired: u32) -> Self {
        Self { group: group.into(), desired }
    }
}

impl Operation for SetDesiredCapacity {
    type Output = ();

    const NAME: &'static str = "SetDesiredCapacity";

    fn resource(&self) -> String {
        super::name(&self.group)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let form = [
            ("AutoScalingGroupName".to_owned(), self.group.clone()),
            ("DesiredCapacity".to_owned(), self.desired.to_string()),
            // Cooldowns are for policies: a size that somebody asks for is set at once.
            ("HonorCooldown".to_owned(), "false".to_owned()),
        ];
        UnsignedRequest::query(endpoints, Service::AutoScaling, Self::NAME, &form)
    }

    fn parse(&self, answer: &Answer) -> Result<(), Error> {
        answer::succeeded(answer)
    }
}

/// Changes the maximum of a group, how many instances it shall have, or both.
#[derive(Debug, Clone)]
pub struct UpdateGroup {
    group: String,
    max: Option<u32>,
    desired: Option<u32>,
}

impl UpdateGroup {
    /// Gives the group `desired` instances, of at most `max`. What is `None` stays as it is.
    pub fn new(group: impl Into<String>, max: Option<u32>, desired: Option<u32>) -> Self {
        Self { group: group.into(), max, desired }
    }
}

impl Operation for UpdateGroup {
    type Output = ();

    const NAME: &'static str = "UpdateAutoScalingGroup";

    fn resource(&self) -> String {
        super::name(&self.group)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let sizes = [("MaxSize", self.max), ("DesiredCapacity", self.desired)];
        let sizes = sizes.into_iter().filter_map(|(name, size)| Some((name.to_owned(), size?.to_string())));
        let group = ("AutoScalingGroupName".to_owned(), self.group.clone());
        let form: Vec<_> = std::iter::once(group).chain(sizes).collect();
        UnsignedRequest::query(endpoints, Service::AutoScaling, Self::NAME, &form)
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
    fn the_forms_are_written() {
        let head = "POST https://autoscaling.eu-central-1.amazonaws.com/\n\
                    content-type: application/x-www-form-urlencoded; charset=utf-8\n\n";
        assert_eq!(
            written(&SetDesiredCapacity::new("g", 3)),
            format!(
                "{head}Action=SetDesiredCapacity&Version=2011-01-01&AutoScalingGroupName=g&DesiredCapacity=3\
                 &HonorCooldown=false"
            )
        );
        assert_eq!(
            written(&UpdateGroup::new("g", Some(5), Some(3))),
            format!(
                "{head}Action=UpdateAutoScalingGroup&Version=2011-01-01&AutoScalingGroupName=g&MaxSize=5&DesiredCapacity=3"
            )
        );
        assert!(written(&UpdateGroup::new("g", Some(5), None)).ends_with("&MaxSize=5"), "the rest stays as it is");
        assert!(written(&UpdateGroup::new("g", None, Some(3))).ends_with("=g&DesiredCapacity=3"));
    }

    #[test]
    fn any_success_will_do() {
        read(&SetDesiredCapacity::new("g", 1), "<SetDesiredCapacityResponse/>").expect("no error");
        check_unhappy_answers(&SetDesiredCapacity::new("g", 1), "");
        check_unhappy_answers(&UpdateGroup::new("g", Some(1), Some(1)), "");
    }
}
