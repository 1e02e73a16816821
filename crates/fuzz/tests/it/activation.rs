//! Every text that claims to be an activation code.

use roamport_domain::{Activation, Secret};
use roamport_fuzz::Cursor;
use roamport_fuzz::edit::edit_text;

/// Texts that are activation codes, or are seen in their place.
const SAMPLES: [&str; 12] = [
    "LPA:1$smdp.example.test$K2-1A9F3C-77D0B2",
    "1$rsp.example.test$INV0001A9C4E7",
    "lpa:1$SMDP.example.test$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746$1",
    "LPA:1$smdp.example.test$K2-A$$1",
    "LPA:1$smdp.example.test$K2-A$1.3.6.1.4.1.31746",
    "LPA:1$smdp.example.test$K2-A$$1$later",
    "LPA:1$smdp.example.test$",
    "LPA:1$smdp.example.test:8443$K2-A",
    "LPA:1$https://smdp.example.test$K2-A",
    "LPA:1%24smdp.example.test%24K2-A",
    "\u{feff}LPA:1$smdp.example.test.$K2-A\u{200b}",
    "LPA:1$smdp.example.test$K2-A$$0",
];

const FRAGMENTS: [&str; 16] = [
    "$",
    "$1",
    "LPA:",
    "1$",
    ".",
    "-",
    " ",
    "\u{200b}",
    "\u{feff}",
    "\u{e9}",
    "\0",
    "\n",
    "%24",
    "&",
    "\u{1f30d}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

fn read(mut cursor: Cursor<'_>) {
    let text = edit_text(&SAMPLES, &FRAGMENTS, &mut cursor);
    let text = String::from_utf8_lossy(&text).into_owned();
    let code = Secret::new(text.as_str());
    let bought = Activation::parse_bought(&code);
    let Ok(activation) = Activation::parse(&code) else {
        assert!(
            bought.is_err(),
            "bought or not, the form is the same: {text:?}"
        );
        return;
    };
    let printed = activation.lpa();
    assert_eq!(
        Activation::parse(&printed).as_ref(),
        Ok(&activation),
        "{text:?}"
    );
    let printed = printed.expose();
    assert!(
        printed.starts_with("LPA:1$") && printed.len() <= 255,
        "{printed}"
    );
    assert!(
        printed.bytes().all(|byte| byte.is_ascii_graphic()),
        "{printed:?}"
    );
    let matching_id = activation.matching_id().expose();
    assert_eq!(bought.is_ok(), !matching_id.is_empty(), "{text:?}");
    assert!(
        text.contains(matching_id),
        "`{matching_id}` is no part of {text:?}"
    );
    for link in [
        activation.ios_install_link(),
        activation.android_install_link(),
    ] {
        let link = link.expose();
        assert!(link.bytes().all(|byte| byte.is_ascii_graphic()), "{link:?}");
        assert!(!link.contains(['"', '<', '>', '#', ' ']), "{link:?}");
    }
    let shown = format!("{activation:?}");
    // What is no secret may hold the same letters.
    let others = [Some(activation.smdp_address()), activation.smdp_oid()];
    let mut others = others.into_iter().flatten();
    let is_telling = matching_id.len() > 5 && !others.any(|other| other.contains(matching_id));
    assert!(
        !is_telling || !shown.contains(matching_id),
        "the matching id is shown: {shown}"
    );
}

#[test]
fn no_activation_code_changes_when_it_is_written_and_read() {
    roamport_fuzz::target!("activation", read);
}
