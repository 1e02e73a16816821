//! The page at `/`: what this server is, the dialects it speaks and its control routes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, HOST};

use super::api::Api;
use super::context::ServerContext;
use super::control;
use super::json::{Json, object};
use super::reply::Reply;
use crate::dialect::Dialect;

const ABOUT: &str = "A simulated eSIM provider: no real money moves, and nothing can be installed.";
const CONTROL_ACCESS: &str = "Authorization: Bearer <token>";

/// JSON for programs; plain text for a browser.
pub(super) async fn page(State(context): State<Arc<ServerContext>>, headers: HeaderMap) -> Reply {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let base_url = format!("http://{}", header(HOST).unwrap_or("127.0.0.1"));
    let spoken = [Dialect::Roamify, Dialect::EsimAccess].into_iter();
    let spoken = spoken.filter(|dialect| context.dialects.speaks(*dialect));
    let apis: Vec<&Api> = spoken.map(context.api).collect();
    if header(ACCEPT).is_some_and(|accept| accept.contains("text/html")) {
        Reply::plain(text(&base_url, &apis))
    } else {
        Reply::text(200, json(&base_url, &apis).to_string())
    }
}

fn json(base_url: &str, apis: &[&Api]) -> Json {
    let dialects = apis.iter().map(|api| {
        object! {
            "name": api.dialect.as_str(),
            "base_url": base_url,
            "paths": format!("{}/", api.prefix),
            "access": api.access,
        }
    });
    let control = control::table().into_iter();
    let control = control.map(|route| object! { "path": route.path, "does": route.does });
    object! {
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "about": ABOUT,
        "dialects": dialects.collect::<Json>(),
        "control_access": CONTROL_ACCESS,
        "control": control.collect::<Json>(),
    }
}

fn text(base_url: &str, apis: &[&Api]) -> String {
    let dialects = apis.iter().map(|api| {
        let (name, paths, access) = (api.dialect.as_str(), api.prefix, api.access);
        format!("  {name}: base URL {base_url}, paths under {paths}/, header {access}\n")
    });
    let control = control::table().into_iter();
    let control = control.map(|route| format!("  {}: {}\n", route.path, route.does));
    format!(
        "{} {}\n{ABOUT}\n\nDialects:\n{}\nControl routes, header {CONTROL_ACCESS}:\n{}",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        dialects.collect::<String>(),
        control.collect::<String>(),
    )
}
