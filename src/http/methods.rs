//! Routes of one method, which refuse every other.

use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, web};

/// Builder of routes. It is made of the response to a method that a route does not have.
#[derive(Clone, Copy)]
pub struct Methods(pub fn(&'static str) -> HttpResponse);

impl Methods {
    /// Creates a route of GET.
    pub fn get<F, A>(self, path: &str, handler: F) -> Resource
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.only(web::resource(path).route(web::get().to(handler)), "GET")
    }

    /// Creates a route of POST.
    pub fn post<F, A>(self, path: &str, handler: F) -> Resource
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.only(web::resource(path).route(web::post().to(handler)), "POST")
    }

    /// Refuses every method that a route does not have; `allowed` are those that it has.
    pub fn only(self, resource: Resource, allowed: &'static str) -> Resource {
        let Self(refuse) = self;
        resource.default_service(web::to(move || async move { refuse(allowed) }))
    }
}
