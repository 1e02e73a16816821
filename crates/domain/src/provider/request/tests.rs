//! Every status a provider's order may have is in a golden file: here, where the compiler knows them all.

use std::path::Path;

use super::ProviderOrderStatus;

/// One of each.
fn every_status() -> Vec<ProviderOrderStatus> {
    vec![
        ProviderOrderStatus::Pending,
        ProviderOrderStatus::Completed,
        ProviderOrderStatus::Cancelled,
        ProviderOrderStatus::Refunded,
        ProviderOrderStatus::PartiallyRefunded,
        ProviderOrderStatus::ActionRequired,
        ProviderOrderStatus::Archived,
        ProviderOrderStatus::Other(String::new()),
    ]
}

/// The name of its golden. No longer compiles once there is another status: give it a golden, and a
/// place in the list above.
const fn golden(status: &ProviderOrderStatus) -> &'static str {
    match status {
        ProviderOrderStatus::Pending => "pending",
        ProviderOrderStatus::Completed => "completed",
        ProviderOrderStatus::Cancelled => "cancelled",
        ProviderOrderStatus::Refunded => "refunded",
        ProviderOrderStatus::PartiallyRefunded => "partially_refunded",
        ProviderOrderStatus::ActionRequired => "action_required",
        ProviderOrderStatus::Archived => "archived",
        ProviderOrderStatus::Other(_) => "other",
    }
}

#[test]
fn no_status_is_without_a_golden() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    for status in every_status() {
        let name = golden(&status);
        let text = std::fs::read_to_string(folder.join(format!("order_read.{name}.json"))).unwrap();
        let stored: serde_json::Value = serde_json::from_str(&text).unwrap();
        let stored = stored["event"]["order"]["status"].clone();
        let read: ProviderOrderStatus = serde_json::from_value(stored).unwrap();
        assert_eq!(golden(&read), name);
    }
}
