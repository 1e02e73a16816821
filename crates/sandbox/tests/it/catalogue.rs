//! The price list at its three usual sizes.

use std::collections::HashSet;

use roamport_sandbox::Catalogue;
use roamport_sandbox::catalogue::{CataloguePackage, Geography, PlanData};

#[test]
fn every_size_has_exactly_as_many_distinct_packages() {
    for size in [1, 7, 60, 1_234, 28_000, 280_000] {
        let catalogue = Catalogue::new(1, size).unwrap();
        let mut ids = HashSet::new();
        for package in catalogue.packages() {
            assert!(ids.insert(package.id), "an id comes twice");
        }
        assert_eq!((catalogue.len(), ids.len()), (size, size));
    }
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let all = |seed| {
        Catalogue::new(seed, 2_000)
            .unwrap()
            .packages()
            .collect::<Vec<_>>()
    };
    assert_eq!(all(1), all(1));
    assert_ne!(all(1), all(2));
}

#[test]
fn a_package_is_found_by_its_place_and_by_its_id() {
    let catalogue = Catalogue::new(3, 28_000).unwrap();
    for (index, package) in catalogue.packages().enumerate().step_by(97) {
        assert_eq!(catalogue.package(index).as_ref(), Some(&package));
        assert_eq!(catalogue.find(&package.id).as_ref(), Some(&package));
    }
    assert_eq!(catalogue.package(28_000), None);
    for id in [
        "",
        "esim--all",
        "esim-portugal-all",
        "esim-portugal-7days-1gb",
        "esim-portugal-7days-2gb-all",
        "esim-x-7days-1gb-all",
    ] {
        assert_eq!(catalogue.find(id), None, "{id}");
    }
    assert_eq!(
        Catalogue::new(3, 60)
            .unwrap()
            .find("esim-albania-7days-1gb-all"),
        None
    );
}

#[test]
fn the_well_known_places_are_in_every_catalogue_from_sixty_on() {
    for size in [60, 28_000, 280_000] {
        let catalogue = Catalogue::new(5, size).unwrap();
        for place in [
            "portugal",
            "france",
            "kenya",
            "united-states",
            "japan",
            "europe",
            "global",
        ] {
            for plan in [
                "7days-1gb",
                "15days-3gb",
                "30days-5gb",
                "10days-un2gb",
                "30days-5gb-100sms-60min",
            ] {
                let id = format!("esim-{place}-{plan}-all");
                assert!(catalogue.find(&id).is_some(), "{id} of {size}");
            }
        }
        let kenya = catalogue.find("esim-kenya-7days-ungb-all").unwrap();
        assert!(kenya.travel_date && kenya.usage_check);
        let silent = catalogue
            .find("esim-kenya-30days-5gb-100sms-60min-all")
            .unwrap();
        assert!(!silent.usage_check && !silent.travel_date && !silent.top_up());
    }
}

#[test]
fn the_usual_catalogue_has_the_proportions_of_the_real_one() {
    let catalogue = Catalogue::new(1, 28_000).unwrap();
    let count =
        |wanted: &dyn Fn(&CataloguePackage) -> bool| catalogue.packages().filter(wanted).count();
    let dated = count(&|package| package.travel_date);
    assert!((15..=60).contains(&dated), "{dated} need a travel date");
    assert!(count(&|package| !package.usage_check) > 100);
    assert!(count(&|package| !package.hotspot) > 100);
    assert!(count(&|package| package.plan.talk.is_some()) > 1_000);
    assert!(count(&|package| package.plan.data == PlanData::Unlimited) > 1_000);
    let groups = catalogue.groups();
    assert!(groups.len() > 240);
    for geography in [Geography::Local, Geography::Regional, Geography::Global] {
        assert!(groups.iter().any(|group| group.geography == geography));
    }
    assert_eq!(groups.iter().filter(|group| group.code == "KE").count(), 2);
}

#[test]
fn prices_have_cents_and_lie_within_their_group() {
    let catalogue = Catalogue::new(9, 28_000).unwrap();
    for package in catalogue.packages() {
        let group = &catalogue.groups()[package.group];
        assert_eq!(package.price.scale(), 2);
        assert!(group.lowest_price <= package.price && package.price <= group.highest_price);
        assert!(package.price > rust_decimal::Decimal::ZERO);
        assert!(
            package
                .notes()
                .contains(&"Sandbox: no real money, cannot be installed")
        );
    }
}

#[test]
fn a_size_that_cannot_be_is_refused_with_the_limit() {
    assert!(Catalogue::new(1, 0).is_err());
    let error = Catalogue::new(1, usize::MAX).unwrap_err().to_string();
    assert!(error.contains("ask for fewer"), "{error}");
    assert!(Catalogue::new(1, 800_000).is_ok());
}
