//! What the port promises whatever a provider answers; checked without the code that reads the answers.

use std::collections::HashSet;
use std::error::Error;
use std::fmt::Write as _;

use roamport_domain::provider::{AnswerForm, CallProof, ErrorKind, EsimProvider, ProviderOrder};
use roamport_domain::{Activation, Esim, Iccid, Money, Package, ProviderError, Usage};
use roamport_fuzz::Cursor;
use roamport_fuzz::corpus::Seed;
use roamport_fuzz::edit::edit_json;
use roamport_fuzz::json::literals;
use rust_decimal::Decimal;

use crate::port::{Call, Names, Outcome, perform};
use crate::stage::{Answer, Ending, Exchanges, Stage};

/// An activation code of nobody, which answers put where an error may repeat it.
pub(crate) const CODE: &str = "LPA:1$smdp.example.test$K2-FUZZED-0001";

/// Characters of the longest text that is kept of an answer: 2,000 and an ellipsis.
const LONGEST_TEXT: usize = 2_001;

/// What is known of one adapter.
pub(crate) struct Adapter {
    pub(crate) provider: Box<dyn EsimProvider>,
    pub(crate) stage: Stage,
    pub(crate) seeds: Vec<Seed>,
    pub(crate) names: Names,
    /// The secret that is sent with every request.
    pub(crate) token: &'static str,
    /// Words that mean something in an answer.
    pub(crate) words: &'static [&'static str],
    /// How the names of the samples begin that answer a call.
    pub(crate) samples: fn(Call) -> &'static [&'static str],
    /// Whether a request to this path buys.
    pub(crate) buys: fn(&str) -> bool,
    /// Whether an answer with this status 4xx may be the provider's own word that there is no such order.
    pub(crate) may_find_none: fn(&Answer) -> bool,
    /// Whether the adapter's table lets this answer turn a purchase or a change away.
    pub(crate) may_turn_away: fn(&Answer) -> bool,
}

impl Adapter {
    /// Makes one call with up to three answers of the input, and checks what came of it.
    pub(crate) fn check(&self, mut cursor: Cursor<'_>) {
        let call = Call::draw(&mut cursor);
        let mut answers = vec![self.answer(call, &mut cursor)];
        while answers.len() < 3 && cursor.chance(96) {
            answers.push(self.answer(call, &mut cursor));
        }
        let future = perform(&*self.provider, call, &self.names);
        let (outcome, exchanges) = self.stage.run(answers, future);
        match outcome {
            Err(error) => self.check_error(call, &error, &exchanges),
            Ok(outcome) => self.check_outcome(call, &outcome, &exchanges),
        }
    }

    fn answer(&self, call: Call, cursor: &mut Cursor<'_>) -> Answer {
        let fits = |seed: &&Seed| {
            (self.samples)(call)
                .iter()
                .any(|start| seed.name.starts_with(start))
        };
        let any = cursor.chance(64);
        let seeds: Vec<&Seed> = self.seeds.iter().filter(|seed| any || fits(seed)).collect();
        let seed = seeds[cursor.below(seeds.len())];
        let body = if cursor.chance(8) {
            cursor.bytes(200).to_vec()
        } else {
            edit_json(&seed.body, self.words, cursor)
        };
        Answer::draw(body, cursor)
    }

    fn check_error(&self, call: Call, error: &ProviderError, exchanges: &Exchanges) {
        self.check_no_secret(error);
        let effects = exchanges.answers_to(|path| self.has_effect(call, path));
        if !call.has_effect() {
            assert_ne!(
                error.kind(),
                ErrorKind::Ambiguous,
                "a read has no effect: {error}"
            );
            return;
        }
        let reached = effects
            .iter()
            .any(|answer| answer.ending != Ending::NotReached);
        match error.proof() {
            CallProof::NotSent => assert!(!reached, "it was sent: {error}"),
            CallProof::TurnedAway => {
                assert!(
                    reached,
                    "nothing was sent that could be turned away: {error}"
                );
                for answer in effects {
                    let may = answer.ending == Ending::Whole && (self.may_turn_away)(answer);
                    assert!(
                        may,
                        "HTTP {}: {} turned it away: {error}",
                        answer.status,
                        answer.text()
                    );
                }
            }
            CallProof::Unknown if call.is_purchase() => {
                assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
                assert!(reached, "nothing was sent, so nothing is unknown: {error}");
            }
            CallProof::Unknown => {}
        }
    }

    /// Neither text nor `Debug` of an error shows the token or an activation code.
    fn check_no_secret(&self, error: &ProviderError) {
        let mut shown = format!("{error} {error:?} {:?} {:?}", error.code(), error.message());
        let mut cause = error.source();
        while let Some(error) = cause {
            write!(shown, " {error} {error:?}").unwrap();
            cause = error.source();
        }
        assert!(!shown.contains(self.token), "the token is shown: {shown}");
        assert!(
            !shown.contains(CODE),
            "an activation code is shown: {shown}"
        );
        let provider = format!("{:?}", self.provider);
        assert!(!provider.contains(self.token), "{provider}");
    }

    fn has_effect(&self, call: Call, path: &str) -> bool {
        if call.is_purchase() {
            (self.buys)(path)
        } else {
            path.ends_with("/apply") || path.ends_with("/cancel")
        }
    }

    fn check_outcome(&self, call: Call, outcome: &Outcome, exchanges: &Exchanges) {
        let whole = exchanges.answers_to(|_| true);
        let known = self.literals(&whole);
        match outcome {
            Outcome::Bought(order) => {
                let effects = exchanges.answers_to(self.buys);
                let [answer] = effects[..] else {
                    panic!("one purchase was to be sent: {} were", effects.len());
                };
                assert_eq!(answer.ending, Ending::Whole, "{order:?}");
                assert!(
                    (200..=299).contains(&answer.status),
                    "HTTP {}: {order:?}",
                    answer.status
                );
                known.check_order(order);
            }
            Outcome::Found(found) => {
                for order in &found.orders {
                    known.check_order(order);
                }
                let last = whole.last().expect("an answer was read");
                let fits = match &found.form {
                    // The provider's own word that there is no such order is documented, too.
                    AnswerForm::Documented => match last.status {
                        200..=299 => true,
                        400..=499 => (self.may_find_none)(last),
                        _ => false,
                    },
                    AnswerForm::Tolerated => matches!(last.status, 200 | 204),
                    AnswerForm::NotFound(_) => last.status == 404,
                };
                assert!(
                    fits,
                    "HTTP {} {:?}: {}",
                    last.status,
                    found.form,
                    last.text()
                );
            }
            Outcome::Esims(esims) => {
                assert!(!esims.is_empty(), "none is no answer");
                for esim in esims {
                    known.check_esim(esim);
                }
            }
            Outcome::Usages(usages) => {
                for usage in usages.iter().flatten() {
                    known.check_usage(usage);
                }
            }
            Outcome::Balance(money) => check_money(money),
            Outcome::Packages(packages, error) => {
                let ids: HashSet<&str> =
                    packages.iter().map(|package| package.id.as_str()).collect();
                assert_eq!(ids.len(), packages.len(), "each package comes once");
                for package in packages {
                    known.check_package(package);
                }
                if let Some(error) = error {
                    self.check_error(call, error, exchanges);
                }
            }
            Outcome::Destinations(destinations) => {
                for destination in destinations {
                    check_text(&destination.name);
                    check_text(&destination.code);
                }
            }
            Outcome::Cancelled(cancelled) => {
                if let Some(amount) = &cancelled.amount {
                    check_money(amount);
                }
            }
        }
    }

    fn literals(&self, answers: &[&Answer]) -> Known {
        let mut texts: HashSet<String> = HashSet::new();
        for answer in answers {
            texts.extend(literals(&answer.text()));
        }
        let Names {
            reference,
            package,
            esim,
            iccid,
            order,
        } = self.names;
        texts.extend([reference, package, esim, iccid, order].map(str::to_owned));
        let digits = texts.iter().map(|text| digits(text)).collect();
        Known { texts, digits }
    }
}

/// Every literal that stands in an answer or in the request.
struct Known {
    texts: HashSet<String>,
    /// The same without what may stand between and behind the digits of a card number.
    digits: HashSet<String>,
}

impl Known {
    /// An id is a literal, or two joined by a slash.
    fn check_id(&self, id: &str) {
        let has = |text: &str| self.texts.contains(text);
        let halves = || {
            id.match_indices('/')
                .any(|(at, _)| has(&id[..at]) && has(&id[at + 1..]))
        };
        assert!(has(id) || halves(), "`{id}` stands nowhere in the answer");
    }

    fn check_iccid(&self, iccid: &Iccid) {
        let text = iccid.as_str();
        let known = self.texts.contains(text) || self.digits.contains(text);
        assert!(known, "`{text}` stands nowhere in the answer");
        assert_eq!(Iccid::reported(text).as_ref(), Ok(iccid));
    }

    fn check_order(&self, order: &ProviderOrder) {
        self.check_id(order.id.as_str());
        if let Some(total) = &order.total {
            check_money(total);
        }
        for item in &order.items {
            if let Some(id) = &item.package {
                self.check_id(id.as_str());
            }
            if let Some(id) = &item.esim {
                self.check_id(id.as_str());
            }
            if let Some(iccid) = &item.iccid {
                self.check_iccid(iccid);
            }
            if let Some(price) = &item.price {
                check_money(price);
            }
            if let Some(esim) = &item.profile {
                self.check_esim(esim);
            }
        }
    }

    fn check_esim(&self, esim: &Esim) {
        self.check_id(esim.id().as_str());
        if let Some(iccid) = esim.iccid() {
            self.check_iccid(iccid);
        }
        if let Some(activation) = esim.activation() {
            let again = Activation::parse(&activation.lpa());
            let again = again.map(|again| again.with_apn(activation.apn().clone()));
            assert_eq!(again.as_ref(), Ok(activation));
            assert!(
                !activation.matching_id().expose().is_empty(),
                "an eSIM that was bought has one"
            );
        }
        let report = esim.report();
        for note in &report.notes {
            check_text(note);
        }
        for plan in &report.plans {
            check_text(&plan.name);
        }
    }

    fn check_usage(&self, usage: &Usage) {
        if let Some(id) = &usage.esim {
            self.check_id(id.as_str());
        }
        if let Some(iccid) = &usage.iccid {
            self.check_iccid(iccid);
        }
        let shown = usage.data(&[]);
        if let Some((allowed, used)) = shown.allowed.zip(shown.used) {
            assert!(used <= allowed, "{shown:?}");
        }
        assert!(
            shown
                .remaining_basis_points
                .is_none_or(|share| share <= 10_000),
            "{shown:?}"
        );
        for day in &usage.daily {
            assert!(day.used >= Decimal::ZERO, "{day:?}");
        }
    }

    fn check_package(&self, package: &Package) {
        self.check_id(package.id.as_str());
        check_money(&package.price);
        assert!(!package.price.is_negative(), "{package:?}");
        check_text(&package.name);
        for note in &package.notes {
            check_text(note);
        }
    }
}

/// Money says the same once it was written and read again.
fn check_money(money: &Money) {
    let text = money.amount().to_string();
    assert_eq!(
        Money::parse_amount(&text, money.currency()).as_ref(),
        Ok(money)
    );
}

fn check_text(text: &str) {
    assert!(
        text.chars().count() <= LONGEST_TEXT,
        "a text of {} characters was kept",
        text.chars().count()
    );
}

fn digits(text: &str) -> String {
    let digits = text
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-');
    let digits: String = digits.collect();
    digits.trim_end_matches(['F', 'f']).to_owned()
}
