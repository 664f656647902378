//! The worker, which does long work beside the page.

use cruncher_browser::worker_channel::{PageChannel, serve};
use serde::{Deserialize, Serialize};

use super::json_message::JsonMessage;
use super::messages::{PointsRequest, SendOrder};
use super::points::PointMaker;
use super::sender::CaseSender;

/// Request of the page to a worker: each worker is asked either for points or to send.
#[derive(Serialize, Deserialize)]
pub(super) enum WorkerRequest {
    /// A request about points.
    Points(PointsRequest),
    /// An order about sending.
    Sending(SendOrder),
}

/// Answers the page's requests, as long as the page needs the worker.
pub(super) async fn work() {
    let (mut points, mut sender) = (PointMaker::default(), CaseSender::default());
    serve(async move |JsonMessage { value, parts }: JsonMessage<WorkerRequest>, page: &PageChannel| match value {
        WorkerRequest::Points(request) => points.answer(request, parts, page).await,
        WorkerRequest::Sending(order) => sender.follow(order, parts, page).await,
    })
    .await;
}
