//! What takes long, done beside the page.

use serde::{Deserialize, Serialize};

use super::channel::{Page, Parts, serve};
use super::messages::{Ask, Order};
use super::points::PointMaker;
use super::sender::Sender;

/// What the page asks of a worker: each worker is asked either for points or to send.
#[derive(Serialize, Deserialize)]
pub(super) enum Request {
    /// About points.
    Points(Ask),
    /// About sending.
    Sending(Order),
}

/// Does what the page asks for, for as long as the page wants.
pub(super) async fn work() {
    let (mut points, mut sender) = (PointMaker::default(), Sender::default());
    serve(async move |request: Request, parts: Parts, page: &Page| match request {
        Request::Points(ask) => points.answer(ask, parts, page).await,
        Request::Sending(order) => sender.take(order, parts, page).await,
    })
    .await;
}
