//! Which call a request is, and what it asks for: read off the wire, in both dialects.

use roamport_sandbox::Dialect;

use super::json::Json;
use super::transcript::{Asked, Call};

/// A request as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: String,
    /// The path, with the query where there is one.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Sent {
    /// What tells it from every other question.
    pub(crate) fn question(&self) -> String {
        format!("{} {}", self.target, String::from_utf8_lossy(&self.body))
    }

    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == name)?;
        Some(value.to_owned())
    }

    /// The credentials that go with it.
    pub(crate) fn credentials(&self) -> &str {
        let mut headers = self.headers.iter();
        let header = headers.find(|(name, _)| name == "authorization" || name == "rt-accesscode");
        header.map_or("", |(_, value)| {
            value.strip_prefix("Bearer ").unwrap_or(value)
        })
    }

    /// The same with other credentials.
    pub(crate) fn use_credentials(&mut self, token: &str) {
        for (name, value) in &mut self.headers {
            match name.as_str() {
                "authorization" => *value = format!("Bearer {token}"),
                "rt-accesscode" => token.clone_into(value),
                _ => {}
            }
        }
    }

    /// Which call it is; `None` for one that nobody makes here.
    pub(crate) fn understood(&self, dialect: Dialect) -> Option<(Call, Asked)> {
        match dialect {
            Dialect::Roamify => self.roamify(),
            Dialect::EsimAccess => self.esim_access(),
        }
    }

    fn roamify(&self) -> Option<(Call, Asked)> {
        let asked = Asked {
            reference: self.parameter("referenceId"),
            order: self.parameter("orderId"),
            esim: self.parameter("esimId"),
            iccid: self.parameter("iccid"),
        };
        let body = Json::parse(&self.body);
        let field = |name: &str| {
            let value = body.as_ref()?.get(name)?;
            Some(value.as_text()?.to_owned())
        };
        let call = match (self.method.as_str(), self.path()) {
            ("GET", "/api/esim/countries") => Call::Destinations,
            ("GET", "/api/esim/packages") => Call::Packages,
            ("GET", "/api/esim/topup/packages") => Call::TopUpPackages,
            ("GET", "/api/balance") => Call::Wallet,
            ("GET", "/api/esim/orders" | "/api/esim/order") if asked.reference.is_some() => {
                Call::FindByReference
            }
            ("GET", "/api/esim/orders") => Call::List,
            ("GET", "/api/esim/order") => Call::FindById,
            ("POST", "/api/esim/order" | "/api/esim/order/instant") => Call::Purchase,
            ("POST", "/api/esim/order/topup") => Call::TopUp,
            ("POST", "/api/esim/apply") => Call::Provision,
            ("GET", "/api/esim" | "/api/esims") => Call::Esim,
            ("GET", "/api/esim/usage" | "/api/esim/usage/details") => Call::Usage,
            _ => return None,
        };
        let asked = if self.method == "POST" {
            Asked {
                reference: field("referenceId"),
                order: None,
                esim: field("esimId"),
                iccid: field("iccid"),
            }
        } else {
            asked
        };
        Some((call, asked))
    }

    fn esim_access(&self) -> Option<(Call, Asked)> {
        let body = Json::parse(&self.body)?;
        let field = |name: &str| Some(body.get(name)?.as_text()?.to_owned());
        let asked = Asked {
            reference: field("transactionId"),
            order: field("orderNo"),
            esim: field("esimTranNo"),
            iccid: field("iccid"),
        };
        let call = match self.path().strip_prefix("/api/v1/open")? {
            "/location/list" => Call::Destinations,
            "/package/list" if field("type").as_deref() == Some("TOPUP") => Call::TopUpPackages,
            "/package/list" => Call::Packages,
            "/balance/query" => Call::Wallet,
            "/esim/order" => Call::Purchase,
            "/esim/topup" => Call::TopUp,
            "/esim/query" if asked.order.is_some() => Call::FindById,
            "/esim/query" if field("startTime").is_some() => Call::List,
            "/esim/query" => Call::Esim,
            "/esim/usage/query" => Call::Usage,
            "/esim/cancel" => Call::Cancel,
            _ => return None,
        };
        Some((call, asked))
    }
}
