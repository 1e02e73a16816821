//! One request: what it asks, what it changes, and when it may be sent.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use roamport_domain::provider::{CallClass, Operation, SendWindow};

/// What a request changes at the provider, hence what it means when no answer comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing: a read.
    #[default]
    None,
    /// Something that takes no money: generate, cancel, suspend, send a message.
    Change,
    /// It buys.
    Purchase,
}

impl Effect {
    /// Whether anything is changed at all.
    pub const fn is_any(self) -> bool {
        !matches!(self, Self::None)
    }
}

/// What the call of the port changes, where the request is the one that the call is there for.
impl From<Operation> for Effect {
    fn from(operation: Operation) -> Self {
        match operation {
            _ if operation.is_purchase() => Self::Purchase,
            _ if operation.has_effect() => Self::Change,
            _ => Self::None,
        }
    }
}

pub(crate) type Signer<'a> = Box<dyn FnOnce(&[u8]) -> HeaderMap + Send + 'a>;

/// One request, to be [attempted](crate::Transport::attempt) once.
///
/// It begins as one of three kinds, and the kind decides by which client it goes: a
/// [purchase](Self::purchase) cannot be made without the window in which it may be sent.
///
/// `Debug` shows neither path nor body: they may hold an ICCID.
pub struct Request<'a> {
    pub(crate) operation: Operation,
    pub(crate) effect: Effect,
    pub(crate) class: CallClass,
    pub(crate) method: Method,
    pub(crate) path: Cow<'a, str>,
    pub(crate) query: Vec<(&'static str, Cow<'a, str>)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) time_out: Duration,
    pub(crate) window: Option<SendWindow>,
    pub(crate) signer: Option<Signer<'a>>,
    pub(crate) uncached: bool,
}

impl<'a> Request<'a> {
    /// A GET that changes nothing, made for `operation`. `path` begins with a slash and is added to the base
    /// URL; what does not stand in a path as it is has been escaped by the caller.
    pub fn read(operation: Operation, path: impl Into<Cow<'a, str>>, time_out: Duration) -> Self {
        Self {
            operation,
            effect: Effect::None,
            class: CallClass::Read,
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            time_out,
            window: None,
            signer: None,
            uncached: false,
        }
    }

    /// A POST of `body` that changes something and takes no money.
    pub fn change(
        operation: Operation,
        path: impl Into<Cow<'a, str>>,
        body: Vec<u8>,
        time_out: Duration,
    ) -> Self {
        Self {
            effect: Effect::Change,
            class: CallClass::Purchase,
            ..Self::read(operation, path, time_out).with_body(body)
        }
    }

    /// A POST of `body` that buys. Nothing is sent outside `window`, and what is left of it bounds the
    /// time-out.
    pub fn purchase(
        operation: Operation,
        path: impl Into<Cow<'a, str>>,
        body: Vec<u8>,
        time_out: Duration,
        window: SendWindow,
    ) -> Self {
        Self {
            effect: Effect::Purchase,
            window: Some(window),
            ..Self::change(operation, path, body, time_out)
        }
    }

    /// The same as a POST of `body`: these very bytes are signed and sent. Some APIs read by POST.
    #[must_use]
    pub fn with_body(self, body: Vec<u8>) -> Self {
        Self {
            method: Method::POST,
            body: Some(body),
            ..self
        }
    }

    /// The same by another method; after [`with_body`](Self::with_body), which sets POST.
    #[must_use]
    pub fn with_method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// The same with these parameters, in their order; they are escaped here.
    #[must_use]
    pub fn with_query(self, query: Vec<(&'static str, Cow<'a, str>)>) -> Self {
        Self { query, ..self }
    }

    /// The same with a header of its own, such as an idempotency key or a token that expires. A header of the
    /// [transport](crate::Transport::new) with this name gives way.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same in another class for the gate: a page of a long list is a [`CallClass::Listing`].
    #[must_use]
    pub fn with_class(self, class: CallClass) -> Self {
        Self { class, ..self }
    }

    /// The same with another time-out.
    #[must_use]
    pub fn with_time_out(self, time_out: Duration) -> Self {
        Self { time_out, ..self }
    }

    /// The same with the headers that `sign` makes of the body. It is called once, after the gate and just
    /// before the write, so that a timestamp in a signature is not as old as the wait at the gate.
    #[must_use]
    pub fn signed(self, sign: impl FnOnce(&[u8]) -> HeaderMap + Send + 'a) -> Self {
        Self {
            signer: Some(Box::new(sign)),
            ..self
        }
    }

    /// The same with `Cache-Control: no-cache` (RFC 9111, section 5.2.1.4), so that a cache on the way asks
    /// the provider. Whether one answered all the same is in [`Answer::is_cached`](crate::Answer::is_cached).
    #[must_use]
    pub fn uncached(self) -> Self {
        Self {
            uncached: true,
            ..self
        }
    }

    /// The call of the port it is made for.
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// What it changes.
    pub const fn effect(&self) -> Effect {
        self.effect
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("operation", &self.operation)
            .field("effect", &self.effect)
            .field("class", &self.class)
            .field("method", &self.method)
            .field("time_out", &self.time_out)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effect_of_a_call_is_that_of_the_port() {
        assert_eq!(Effect::from(Operation::PlaceOrder), Effect::Purchase);
        assert_eq!(Effect::from(Operation::TopUp), Effect::Purchase);
        assert_eq!(Effect::from(Operation::Provision), Effect::Change);
        assert_eq!(Effect::from(Operation::Cancel), Effect::Change);
        assert_eq!(Effect::from(Operation::FindOrders), Effect::None);
        assert_eq!(Effect::from(Operation::Other("health")), Effect::None);
        assert!(Effect::Change.is_any() && Effect::Purchase.is_any() && !Effect::None.is_any());
    }

    #[test]
    fn debug_shows_neither_path_nor_parameters_nor_body() {
        let request = Request::read(Operation::Esim, "/esim/89441234", Duration::from_secs(1))
            .with_query(vec![("iccid", "89441234".into())])
            .with_body(b"89441234".to_vec());
        let shown = format!("{request:?} {request:#?}");
        assert!(!shown.contains("8944"), "{shown}");
        assert!(shown.contains("POST"), "{shown}");
    }
}
