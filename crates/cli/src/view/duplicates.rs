//! What an earlier release delivered to two orders, as text.

use roamport_domain::journal::{DuplicateDelivery, Duplicated};

use crate::text::TerminalText;

/// Two lines for each, after an empty one; nothing where there are none.
pub(crate) fn duplicates_text(duplicates: &[DuplicateDelivery]) -> TerminalText {
    let mut text = TerminalText::new();
    for duplicate in duplicates {
        let DuplicateDelivery {
            what,
            esim,
            order,
            duplicate_of,
        } = duplicate;
        let what = match what {
            Duplicated::Esim => format!("eSIM {esim}"),
            Duplicated::ActivationCode => format!("the activation code of eSIM {esim}"),
        };
        text.push_gap();
        text.push_line(format_args!(
            "Delivered twice: {what} went to order {duplicate_of}, then to order {order}."
        ));
        text.push_line(
            "An earlier release did not notice. Two customers may have one profile: ask the provider for \
             another one.",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use roamport_domain::{EsimId, OrderId};

    use super::*;

    fn duplicate(what: Duplicated) -> DuplicateDelivery {
        let order = |text: &str| text.parse::<OrderId>().unwrap();
        DuplicateDelivery {
            what,
            esim: EsimId::parse("esim-1").unwrap(),
            order: order("01938d2c-6f00-7000-8000-000000000002"),
            duplicate_of: order("01938d2c-6f00-7000-8000-000000000001"),
        }
    }

    #[test]
    fn a_delivery_to_two_orders_names_both_and_shows_no_code() {
        let both = [Duplicated::Esim, Duplicated::ActivationCode].map(duplicate);
        insta::assert_snapshot!(duplicates_text(&both), @r"
        Delivered twice: eSIM esim-1 went to order 01938d2c-6f00-7000-8000-000000000001, then to order 01938d2c-6f00-7000-8000-000000000002.
        An earlier release did not notice. Two customers may have one profile: ask the provider for another one.

        Delivered twice: the activation code of eSIM esim-1 went to order 01938d2c-6f00-7000-8000-000000000001, then to order 01938d2c-6f00-7000-8000-000000000002.
        An earlier release did not notice. Two customers may have one profile: ask the provider for another one.
        ");
        assert_eq!(duplicates_text(&[]).as_str(), "");
    }
}
