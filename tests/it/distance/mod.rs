//! A store far away that stands still or is loaded above what it can bear: it is of use again soon after, to
//! callers of the store and of web.

mod store;
mod web;
