//! Every text that claims to be the number of a card.

use roamport_domain::Iccid;
use roamport_fuzz::Cursor;
use roamport_fuzz::edit::edit_text;

const SAMPLES: [&str; 8] = [
    "8988303000001234567",
    "8999900000005200015",
    "8988303000001234501F",
    "8988 3030-0000 1234 501FF",
    "8988303000001234",
    "8988303000001234567890",
    "8.9883030000012345e19",
    "89-not-digits",
];

const FRAGMENTS: [&str; 12] = [
    "0", "9", "F", "f", " ", "-", "\u{a0}", "\u{200b}", "\u{ff18}", "\0", ".", "+",
];

fn read(mut cursor: Cursor<'_>) {
    let text = edit_text(&SAMPLES, &FRAGMENTS, &mut cursor);
    let text = String::from_utf8_lossy(&text).into_owned();
    let (typed, reported) = (Iccid::parse(&text), Iccid::reported(&text));
    if let Ok(iccid) = &typed {
        let digits = iccid.as_str();
        assert!(
            (16..=22).contains(&digits.len()),
            "{text:?} is read as {digits}"
        );
        assert!(
            digits.bytes().all(|byte| byte.is_ascii_digit()),
            "{text:?} is read as {digits}"
        );
        let read: String = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(read, digits, "a digit of {text:?} was lost or added");
        assert!(iccid.is_well_formed());
        assert_eq!(
            reported.as_ref(),
            Ok(iccid),
            "a provider's word means the same: {text:?}"
        );
    }
    let Ok(iccid) = reported else { return };
    assert_eq!(iccid.is_well_formed(), typed.is_ok(), "{text:?}");
    assert_eq!(
        Iccid::reported(iccid.as_str()).as_ref(),
        Ok(&iccid),
        "{text:?}"
    );
    let stored = serde_json::to_string(&iccid).unwrap();
    assert_eq!(
        serde_json::from_str::<Iccid>(&stored).unwrap(),
        iccid,
        "{stored}"
    );
    assert!(!iccid.as_str().chars().any(char::is_control), "{iccid:?}");
}

#[test]
fn no_digit_of_a_card_number_is_lost_or_added() {
    roamport_fuzz::target!("iccid", read);
}
