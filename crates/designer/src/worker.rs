//! What takes long, done beside the page.

use serde::{Deserialize, Serialize};

use super::channel::{PageChannel, Parts, serve};
use super::messages::{PointsRequest, SendOrder};
use super::points::PointMaker;
use super::sender::CaseSender;

/// What the page asks of a worker: each worker is asked either for points or to send.
#[derive(Serialize, Deserialize)]
pub(super) enum WorkerRequest {
    /// About points.
    Points(PointsRequest),
    /// About sending.
    Sending(SendOrder),
}

/// Does what the page asks for, for as long as the page wants.
pub(super) async fn work() {
    let (mut points, mut sender) = (PointMaker::default(), CaseSender::default());
    serve(async move |request: WorkerRequest, parts: Parts, page: &PageChannel| match request {
        WorkerRequest::Points(ask) => points.answer(ask, parts, page).await,
        WorkerRequest::Sending(order) => sender.follow(order, parts, page).await,
    })
    .await;
}
