//! Whether a lie could be found out: some answer contradicts another answer, the request, the journal, the
//! wallet or the control order.
//!
//! A pure function over what was asked and answered. It was written before the rules of the order machine
//! that it judges, and knows neither them nor the adapters nor the truth.

use std::collections::BTreeMap;

use super::told::{EsimRow, OrderRow, Told, is_stale, told};
use super::transcript::{Call, Exchange, KnownEsim, Transcript};

/// What a contradiction warns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    /// Whether and how often money moved: against another purchase call, and against calling it failed.
    Money,
    /// What was delivered: against handing it out.
    Goods,
}

/// Two things that cannot both be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contradiction {
    /// An answer to a purchase names another reference than the request.
    AnsweredForAnother,
    /// The same, and no later answer shows the order; or an answer about our own order names another reference.
    OtherReference,
    /// An order of ours has other packages, or another number of them, than was asked for.
    OtherGoods,
    /// An order of ours cost something else than was asked for.
    OtherTotal,
    /// An answer names an order or eSIM that the journal has under another order.
    KnownToJournal,
    /// An answer to a purchase is none, and another one shows the order.
    ShownElsewhere,
    /// A filtered list has an order under another reference.
    FilterIgnored,
    /// A look-up is answered in no documented form.
    NoDocumentedForm,
    /// An answer says that it comes out of a cache.
    OutOfCache,
    /// The control order is not found.
    ControlMissing,
    /// The wallet lost the price although no order is there.
    WalletShort,
    /// The order was sent with the credentials of another account.
    OtherAccount,
    /// Something was asked for by its id, and another one was answered.
    OtherId,
    /// An eSIM that can never be used.
    Dead,
    /// Two eSIMs with one card number or one activation code.
    SameCard,
    /// One eSIM with two card numbers or two activation codes.
    TwoCards,
}

impl Contradiction {
    const fn warns_of(self, about: About) -> bool {
        match about {
            About::Money => matches!(
                self,
                Self::AnsweredForAnother
                    | Self::OtherReference
                    | Self::KnownToJournal
                    | Self::ShownElsewhere
                    | Self::FilterIgnored
                    | Self::NoDocumentedForm
                    | Self::OutOfCache
                    | Self::ControlMissing
                    | Self::WalletShort
                    | Self::OtherAccount
                    | Self::OtherId
            ),
            About::Goods => matches!(
                self,
                Self::OtherReference
                    | Self::OtherGoods
                    | Self::OtherTotal
                    | Self::KnownToJournal
                    | Self::OtherId
                    | Self::Dead
                    | Self::SameCard
                    | Self::TwoCards
            ),
        }
    }
}

/// Whether something in the transcript warns of this.
pub(crate) fn detectable(transcript: &Transcript, about: About) -> bool {
    contradictions(transcript)
        .into_iter()
        .any(|contradiction| contradiction.warns_of(about))
}

/// Every contradiction in the transcript, each once.
pub(crate) fn contradictions(transcript: &Transcript) -> Vec<Contradiction> {
    let mut judge = Judge {
        transcript,
        found: Vec::new(),
        bought_at: None,
        wallet_before: None,
        accounts: Vec::new(),
        cards: BTreeMap::new(),
        silent_purchase: false,
        answered_for_another: false,
        other_order: false,
        formless: None,
        shown: false,
    };
    for exchange in transcript
        .exchanges
        .iter()
        .filter(|exchange| !exchange.lost)
    {
        judge.take(exchange);
    }
    judge.end()
}

struct Judge<'a> {
    transcript: &'a Transcript,
    found: Vec<Contradiction>,
    /// The number of purchase calls so far is not zero.
    bought_at: Option<std::time::Duration>,
    wallet_before: Option<i64>,
    accounts: Vec<u8>,
    /// The card number and code of each eSIM, and the process that was told. What a process did not store
    /// before it died is not known to the next one.
    cards: BTreeMap<String, (Option<String>, Option<String>, u32)>,
    /// A purchase call ended without an answer that names an order.
    silent_purchase: bool,
    /// The last answer about the purchase names another reference.
    answered_for_another: bool,
    /// The last answer to a question by an order's id is about another one.
    other_order: bool,
    /// How many documented answers followed a lookup that was answered in no documented form. Absent if none was.
    formless: Option<u8>,
    /// Some answer shows our order.
    shown: bool,
}

/// This many documented answers outweigh an earlier one without a documented form.
const DOCUMENTED_ENOUGH: u8 = 3;

/// Letters and digits alone, in one case.
fn bare(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_uppercase())
        .collect()
}

fn differ(told: Option<&String>, asked: &str) -> bool {
    told.is_some_and(|told| bare(told) != bare(asked))
}

impl Judge<'_> {
    fn find(&mut self, contradiction: Contradiction) {
        if !self.found.contains(&contradiction) {
            self.found.push(contradiction);
        }
    }

    const fn is_shown(&mut self) {
        self.shown = true;
        self.answered_for_another = false;
    }

    fn end(mut self) -> Vec<Contradiction> {
        if self.shown && self.silent_purchase {
            self.find(Contradiction::ShownElsewhere);
        }
        if self.answered_for_another {
            self.find(Contradiction::OtherReference);
        }
        if self.other_order {
            self.find(Contradiction::OtherId);
        }
        if self.formless.is_some_and(|after| after < DOCUMENTED_ENOUGH) {
            self.find(Contradiction::NoDocumentedForm);
        }
        self.found
    }

    fn take(&mut self, exchange: &Exchange) {
        let told = told(self.transcript.dialect, exchange);
        if exchange.call.buys() {
            self.purchase(exchange, &told);
        } else if exchange.call.finds() {
            self.look_up(exchange, &told);
        }
        match told {
            Told::Wallet(left) => self.wallet(left),
            Told::Esims(esims) => self.esims(exchange, &esims),
            _ => {}
        }
    }

    fn purchase(&mut self, exchange: &Exchange, told: &Told) {
        self.bought_at.get_or_insert(exchange.sent);
        if !self.accounts.contains(&exchange.account) {
            self.accounts.push(exchange.account);
        }
        if self.accounts.len() > 1 {
            self.find(Contradiction::OtherAccount);
        }
        let Told::Orders(rows) = told else {
            self.silent_purchase = true;
            return;
        };
        let mut ours = Vec::new();
        for row in rows {
            if differ(row.reference.as_ref(), &self.transcript.ordered.reference) {
                self.find(Contradiction::AnsweredForAnother);
                self.answered_for_another = true;
                self.silent_purchase = true;
            } else {
                self.is_shown();
                ours.push(row);
            }
        }
        self.ours(exchange, &ours);
    }

    fn look_up(&mut self, exchange: &Exchange, told: &Told) {
        if is_stale(&exchange.answer) {
            self.find(Contradiction::OutOfCache);
        }
        // Another account does not know our orders, and says nothing of them.
        if self.bought_at.is_some() && !self.accounts.contains(&exchange.account) {
            self.find(Contradiction::OtherAccount);
        }
        let rows = match told {
            Told::Orders(rows) => rows,
            Told::Undocumented => {
                self.formless = Some(0);
                return;
            }
            _ => return,
        };
        self.formless = self.formless.map(|after| after.saturating_add(1));
        let asked = &exchange.asked;
        let reference = self.transcript.ordered.reference.clone();
        let mut ours = Vec::new();
        for row in rows {
            if let Some(asked) = &asked.reference
                && differ(row.reference.as_ref(), asked)
            {
                self.find(Contradiction::FilterIgnored);
                continue;
            }
            if let Some(order) = &asked.order {
                self.other_order = differ(row.id.as_ref(), order);
                if self.other_order {
                    continue;
                }
            }
            let names_us = row
                .reference
                .as_ref()
                .is_some_and(|told| bare(told) == bare(&reference));
            // A row that names no reference is nobody's, whatever was asked.
            if names_us {
                self.is_shown();
                ours.push(row);
            } else if asked.order.is_some() && self.is_ours_by_id(asked.order.as_deref()) {
                if differ(row.reference.as_ref(), &reference) {
                    self.find(Contradiction::OtherReference);
                } else {
                    ours.push(row);
                }
            }
        }
        self.ours(exchange, &ours);
        self.control(exchange, rows);
    }

    /// An order that is asked for by its id is ours unless the journal has it under another one.
    fn is_ours_by_id(&self, order: Option<&str>) -> bool {
        let mut known = self.transcript.known.iter();
        order.is_some_and(|order| !known.any(|known| known.order == order))
    }

    fn control(&mut self, exchange: &Exchange, rows: &[OrderRow]) {
        let asked = exchange.asked.reference.as_deref();
        let asked_id = exchange.asked.order.as_deref();
        let known = self.transcript.known.iter().find(|known| {
            known.account == exchange.account
                && (asked == Some(known.reference.as_str())
                    || asked_id == Some(known.order.as_str()))
        });
        let Some(known) = known else {
            return;
        };
        let is_there = rows.iter().any(|row| {
            row.id
                .as_deref()
                .is_some_and(|id| bare(id) == bare(&known.order))
        });
        if !is_there {
            self.find(Contradiction::ControlMissing);
        }
    }

    /// Rows that are, or are said to be, the order itself.
    fn ours(&mut self, exchange: &Exchange, rows: &[&OrderRow]) {
        let is_top_up = self.transcript.ordered.target.is_some();
        for row in rows {
            if let Some(total) = row.total
                && total != self.transcript.ordered.total
            {
                self.find(Contradiction::OtherTotal);
            }
            if row.currency.as_deref().is_some_and(|word| word != "USD") {
                self.find(Contradiction::OtherTotal);
            }
            if let Some(target) = &self.transcript.ordered.target
                && row
                    .iccid
                    .as_ref()
                    .is_some_and(|iccid| *iccid != target.iccid)
            {
                self.find(Contradiction::OtherId);
            }
            let known = self.transcript.known.iter();
            let (mut orders, esims): (Vec<&str>, Vec<&KnownEsim>) = (
                known.clone().map(|known| known.order.as_str()).collect(),
                known.flat_map(|known| &known.esims).collect(),
            );
            orders.retain(|order| row.id.as_deref() == Some(order));
            let again = !is_top_up
                && row
                    .esims
                    .iter()
                    .any(|esim| esims.iter().any(|known| same_esim(esim, known)));
            if !orders.is_empty() || again {
                self.find(Contradiction::KnownToJournal);
            }
        }
        if !is_top_up {
            self.goods(exchange, rows);
            for row in rows {
                // A list is read for the orders in it.
                for esim in row.esims.iter().filter(|_| exchange.call != Call::List) {
                    self.card(exchange.process, esim);
                }
            }
        }
    }

    fn goods(&mut self, exchange: &Exchange, rows: &[&OrderRow]) {
        // One provider has one row for each eSIM, the other one for the whole order.
        let whole: Vec<Vec<String>> = if self.transcript.dialect
            == roamport_sandbox::Dialect::EsimAccess
            && exchange.call != Call::Purchase
        {
            let told: Option<Vec<Vec<String>>> =
                rows.iter().map(|row| row.packages.clone()).collect();
            told.filter(|told| !told.is_empty())
                .map(|told| told.concat())
                .into_iter()
                .collect()
        } else {
            rows.iter().filter_map(|row| row.packages.clone()).collect()
        };
        // Fewer than asked for may still be coming.
        for told in whole {
            let mut asked = self.transcript.ordered.packages.clone();
            let mut was_asked = |package: &String| {
                let place = asked.iter().position(|asked| asked == package);
                place.map(|place| asked.swap_remove(place)).is_some()
            };
            if !told.iter().all(&mut was_asked) {
                self.find(Contradiction::OtherGoods);
            }
        }
    }

    fn wallet(&mut self, left: i64) {
        if self.bought_at.is_none() {
            self.wallet_before = Some(left);
            return;
        }
        let gone = self.wallet_before.map_or(0, |before| before - left);
        if !self.shown && gone >= self.transcript.ordered.total - 1 {
            self.find(Contradiction::WalletShort);
        }
    }

    fn esims(&mut self, exchange: &Exchange, esims: &[EsimRow]) {
        let asked = &exchange.asked;
        for esim in esims {
            let other = asked
                .esim
                .as_ref()
                .is_some_and(|asked| differ(esim.id.as_ref(), asked))
                || asked
                    .iccid
                    .as_ref()
                    .is_some_and(|asked| differ(esim.iccid.as_ref(), asked));
            if other {
                self.find(Contradiction::OtherId);
                continue;
            }
            let named = esim.id.clone().or_else(|| asked.esim.clone());
            let known: Vec<&KnownEsim> = self
                .transcript
                .known
                .iter()
                .flat_map(|known| &known.esims)
                .collect();
            let is_known = |known: &&KnownEsim| named.as_deref() == Some(known.id.as_str());
            if known.iter().any(is_known) {
                // A read of an eSIM that is not this order's, such as the target of a top-up.
                continue;
            }
            if known.iter().any(|known| same_card(esim, known)) {
                self.find(Contradiction::KnownToJournal);
            }
            let esim = EsimRow {
                id: named,
                ..esim.clone()
            };
            self.card(exchange.process, &esim);
        }
    }

    /// Compares with every eSIM that was told before.
    fn card(&mut self, process: u32, esim: &EsimRow) {
        if esim.dead {
            self.find(Contradiction::Dead);
        }
        let Some(id) = &esim.id else {
            return;
        };
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        let apart = |one: &Option<String>, other: &Option<String>| {
            one.is_some() && other.is_some() && one != other
        };
        let of_others = self.cards.iter().any(|(other, (iccid, code, _))| {
            other != id && (same(iccid, &esim.iccid) || same(code, &esim.code))
        });
        let (iccid, code, told) = self.cards.entry(id.clone()).or_default();
        let is_known = *told == process;
        let changed = is_known && (apart(iccid, &esim.iccid) || apart(code, &esim.code));
        *told = process;
        *iccid = esim.iccid.clone().or(iccid.take());
        *code = esim.code.clone().or(code.take());
        if of_others {
            self.find(Contradiction::SameCard);
        }
        if changed {
            self.find(Contradiction::TwoCards);
        }
    }
}

fn same_esim(told: &EsimRow, known: &KnownEsim) -> bool {
    told.id
        .as_deref()
        .is_some_and(|id| bare(id) == bare(&known.id))
        || same_card(told, known)
}

fn same_card(told: &EsimRow, known: &KnownEsim) -> bool {
    let is =
        |told: &Option<String>, known: &str| !known.is_empty() && told.as_deref() == Some(known);
    is(&told.iccid, &known.iccid) || is(&told.code, &known.code)
}
