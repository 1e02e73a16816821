//! What each fact about a provider is, and what it means for an order.

/// By the fact's name in `roamport providers --json`: what it is, and what it means. In the order of the page.
pub(super) const EXPLANATIONS: [(&str, &str, &str); 19] = [
    (
        "repeated_order",
        "what a second order under one reference does",
        "Where it is refused or answers the first order, a call of unknown outcome may be repeated at growing \
         intervals, after a look-up, since nothing is charged twice. Where it may charge again, a second call is made \
         only after the quiet period and look-ups that found nothing.",
    ),
    (
        "repeated_order_window_seconds",
        "for how long after the first order that holds",
        "Beyond it nothing is repeated on that promise. Where none is documented, one hour is assumed.",
    ),
    (
        "look_up",
        "whether an order can be found again",
        "Reconciliation and look-ups need it.",
    ),
    (
        "look_up.by_reference",
        "whether it is found by our reference",
        "Look-ups then settle an unknown outcome. Elsewhere one that repetitions did not settle is put before a person.",
    ),
    (
        "look_up.since",
        "whether orders can be listed from a moment on",
        "`roamport reconcile` then finds orders that the journal does not know, and those that only the journal knows.",
    ),
    (
        "look_up.lag_seconds",
        "how long a new order may stay invisible",
        "A look-up sooner than that may miss it. The quiet period has to outlast it: no look-up before its end counts \
         as proof that nothing is there.",
    ),
    (
        "longest_effect_seconds",
        "how long after a purchase call its effect may still appear, as documented",
        "The quiet period is at least twice as long, whatever `orders.quiet_period` says.",
    ),
    (
        "purchase_time_out_seconds",
        "how long the answer to a purchase call is awaited",
        "Without one by then the outcome is unknown, and the order is looked for.",
    ),
    (
        "provisioning",
        "how a profile comes to be",
        "With a separate call the order asks for each profile; otherwise it comes with the order's answer, or the eSIM \
         is read until it is there.",
    ),
    (
        "lines_per_order",
        "lines in one order, at most",
        "An order with more is refused before anything is sent.",
    ),
    (
        "esims_per_order",
        "eSIMs in one order, at most",
        "An order for more is refused before anything is sent.",
    ),
    (
        "top_up",
        "whether an eSIM can be topped up",
        "Without it `roamport topup` is refused.",
    ),
    (
        "usage",
        "whether usage can be read",
        "Without it `roamport usage` is refused. Usage changes nothing for an order.",
    ),
    (
        "usage.lag_seconds",
        "how far behind the figures may be",
        "What was used since may not show yet.",
    ),
    (
        "usage.daily",
        "whether there are figures for each day",
        "`roamport usage` then shows them.",
    ),
    (
        "usage.batch",
        "how many eSIMs one call may name",
        "With none, usage is read one eSIM at a time.",
    ),
    (
        "price_guard",
        "whether an order names the prices it was quoted at, and is refused where they have moved",
        "Elsewhere a difference is found after the charge, and put before a person.",
    ),
    (
        "cancellation",
        "when the money of an eSIM that was given back returns",
        "With one, `roamport esim cancel` gives back what nobody installed. With none, the provider has to be asked.",
    ),
    (
        "events",
        "whether it tells of changes by webhook",
        "An event has an order looked at sooner. Alone it never changes money or state: what it tells of is read again.",
    ),
];
