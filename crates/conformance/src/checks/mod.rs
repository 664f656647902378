//! The checks, and running them.

mod access;
mod listings;
mod objects;
mod queues;
mod stacks;
mod users;

use futures::future::LocalBoxFuture;
use serde::Serialize;

use crate::cloud::CheckedCloud;
use crate::failure::CheckFailure;

/// Shell that runs the checks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CheckShell {
    /// A process.
    Native,
    /// A page.
    Browser,
}

/// One check. It leaves the cloud as it found it, as far as the others can tell.
pub struct ConformanceCheck {
    name: &'static str,
    shells: &'static [CheckShell],
    run: for<'a> fn(&'a CheckedCloud) -> LocalBoxFuture<'a, Result<(), CheckFailure>>,
}

/// Report of a check.
#[derive(Serialize)]
pub struct CheckReport {
    name: &'static str,
    outcome: &'static str,
    detail: String,
    millis: u128,
}

const EVERYWHERE: &[CheckShell] = &[CheckShell::Native, CheckShell::Browser];
const NATIVE_ONLY: &[CheckShell] = &[CheckShell::Native];

macro_rules! checks {
    ($($shells:ident $module:ident :: $name:ident),* $(,)?) => {
        const CHECKS: &[ConformanceCheck] = &[$(ConformanceCheck {
            name: stringify!($name),
            shells: $shells,
            run: |cloud| Box::pin($module::$name(cloud)),
        }),*];
    };
}

checks! {
    EVERYWHERE objects::an_object_comes_back_as_it_was_put,
    EVERYWHERE objects::an_empty_object_comes_back,
    EVERYWHERE objects::a_large_object_comes_back,
    EVERYWHERE objects::a_packed_object_comes_back_unpacked,
    EVERYWHERE objects::an_object_comes_back_as_it_is_stored,
    EVERYWHERE objects::a_range_is_cut_out,
    EVERYWHERE objects::a_range_behind_the_end_is_refused,
    EVERYWHERE objects::an_unchanged_object_is_not_sent_again,
    EVERYWHERE objects::the_first_writer_wins,
    EVERYWHERE objects::a_replacement_needs_the_current_entity_tag,
    EVERYWHERE objects::the_head_tells_size_and_type,
    EVERYWHERE objects::a_deleted_object_is_gone,
    EVERYWHERE objects::a_refusal_has_a_request_id,
    EVERYWHERE objects::many_objects_are_deleted_at_once,
    EVERYWHERE objects::odd_keys_are_kept_apart,
    NATIVE_ONLY objects::versions_of_any_key_are_deleted_for_good,
    NATIVE_ONLY objects::a_full_bucket_is_kept,
    NATIVE_ONLY objects::a_bucket_is_deleted_when_it_is_empty,
    EVERYWHERE listings::pages_are_followed,
    EVERYWHERE listings::keys_come_in_order_with_sizes_and_tags,
    EVERYWHERE listings::a_listing_starts_after_a_key,
    EVERYWHERE listings::a_delimiter_rolls_keys_up,
    EVERYWHERE listings::a_prefix_of_nothing_lists_nothing,
    EVERYWHERE queues::a_batch_is_counted,
    EVERYWHERE queues::a_wrong_entry_fails_alone,
    EVERYWHERE queues::a_message_is_hidden_given_back_and_deleted,
    EVERYWHERE queues::a_group_waits_for_its_message,
    EVERYWHERE queues::a_duplicate_is_not_delivered,
    EVERYWHERE queues::odd_bodies_come_back,
    EVERYWHERE queues::a_purged_queue_is_empty,
    NATIVE_ONLY queues::a_queue_is_made_changed_listed_and_deleted,
    EVERYWHERE queues::a_missing_queue_is_not_found,
    EVERYWHERE stacks::a_stack_lives_and_dies,
    EVERYWHERE stacks::an_existing_stack_is_a_conflict,
    EVERYWHERE stacks::a_missing_stack_is_none,
    EVERYWHERE stacks::a_failed_stack_is_explained,
    EVERYWHERE users::access_keys_are_made_listed_and_deleted,
    EVERYWHERE users::a_missing_user_is_not_found,
    EVERYWHERE access::anyone_reads_the_configuration,
    EVERYWHERE access::a_clock_is_corrected_before_the_first_signature,
    NATIVE_ONLY access::s3_corrects_a_wrong_clock,
    NATIVE_ONLY access::sqs_corrects_a_wrong_clock,
    NATIVE_ONLY access::s3_refuses_wrong_keys,
    NATIVE_ONLY access::sqs_refuses_wrong_keys,
    NATIVE_ONLY access::a_missing_bucket_is_not_found,
    NATIVE_ONLY access::a_viewer_may_only_look,
    NATIVE_ONLY access::an_operator_may_not_touch_results,
    NATIVE_ONLY access::the_queues_of_pools_are_covered_and_no_other_studys,
    NATIVE_ONLY access::an_operator_makes_pools_of_its_own_study_alone,
    NATIVE_ONLY access::anyone_may_not_read_results,
    NATIVE_ONLY access::nobody_listens,
}

/// Runs those of the checks that `shell` can run, one after the other, and passes each report to `tell`.
pub async fn run(cloud: &CheckedCloud, shell: CheckShell, mut tell: impl FnMut(CheckReport)) {
    for check in CHECKS.iter().filter(|check| check.shells.contains(&shell)) {
        let start = cloud.ports().clock.now();
        let result = (check.run)(cloud).await;
        let millis = cloud.ports().clock.now().saturating_sub(start).as_millis();
        let (outcome, detail) = match result {
            Ok(()) => ("passed", String::new()),
            Err(failure) => ("failed", failure.to_string()),
        };
        tell(CheckReport { name: check.name, outcome, detail, millis });
    }
}
