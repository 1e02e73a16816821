//! Accounts: several tokens over one world, each with orders, eSIMs, a wallet and a ledger of its own.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::contents::{Contents, Event};
use super::refusal::WorldError;
use super::{Live, World};

impl World {
    /// The world as the account of this token or access code has it: its orders, eSIMs, wallet and
    /// ledger. Catalogue, clock, faults and switches are the same for all. Calls over HTTP under the
    /// token reach the account once the switch `accounts` names it.
    #[must_use]
    pub fn account(&self, token: &str) -> Self {
        let own = self.token().expose_secret() == token;
        Self {
            account: (!own).then(|| Arc::from(token)),
            ..self.clone()
        }
    }

    /// The account of a token that may call: the world's own, or one that the switch names.
    pub(crate) fn admits(&self, token: &[u8]) -> Result<Option<Self>, WorldError> {
        if same_bytes(self.token().expose_secret().as_bytes(), token) {
            return Ok(Some(self.clone()));
        }
        let known = self.switches()?.accounts;
        let mut known = known
            .iter()
            .filter(|known| known.as_bytes() == token && !token.is_empty());
        Ok(known.next().map(|token| self.account(token)))
    }
}

/// Whether these are the same bytes. Takes the same time for every wrong one.
fn same_bytes(secret: &[u8], given: &[u8]) -> bool {
    let differences = secret
        .iter()
        .zip(given.iter().chain(std::iter::repeat(&0)))
        .fold(0, |differences, (one, other)| differences | (one ^ other));
    differences == 0 && secret.len() == given.len()
}

impl Live {
    /// What belongs to an account.
    pub(super) fn of(&mut self, account: Option<&str>) -> &mut Contents {
        let Some(account) = account else {
            return &mut self.contents;
        };
        let first = &self.contents;
        self.others
            .entry(account.to_owned())
            .or_insert_with(|| first.beside())
    }

    /// Lets an event happen to every account but the one that it has happened to.
    pub(super) fn share(&mut self, event: Event, but: Option<&str>) {
        for (name, contents) in &mut self.others {
            if but != Some(name) {
                contents.apply(event.clone());
            }
        }
        if but.is_some() {
            self.contents.apply(event);
        }
    }

    /// Lets an event of the file happen.
    pub(super) fn replay(&mut self, event: Event) {
        match event {
            Event::Of { account, event } => self.of(Some(&account)).apply(*event),
            event => {
                if event.is_shared() {
                    self.share(event.clone(), None);
                }
                self.contents.apply(event);
            }
        }
    }
}

impl Event {
    /// Whether it happens to every account at once.
    pub(super) const fn is_shared(&self) -> bool {
        matches!(
            self,
            Self::Rules(_) | Self::Pace(_) | Self::Switches(_) | Self::Moved { .. } | Self::Reset
        )
    }

    /// Whether the wallet of an account changes by it.
    pub(super) fn moves_money(&self) -> bool {
        match self {
            Self::Of { event, .. } => event.moves_money(),
            Self::Charged { .. } | Self::Refunded { .. } => true,
            _ => false,
        }
    }
}

impl Contents {
    /// Those of another account of the same world, before anything happened in it.
    fn beside(&self) -> Self {
        let mut contents = self.begun();
        contents.pace = self.pace;
        contents.rules.clone_from(&self.rules);
        contents.switches.clone_from(&self.switches);
        (contents.rotated, contents.inserted) = (self.rotated, self.inserted);
        contents
    }
}
