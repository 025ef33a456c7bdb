//! Addresses of the page, and redirects to it.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};

use super::TesterState;
use crate::model::address::Identity;
use crate::model::topic::TopicName;
use crate::tester::phone_number;

/// Redirects `RapidSMS`' addresses: `/httptester/<backend>/<identity>/`, or a part of that.
pub(super) async fn redirect_legacy(
    tail: Option<Path<String>>,
    state: Data<TesterState>,
) -> HttpResponse {
    let tail = tail.map(Path::into_inner).unwrap_or_default();
    let parts: Vec<&str> = tail.split('/').filter(|part| !part.is_empty()).collect();
    let phone = parts.last().and_then(|part| phone_number(part));
    let topic = parts.first().and_then(|part| state.topic(part));
    let page = page_url(phone.as_ref().map(Identity::reveal), topic.map(TopicName::as_str));
    HttpResponse::SeeOther().insert_header((LOCATION, page)).finish()
}

/// The page's address with a phone and a topic in its query.
pub(super) fn page_url(phone: Option<&str>, topic: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("phone", phone), ("topic", topic)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { "/tester".to_owned() } else { format!("/tester?{query}") }
}
