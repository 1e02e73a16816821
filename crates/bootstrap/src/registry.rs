//! Names and constructors: how a provider or a journal is chosen by a setting.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::StartError;
use crate::settings::{Origin, nearest};

type Construction<Product> = Pin<Box<dyn Future<Output = Result<Product, StartError>> + Send>>;
type Constructor<Context, Product> = Arc<dyn Fn(Context) -> Construction<Product> + Send + Sync>;

/// Constructors by name.
pub(crate) struct Registry<Context, Product> {
    kind: &'static str,
    constructors: BTreeMap<String, Constructor<Context, Product>>,
}

impl<Context, Product> Registry<Context, Product> {
    /// The empty list of what is called `kind` in errors.
    pub(crate) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            constructors: BTreeMap::new(),
        }
    }

    /// The list with one more entry, which takes the place of an earlier one of that name.
    pub(crate) fn with<Construct, Made>(
        mut self,
        name: impl Into<String>,
        construct: Construct,
    ) -> Self
    where
        Construct: Fn(Context) -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<Product, StartError>> + Send + 'static,
    {
        let constructor = move |context| Box::pin(construct(context)) as Construction<Product>;
        self.constructors.insert(name.into(), Arc::new(constructor));
        self
    }

    /// The names, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        self.constructors.keys().cloned().collect()
    }

    /// Makes what is registered under `name`, which was found at `origin`.
    pub(crate) async fn make(
        &self,
        name: &str,
        origin: Origin,
        context: Context,
    ) -> Result<Product, StartError> {
        match self.constructors.get(name) {
            Some(construct) => construct(context).await,
            None => Err(self.unknown(name, origin)),
        }
    }

    fn unknown(&self, name: &str, origin: Origin) -> StartError {
        let known = self.names();
        let nearest = nearest(name, known.iter().map(String::as_str), ".").map(str::to_owned);
        StartError::Unknown {
            kind: self.kind,
            name: name.to_owned(),
            origin,
            nearest,
            known,
        }
    }
}

impl<Context, Product> Clone for Registry<Context, Product> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind,
            constructors: self.constructors.clone(),
        }
    }
}

impl<Context, Product> fmt::Debug for Registry<Context, Product> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(self.constructors.keys())
            .finish()
    }
}
