//! Which packages a listing has met, in some 34 bytes each.

use std::collections::HashMap;

use roamport_domain::{Package, PackageId};

/// 128 bits of a package's id: with a million packages, two share them once in 10^26 catalogs. As
/// bytes, not as a number, so that a table entry needs no padding.
type Key = [u8; 16];

/// The packages met, with the pass over the list in which each was met last.
#[derive(Default)]
pub(super) struct Seen {
    met: HashMap<Key, u8>,
    pass: u8,
    in_this_pass: u64,
}

impl Seen {
    /// Whether one of them was not met in this pass.
    pub(super) fn any_new(&self, packages: &[Package]) -> bool {
        packages
            .iter()
            .any(|package| self.met.get(&key(&package.id)) != Some(&self.pass))
    }

    /// Notes a package; whether it was never met before, in any pass.
    pub(super) fn insert(&mut self, id: &PackageId) -> bool {
        let before = self.met.insert(key(id), self.pass);
        if before != Some(self.pass) {
            self.in_this_pass += 1;
        }
        before.is_none()
    }

    /// Begins the next pass. What was met stays met.
    pub(super) fn start_again(&mut self) {
        self.pass += 1;
        self.in_this_pass = 0;
    }

    /// How many packages this pass has met.
    pub(super) const fn in_this_pass(&self) -> u64 {
        self.in_this_pass
    }
}

fn key(id: &PackageId) -> Key {
    let digest = hmac_sha256::Hash::hash(id.as_str().as_bytes());
    let mut key = Key::default();
    key.copy_from_slice(&digest[..16]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_new_once_in_a_pass_and_yielded_once_in_all() {
        let id = PackageId::parse("esim-portugal-7days-1gb-all").unwrap();
        let mut seen = Seen::default();
        assert!(seen.insert(&id));
        assert!(!seen.insert(&id));
        assert_eq!(seen.in_this_pass(), 1);
        seen.start_again();
        assert_eq!(seen.in_this_pass(), 0);
        assert!(!seen.insert(&id));
        assert_eq!(seen.in_this_pass(), 1);
    }

    #[test]
    fn an_entry_needs_seventeen_bytes() {
        assert_eq!(size_of::<(Key, u8)>(), 17);
    }
}
