//! Every failure and its exit code, as a table.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use roamport_app::{AppError, DecisionError, Halt, Refusal};
use roamport_documents::kind::Kind;
use roamport_domain::journal::JournalError;
use roamport_domain::money::{Currency, Money};
use roamport_domain::order::{
    DeferralReason, Event, Fingerprint, GuardReason, OrderContent, OrderState, OrderedLine,
    ProviderInstance, Requested,
};
use roamport_domain::provider::{ErrorKind, Line, Operation, ProviderError};
use roamport_domain::{
    Capabilities, DataAllowance, DataSize, EsimId, IdempotencyKey, Order, OrderId, PackageId,
    ProviderName, Reference,
};

use super::report::Report;
use super::{Exit, Failure, NotGivenBack, exit_code};

fn provider() -> ProviderName {
    ProviderName::parse("sandbox").unwrap()
}

fn id() -> OrderId {
    "018f0000-0000-7000-8000-000000000001".parse().unwrap()
}

fn usd(text: &str) -> Money {
    Money::parse_amount(text, Currency::USD).unwrap()
}

fn esim() -> EsimId {
    EsimId::parse("e-1").unwrap()
}

fn not_given_back(why: NotGivenBack) -> Failure {
    Failure::NotGivenBack {
        order: id(),
        esim: esim(),
        why,
        message: "it said so".to_owned(),
    }
}

fn provider_failure(kind: ErrorKind) -> Failure {
    ProviderError::new(kind, provider(), Operation::Balance, "it said so").into()
}

fn order(events: &[Event]) -> Failure {
    let key = IdempotencyKey::parse("key").unwrap();
    let line = Line {
        package: PackageId::parse("esim-france-7days-1gb-all").unwrap(),
        quantity: std::num::NonZeroU16::MIN,
        unit_price: usd("1.18"),
        days: None,
    };
    let data = DataAllowance::Fixed {
        size: DataSize::GIBIBYTE,
    };
    let lines = vec![OrderedLine {
        line,
        alias: None,
        name: "1 GB - 7 Days".to_owned(),
        data,
    }];
    let content = OrderContent::Esims {
        lines,
        start_date: None,
    };
    let instance = ProviderInstance {
        name: provider(),
        base_url: "sandbox:test".to_owned(),
    };
    let mut order = Order::open(
        id(),
        Requested {
            at: Timestamp::UNIX_EPOCH,
            fingerprint: Fingerprint::of(&instance, &content),
            reference: Reference::derive(&provider(), &key),
            key,
            provider: instance,
            content,
            cap: usd("1.18"),
            place_before: Timestamp::UNIX_EPOCH,
            account: None,
        },
    );
    for event in events {
        order.apply(event).unwrap();
    }
    Failure::Order {
        order: Box::new(order),
        halt: Halt::TimeUp,
    }
}

fn deferred(reason: DeferralReason) -> Event {
    Event::Deferred {
        at: Timestamp::UNIX_EPOCH,
        reason,
        message: "it waits".to_owned(),
    }
}

fn expired() -> Event {
    Event::Expired {
        at: Timestamp::UNIX_EPOCH,
    }
}

fn guard_refused() -> Event {
    Event::GuardRefused {
        at: Timestamp::UNIX_EPOCH,
        reason: GuardReason::AboveCap,
        message: "it costs more now".to_owned(),
    }
}

fn needs_attention() -> Event {
    Event::AttentionRaised {
        at: Timestamp::UNIX_EPOCH,
        reason: roamport_domain::order::AttentionReason::UnsentUnconfirmed,
    }
}

fn table() -> Vec<(Failure, Exit)> {
    let package = PackageId::parse("esim-atlantis").unwrap();
    let refusals = [
        Refusal::UnknownPackage {
            package: package.clone(),
            provider: provider(),
        },
        Refusal::TravelDateMissing { package },
        Refusal::AboveMaximum {
            total: usd("2"),
            maximum: usd("1"),
        },
        Refusal::WalletShort {
            provider: provider(),
            total: usd("2"),
            balance: usd("1.50"),
            missing: usd("0.50"),
        },
        Refusal::AboveLimit {
            what: "eSIMs",
            asked: 11,
            limit: 10,
            provider: provider(),
        },
        Refusal::Currencies("USD and EUR".to_owned()),
        Refusal::AlreadyGivenBack { esim: esim() },
        Refusal::CannotCancel {
            provider: provider(),
            esim: esim(),
            provider_order: None,
        },
        Refusal::NotBoughtHere {
            esim: "e-1".to_owned(),
        },
    ];
    let key = IdempotencyKey::parse("key").unwrap();
    let unknown = |text: &str| AppError::UnknownCountry {
        text: text.to_owned(),
        nearest: None,
    };
    let provider_order = roamport_domain::ProviderOrderId::parse("o-1").unwrap();
    let decision = |error: DecisionError| Failure::from(AppError::from(error));
    let reference = |text: &str| Reference::parse(text).unwrap();
    let mut table = vec![
        (
            decision(DecisionError::Unsigned {
                what: "why",
                rule: "it is missing".to_owned(),
            }),
            Exit::Usage,
        ),
        (
            decision(DecisionError::NotChecked { order: id() }),
            Exit::Usage,
        ),
        (
            decision(DecisionError::HeldElsewhere { order: id() }),
            Exit::Unfinished,
        ),
        (
            decision(DecisionError::NotPossible {
                order: id(),
                state: OrderState::Fulfilled,
                action: "accept",
                why: "it is over".to_owned(),
            }),
            Exit::Refused,
        ),
        (
            decision(DecisionError::UnknownProviderOrder {
                provider_order: provider_order.clone(),
                provider: provider(),
            }),
            Exit::Refused,
        ),
        (
            decision(DecisionError::OtherReference {
                provider_order: provider_order.clone(),
                theirs: reference("THEIRS"),
                ours: reference("OURS"),
            }),
            Exit::Refused,
        ),
        (
            decision(DecisionError::BelongsToAnother {
                provider_order: provider_order.clone(),
            }),
            Exit::Refused,
        ),
        (
            decision(DecisionError::StillThere {
                order: id(),
                found: vec![provider_order],
            }),
            Exit::Refused,
        ),
        (not_given_back(NotGivenBack::Refused), Exit::Refused),
        (not_given_back(NotGivenBack::NotDone), Exit::Unreachable),
        (not_given_back(NotGivenBack::Unknown), Exit::Unfinished),
        (
            provider_failure(ErrorKind::Unsupported)
                .with_abilities(&provider(), &Capabilities::NONE),
            Exit::Refused,
        ),
        (
            AppError::CancellationNotRecorded {
                order: id(),
                item: 0,
                answer: "it was taken back".to_owned(),
                reason: "disk full".to_owned(),
            }
            .into(),
            Exit::Unfinished,
        ),
        (Failure::StdoutClosed, Exit::Done),
        (Failure::Declined, Exit::Other),
        (Failure::Machine("no threads".to_owned()), Exit::Other),
        (Failure::Stdout(io::Error::other("disk full")), Exit::Other),
        (
            Failure::File {
                path: PathBuf::from("a.png"),
                source: io::Error::other("no room"),
            },
            Exit::Other,
        ),
        (
            Failure::Sandbox {
                message: "port taken".to_owned(),
            },
            Exit::Other,
        ),
        (
            JournalError::Corrupt {
                message: "torn".to_owned(),
            }
            .into(),
            Exit::Other,
        ),
        (
            Failure::Usage {
                message: "no".to_owned(),
                hint: None,
            },
            Exit::Usage,
        ),
        (unknown("Atlantis").into(), Exit::Usage),
        (AppError::KeyReused { key, order: id() }.into(), Exit::Usage),
        (Refusal::Empty.into(), Exit::Usage),
        (JournalError::NotFound(id()).into(), Exit::Usage),
        (order(&[guard_refused()]), Exit::Refused),
        (
            order(&[deferred(DeferralReason::WalletShort), expired()]),
            Exit::Refused,
        ),
        (order(&[]), Exit::Unfinished),
        (order(&[needs_attention()]), Exit::Unfinished),
        (
            Failure::Unfinished {
                order: id(),
                state: OrderState::Placing,
            },
            Exit::Unfinished,
        ),
        (
            Failure::Several {
                count: 2,
                exit: Exit::Refused,
            },
            Exit::Refused,
        ),
        (
            Failure::NoProfile {
                esim: "e".to_owned(),
                why: None,
            },
            Exit::Unfinished,
        ),
        (
            Failure::ListUnproven {
                verdict: "agrees with what is known".to_owned(),
                hint: "look again later".to_owned(),
            },
            Exit::Unproven,
        ),
        (
            Failure::NotClean {
                verdict: "not clean: 1 difference is open".to_owned(),
                hint: "look".to_owned(),
            },
            Exit::Unfinished,
        ),
        (
            Failure::NotPrinted {
                order: Some((id(), true)),
                source: std::io::Error::other("full"),
            },
            Exit::Other,
        ),
        (Failure::Interrupted { order: None }, Exit::Interrupted),
        (Failure::WorkerLeft, Exit::Unfinished),
        (
            Failure::Interrupted {
                order: Some((id(), true)),
            },
            Exit::Unfinished,
        ),
        (
            AppError::Broken("panic".to_owned()).into(),
            Exit::Unfinished,
        ),
        (JournalError::ClaimLost(id()).into(), Exit::Unfinished),
        (
            order(&[deferred(DeferralReason::ProviderUnavailable), expired()]),
            Exit::Unreachable,
        ),
        (
            order(&[deferred(DeferralReason::BackPressure), expired()]),
            Exit::Unreachable,
        ),
        (
            order(&[deferred(DeferralReason::Halted), expired()]),
            Exit::Settings,
        ),
        (
            Failure::Settings {
                message: "unknown".to_owned(),
                readable: true,
            },
            Exit::Settings,
        ),
    ];
    table.extend(refusals.map(|refusal| (refusal.into(), Exit::Refused)));
    table.extend([
        (provider_failure(ErrorKind::Unavailable), Exit::Unreachable),
        (provider_failure(ErrorKind::RateLimited), Exit::Unreachable),
        (
            provider_failure(ErrorKind::InvalidResponse),
            Exit::Unreachable,
        ),
        (provider_failure(ErrorKind::Rejected), Exit::Refused),
        (provider_failure(ErrorKind::NotFound), Exit::Refused),
        (provider_failure(ErrorKind::Unsupported), Exit::Refused),
        (
            provider_failure(ErrorKind::InsufficientFunds),
            Exit::Refused,
        ),
        (provider_failure(ErrorKind::Ambiguous), Exit::Unfinished),
        (provider_failure(ErrorKind::Unauthorized), Exit::Settings),
        (provider_failure(ErrorKind::Config), Exit::Settings),
    ]);
    table
}

#[test]
fn every_failure_has_its_exit_code() {
    for (failure, expected) in table() {
        assert_eq!(exit_code(&failure), expected, "{failure:?}");
    }
}

#[test]
fn the_codes_are_the_numbers_of_the_contract() {
    assert_eq!(Exit::ALL.map(Exit::number), [0, 1, 2, 3, 4, 5, 6, 7, 130]);
}

#[test]
fn every_failure_says_something_and_an_order_says_whether_money_moved() {
    for (failure, _) in table() {
        let report = Report::of(&failure);
        let json: serde_json::Value = serde_json::from_str(&report.json(1)).unwrap();
        let kind = json["error"]["kind"].as_str().unwrap();
        let known = Kind::ALL.iter().any(|known| known.as_str() == kind);
        let of_provider = ErrorKind::ALL.iter().any(|known| known.as_str() == kind);
        assert!(known || of_provider, "{kind}");
        assert!(
            !json["error"]["message"].as_str().unwrap().is_empty(),
            "{failure:?}"
        );
        if matches!(failure, Failure::Order { .. }) {
            assert_eq!(json["error"]["money_may_have_moved"], false, "{failure:?}");
            assert_eq!(json["error"]["order"], id().to_string());
        }
    }
}

#[test]
fn an_unfinished_order_names_the_command_that_carries_it_on() {
    let report = Report::of(&order(&[]));
    insta::assert_snapshot!(report.text(), @"
    error: order 018f0000-0000-7000-8000-000000000001 is unfinished (the time to wait is over): the order is recorded and not yet sent; no money has moved
    hint: carry it on with `roamport order resume 018f0000-0000-7000-8000-000000000001`; nothing is bought twice
    ");
}

#[test]
fn what_a_provider_cannot_do_is_told_with_what_it_can_and_nothing_else_is() {
    let can = Capabilities {
        top_up: true,
        ..Capabilities::NONE
    };
    let told = |kind| {
        let failure = provider_failure(kind).with_abilities(&provider(), &can);
        Report::of(&failure).text().to_string()
    };
    assert!(
        told(ErrorKind::Unsupported)
            .ends_with("hint: sandbox can sell eSIMs and top them up; `roamport providers` compares it with the others\n"),
        "{}",
        told(ErrorKind::Unsupported)
    );
    assert!(!told(ErrorKind::Rejected).contains("sandbox can"));
}
