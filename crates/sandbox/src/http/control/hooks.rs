//! Control of events: where they go, and sending, repeating, keeping back and reordering them.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::hooks::{deliver, is_loopback};
use super::super::reply::Reply;
use super::{Answer, Control, of, read};
use crate::dialect::Dialect;
use crate::http::Face;
use crate::world::{Hook, NoticeKind};

pub(super) fn routes() -> Router<Arc<Face>> {
    Router::new()
        .route(
            "/_control/webhooks",
            get(show).post(set_hook).delete(clear_hooks),
        )
        .route("/_control/webhooks/send", post(send))
        .route("/_control/webhooks/repeat", post(repeat))
        .route("/_control/webhooks/hold", post(hold))
        .route("/_control/webhooks/release", post(release))
        .route("/_control/webhooks/deliver", post(deliver_now))
}

async fn show(Control(face): Control) -> Answer {
    let hooks = of(face.world.hooks())?;
    let hooks: Vec<Value> = hooks
        .iter()
        .map(|hook| json!({ "dialect": hook.dialect, "url": hook.url }))
        .collect();
    let (held, notices) = of(face.world.notices())?;
    let events: Vec<Value> = notices
        .iter()
        .map(|notice| {
            json!({
                "seq": notice.seq,
                "id": notice.id,
                "dialect": notice.dialect,
                "kind": notice.kind,
                "esim": notice.esim.as_ref().map(|esim| &esim.id),
                "due": notice.due,
                "attempts": notice.attempts,
                "status": notice.status,
                "done": notice.done,
            })
        })
        .collect();
    Ok(Reply::json(
        200,
        &json!({ "hooks": hooks, "held": held, "events": events }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewHook {
    dialect: Dialect,
    url: String,
    secret: Option<String>,
}

async fn set_hook(Control(face): Control, body: Bytes) -> Answer {
    let hook: NewHook = read(&body)?;
    if !is_loopback(&hook.url) {
        return Err(Reply::invalid(
            "events go to http:// addresses of this machine only",
        ));
    }
    let hook = Hook {
        dialect: hook.dialect,
        url: hook.url,
        secret: hook.secret,
    };
    of(face.world.set_hook(hook))?;
    show(Control(face)).await
}

async fn clear_hooks(Control(face): Control) -> Answer {
    of(face.world.clear_hooks())?;
    show(Control(face)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    kind: NoticeKind,
    esim: Option<String>,
    dialect: Option<Dialect>,
}

async fn send(Control(face): Control, body: Bytes) -> Answer {
    let wish: Wish = read(&body)?;
    of(face
        .world
        .tell(&wish.kind, wish.esim.as_deref(), wish.dialect))?;
    show(Control(face)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    seq: u64,
}

async fn repeat(Control(face): Control, body: Bytes) -> Answer {
    let again: Again = read(&body)?;
    if of(face.world.repeat_event(again.seq))? {
        show(Control(face)).await
    } else {
        Err(Reply::failed(404, "there is no such event"))
    }
}

async fn hold(Control(face): Control) -> Answer {
    of(face.world.hold_events(true))?;
    show(Control(face)).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(default)]
    reversed: bool,
}

/// Lets go what was kept back, and delivers it before anything else can.
async fn release(Control(face): Control, body: Bytes) -> Answer {
    let order = if body.is_empty() {
        Order::default()
    } else {
        read(&body)?
    };
    of(face.world.hold_events(false))?;
    Ok(Reply::json(200, &of(deliver(&face, order.reversed).await)?))
}

async fn deliver_now(Control(face): Control) -> Answer {
    Ok(Reply::json(200, &of(deliver(&face, false).await)?))
}
