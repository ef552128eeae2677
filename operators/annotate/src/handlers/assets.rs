//! Handlers of the page's assets, which are part of the program.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

/// `GET /`.
pub(crate) async fn html() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], include_str!("../../page/page.html"))
}

/// `GET /page.css`.
pub(crate) async fn css() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../page/page.css"))
}

/// `GET /connection.js`.
pub(crate) async fn connection() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../page/connection.js"))
}

/// `GET /cards.js`.
pub(crate) async fn cards() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../page/cards.js"))
}

/// `GET /page.js`.
pub(crate) async fn js() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../page/page.js"))
}
