//! Control of events: where they go, and sending, repeating, keeping back and reordering them.

use axum::body::Bytes;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::hooks::{deliver, is_loopback};
use super::super::reply::Reply;
use super::{Answer, Control, ControlRoute, read, route};
use crate::dialect::Dialect;
use crate::world::{Hook, Notice, NoticeKind};

pub(super) fn table() -> Vec<ControlRoute> {
    vec![
        route(
            "/_control/webhooks",
            "GET shows addresses and events, POST sets an address, DELETE forgets them",
            get(show).post(set_hook).delete(clear_hooks),
        ),
        route("/_control/webhooks/send", "POST makes an event", post(send)),
        route(
            "/_control/webhooks/repeat",
            "POST delivers an event again",
            post(repeat),
        ),
        route(
            "/_control/webhooks/hold",
            "POST keeps events back",
            post(hold),
        ),
        route(
            "/_control/webhooks/release",
            "POST delivers the events that were kept back",
            post(release),
        ),
        route(
            "/_control/webhooks/deliver",
            "POST delivers the events that are due",
            post(deliver_now),
        ),
    ]
}

async fn show(Control(context): Control) -> Answer {
    let hooks = context.world.hooks()?;
    let hooks = hooks
        .iter()
        .map(|hook| json!({ "dialect": hook.dialect, "url": hook.url }));
    let (held, notices) = context.world.notices()?;
    let body = json!({
        "hooks": hooks.collect::<Vec<Value>>(),
        "held": held,
        "events": notices.iter().map(event).collect::<Vec<Value>>(),
    });
    Ok(Reply::json(200, &body))
}

fn event(notice: &Notice) -> Value {
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewHook {
    dialect: Dialect,
    url: String,
    secret: Option<String>,
}

async fn set_hook(Control(context): Control, body: Bytes) -> Answer {
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
    context.world.set_hook(hook)?;
    show(Control(context)).await
}

async fn clear_hooks(Control(context): Control) -> Answer {
    context.world.clear_hooks()?;
    show(Control(context)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEvent {
    kind: NoticeKind,
    esim: Option<String>,
    dialect: Option<Dialect>,
}

async fn send(Control(context): Control, body: Bytes) -> Answer {
    let event: NewEvent = read(&body)?;
    context
        .world
        .tell(&event.kind, event.esim.as_deref(), event.dialect)?;
    show(Control(context)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    seq: u64,
}

async fn repeat(Control(context): Control, body: Bytes) -> Answer {
    let again: Again = read(&body)?;
    if context.world.repeat_event(again.seq)? {
        show(Control(context)).await
    } else {
        Err(Reply::failed(404, "there is no such event"))
    }
}

async fn hold(Control(context): Control) -> Answer {
    context.world.hold_events(true)?;
    show(Control(context)).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(default)]
    reversed: bool,
}

/// Lets go what was kept back, and delivers it before anything else can.
async fn release(Control(context): Control, body: Bytes) -> Answer {
    let order = if body.is_empty() {
        Order::default()
    } else {
        read(&body)?
    };
    context.world.hold_events(false)?;
    Ok(Reply::json(200, &deliver(&context, order.reversed).await?))
}

async fn deliver_now(Control(context): Control) -> Answer {
    Ok(Reply::json(200, &deliver(&context, false).await?))
}
