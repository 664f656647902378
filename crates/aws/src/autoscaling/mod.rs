//! Groups of computers, in the query protocol.
//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Operations.html>

mod describe_groups;
mod resize;

pub use describe_groups::{DescribeGroups, GroupInstance, ScalingGroup, ScalingGroups};
pub use resize::{SetDesiredCapacity, UpdateGroup};

/// Returns the name of a group in messages.
fn name(group: &str) -> String {
    format!("group {group}")
}
