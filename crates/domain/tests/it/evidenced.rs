//! A sample of every event that came with format 2, for the goldens.

use roamport_domain::Oddity;
use roamport_domain::order::{
    Absence, AbsenceEvidence, Adoption, AnswerEvidence, AnswerField, AttentionReason,
    ControlEvidence, DeferralReason, Doubt, Event, FilterEvidence, LookUpEvidence, LookUpResult,
    PlacementEvidence, PlacementOutcome, Resolution, WalletEvidence, WalletReading,
};

use crate::support::{
    account, ambiguous, at, bought, esims, line, nothing_worth, placed, proof, provider_order,
    raised, requested, resolved, usd,
};

pub(crate) fn all() -> Vec<(String, Event)> {
    let named = answers().into_iter().chain(look_ups()).chain(others());
    named
        .map(|(name, event)| (name.to_owned(), event))
        .collect()
}

fn settled(outcome: PlacementOutcome, evidence: AnswerEvidence) -> Event {
    Event::PlacementSettled {
        attempt: 1,
        at: at(5),
        outcome,
        evidence: Some(evidence),
    }
}

fn odd_total() -> Oddity {
    Oddity {
        what: "total".to_owned(),
        why: "`total` is no amount of a known currency".to_owned(),
    }
}

fn answers() -> Vec<(&'static str, Event)> {
    let differs = AnswerEvidence {
        different: AnswerField::ALL.to_vec(),
        ..AnswerEvidence::default()
    };
    let strangers = AnswerEvidence {
        different: vec![AnswerField::Reference],
        stranger: Some(provider_order("ord_theirs")),
        ..AnswerEvidence::default()
    };
    let unreadable = AnswerEvidence {
        unreadable: vec![odd_total()],
        ..AnswerEvidence::default()
    };
    let unusable = AnswerEvidence {
        problem: Some("the provider answers about its order ord_theirs instead".to_owned()),
        ..AnswerEvidence::default()
    };
    let turned_away = |code: Option<&str>, not_before| PlacementOutcome::TurnedAway {
        code: code.map(str::to_owned),
        message: "the wallet is too small".to_owned(),
        not_before,
    };
    let nothing_else = AnswerEvidence::default;
    vec![
        (
            "placement_settled.evidence.placed",
            settled(placed(bought("ord_7f3a", &["esim-1"])), nothing_else()),
        ),
        (
            "placement_settled.evidence.differs",
            settled(placed(bought("ord_7f3a", &["esim-1"])), differs),
        ),
        (
            "placement_settled.evidence.stranger",
            settled(ambiguous(), strangers),
        ),
        (
            "placement_settled.turned_away",
            settled(turned_away(Some("200007"), None), nothing_else()),
        ),
        (
            "placement_settled.turned_away_until",
            settled(turned_away(None, Some(at(65))), nothing_else()),
        ),
        (
            "placement_settled.evidence.unreadable",
            settled(placed(bought("ord_7f3a", &["esim-1"])), unreadable),
        ),
        (
            "order_read.evidence.problem",
            Event::OrderRead {
                at: at(9),
                order: None,
                evidence: Some(unusable),
            },
        ),
        (
            "order_read.evidence",
            Event::OrderRead {
                at: at(9),
                order: Some(bought("ord_7f3a", &["esim-1"])),
                evidence: Some(AnswerEvidence::default()),
            },
        ),
    ]
}

fn look_up(conclusive: bool, found: bool, evidence: LookUpEvidence) -> Event {
    let orders = found.then(|| bought("ord_7f3a", &["esim-1"]));
    Event::LookedUp {
        started_at: at(240),
        conclusive,
        result: LookUpResult::Healthy {
            found: orders.into_iter().collect(),
        },
        evidence: Some(Box::new(evidence)),
    }
}

fn look_ups() -> Vec<(&'static str, Event)> {
    let short = WalletEvidence::Short {
        gone: usd("6.54"),
        explained: usd("3.27"),
    };
    let control = || provider_order("ord_control");
    let doubts = [
        ("looked_up.doubt.form", Doubt::Form),
        ("looked_up.doubt.filter", Doubt::Filter),
        ("looked_up.doubt.resembles", Doubt::Resembles),
        ("looked_up.doubt.control", Doubt::Control),
        ("looked_up.doubt.wallet", Doubt::Wallet),
        ("looked_up.doubt.stale", Doubt::Stale),
        ("looked_up.doubt.cut", Doubt::Cut),
    ];
    let doubted =
        doubts.map(|(name, doubt)| (name, nothing_worth(240, false, Absence::Unproven { doubt })));
    let mut samples = vec![
        ("looked_up.weak", nothing_worth(240, false, Absence::Weak)),
        (
            "looked_up.proven",
            look_up(
                true,
                false,
                LookUpEvidence {
                    filter: FilterEvidence::ListRead,
                    control: ControlEvidence::Found { order: control() },
                    wallet: WalletEvidence::Explained { gone: usd("3.27") },
                    ..proof()
                },
            ),
        ),
        (
            "looked_up.against",
            look_up(
                true,
                false,
                LookUpEvidence {
                    absence: Absence::Unproven {
                        doubt: Doubt::Wallet,
                    },
                    filter: FilterEvidence::Ignored,
                    control: ControlEvidence::Missing { order: control() },
                    wallet: short,
                    fresh: false,
                    look_alikes: vec![provider_order("ord_alike")],
                    candidates: vec![provider_order("ord_same")],
                    ..proof()
                },
            ),
        ),
        (
            "looked_up.adopted_spelling",
            look_up(
                false,
                true,
                LookUpEvidence {
                    control: ControlEvidence::NotAsked,
                    adoption: Some(Adoption::Spelling),
                    different: vec![AnswerField::Packages],
                    ..proof()
                },
            ),
        ),
        (
            "looked_up.adopted_only_candidate",
            look_up(
                false,
                true,
                LookUpEvidence {
                    adoption: Some(Adoption::OnlyCandidate),
                    ..proof()
                },
            ),
        ),
        (
            "looked_up.unreadable",
            look_up(
                false,
                true,
                LookUpEvidence {
                    unreadable: vec![odd_total()],
                    ..proof()
                },
            ),
        ),
    ];
    samples.extend(doubted);
    samples
}

fn others() -> Vec<(&'static str, Event)> {
    let content = esims(vec![line("one", 1, "3.27")]);
    let mut wish = requested(content.clone());
    wish.account = Some(account());
    let started = |baseline| Event::PlacementStarted {
        attempt: 1,
        opens_at: at(2),
        closes_at: at(62),
        request: content.request(),
        replays: None,
        blind: false,
        evidence: Some(PlacementEvidence {
            account: account(),
            baseline,
        }),
    };
    let reading = WalletReading {
        at: at(1),
        balance: usd("20.5"),
    };
    let orders = || vec![provider_order("ord_7f3b")];
    vec![
        ("requested.account", Event::Requested(Box::new(wish))),
        ("placement_started.evidence", started(Some(reading))),
        ("placement_started.evidence.no_wallet", started(None)),
        (
            "absence_established.evidence",
            Event::AbsenceEstablished {
                attempt: 1,
                look_ups: vec![at(240), at(270), at(300)],
                evidence: Some(AbsenceEvidence { account: account() }),
            },
        ),
        (
            "deferred.held",
            Event::Deferred {
                at: at(3),
                reason: DeferralReason::Held,
                message: "new orders are held".to_owned(),
            },
        ),
        (
            "prolonged",
            Event::Prolonged {
                at: at(1000),
                place_before: at(1900),
            },
        ),
        (
            "attention_raised.looks_alike",
            raised(300, AttentionReason::LooksAlike { orders: orders() }),
        ),
        (
            "attention_raised.same_goods",
            raised(300, AttentionReason::SameGoods { orders: orders() }),
        ),
        (
            "attention_raised.goods_differ",
            raised(
                300,
                AttentionReason::GoodsDiffer {
                    fields: vec![AnswerField::Packages, AnswerField::Esims],
                },
            ),
        ),
        (
            "attention_raised.other_account",
            raised(
                300,
                AttentionReason::OtherAccount {
                    sent_with: Some(account()),
                    current: account(),
                },
            ),
        ),
        (
            "attention_raised.other_account_unknown",
            raised(
                300,
                AttentionReason::OtherAccount {
                    sent_with: None,
                    current: account(),
                },
            ),
        ),
        (
            "attention_resolved.same_account",
            resolved(400, Resolution::SameAccount { account: account() }),
        ),
    ]
}
