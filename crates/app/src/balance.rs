//! The use-case "check the wallet".

use roamport_domain::{EsimProvider, Money};

use crate::AppError;

/// What is left in the wallet at the provider.
///
/// # Errors
///
/// [`AppError::Provider`].
pub async fn balance(provider: &dyn EsimProvider) -> Result<Money, AppError> {
    Ok(provider.balance().await?)
}
