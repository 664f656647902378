//! The worker, which does long work beside the page.

use serde::{Deserialize, Serialize};

use super::channel::{PageChannel, Parts, serve};
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
    serve(async move |request: WorkerRequest, parts: Parts, page: &PageChannel| match request {
        WorkerRequest::Points(ask) => points.answer(ask, parts, page).await,
        WorkerRequest::Sending(order) => sender.follow(order, parts, page).await,
    })
    .await;
}
