//! Deliveries that anybody can send are not believed.

use jiff::Timestamp;
use roamport_adapter_@snake@::@Type@Events;
use roamport_domain::ProviderName;
use roamport_domain::provider::{Delivery, EventDecoder as _};

fn refused(body: &[u8]) -> bool {
    let events = @Type@Events::new(ProviderName::parse("@kebab@").unwrap());
    let delivery = Delivery {
        headers: &[],
        body,
        received_at: Timestamp::UNIX_EPOCH,
    };
    events.decode(&delivery).is_err()
}

#[test]
fn a_delivery_that_is_no_event_is_refused() {
    for body in [&b""[..], b"{", b"[]", b"<html>", b"\xff"] {
        assert!(refused(body), "{body:?}");
    }
}

#[test]
fn a_delivery_beyond_every_size_is_refused() {
    assert!(refused(&vec![b' '; 1 << 20]));
}
