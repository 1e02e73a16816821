//! Purchases and reads while catalogues are read: who goes first, and that the catalogues still come whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::{join_all, try_join_all};
use roamport_domain::provider::CallClass::{Listing, Purchase, Read};
use roamport_domain::provider::ErrorKind;
use roamport_sandbox::Dialect;
use tokio::task::JoinHandle;

use super::scene::{PAUSE, Scene, Terms, listed, until};
use super::watched_gate::{Note, count, waiting};
use super::wire::{Asked, Way};

/// Slow enough that nearly every page waits.
const BUSY: Terms = Terms {
    per_second: 100,
    in_step: false,
    tries: 3,
    failures: 3,
    time_out: std::time::Duration::from_secs(20),
};

/// Several readers of the whole catalogue, so that both dialects have about as many requests to make: the
/// one has pages, the other one long answer for each reader.
fn sync(scene: &Scene) -> Vec<JoinHandle<Vec<String>>> {
    let readers = match scene.dialect {
        Dialect::Roamify => 2,
        Dialect::EsimAccess => 16,
    };
    (0..readers)
        .map(|_| {
            let provider = Arc::clone(&scene.provider);
            tokio::spawn(async move { listed(provider).await.unwrap() })
        })
        .collect()
}

async fn check_whole(scene: &Scene, sync: Vec<JoinHandle<Vec<String>>>) {
    let for_sale = scene.for_sale();
    for listed in try_join_all(sync).await.unwrap() {
        assert_eq!(listed, for_sale, "no page was lost, and none came twice");
    }
}

/// Of everything that the sandbox saw before its nth request of a kind, so much was of another kind.
#[track_caller]
fn seen_before(seen: &[Asked], kind: Asked, number: usize, other: Asked) -> usize {
    let mut places = seen.iter().enumerate().filter(|(_, asked)| **asked == kind);
    let (place, _) = places.nth(number).unwrap();
    seen[..place]
        .iter()
        .filter(|asked| **asked == other)
        .count()
}

/// What had been noted when the nth of a class began to wait.
fn notes_before(notes: &[Note], came: Note, number: usize) -> &[Note] {
    let mut places = notes.iter().enumerate().filter(|(_, note)| **note == came);
    let (place, _) = places.nth(number).unwrap();
    &notes[..place]
}

async fn a_purchase_reaches_the_provider_before_the_reads_and_pages_that_wait(dialect: Dialect) {
    const PURCHASES: usize = 3;
    const READS: usize = 3;
    let terms = Terms {
        in_step: true,
        ..BUSY
    };
    let scene = Scene::new(dialect, terms).await;
    let sync = sync(&scene);
    for number in 0..PURCHASES {
        let many = || scene.gate.waiting(Listing) >= 6;
        until("many pages wait", many).await;
        // The reads are asked for before the purchase, and all in one go: nothing is admitted between.
        let reads = join_all((0..READS).map(|_| scene.provider.balance()));
        let reference = format!("amid a sync {number}");
        let (reads, bought) = tokio::join!(biased; reads, scene.buy(&reference));
        bought.unwrap();
        assert!(reads.iter().all(Result::is_ok), "{reads:?}");
        assert_eq!(scene.charges(&reference), 1);
    }
    check_whole(&scene, sync).await;

    let (notes, seen) = (scene.gate.notes(), scene.wire.seen());
    assert_eq!(count(&notes, Note::Came(Purchase)), PURCHASES);
    for number in 0..PURCHASES {
        let notes = notes_before(&notes, Note::Came(Purchase), number);
        let (reads, pages) = (waiting(notes, Read), waiting(notes, Listing));
        assert!(
            reads + 1 >= READS && pages >= 5,
            "{reads} reads, {pages} pages"
        );
        // None of those that waited was seen before it, nor any that came later.
        for (class, asked) in [(Read, Asked::Read), (Listing, Asked::Page)] {
            let before = seen_before(&seen, Asked::Purchase, number, asked);
            let gone = count(notes, Note::Went(class));
            assert!(before <= gone, "{before} {asked:?} and not {gone}");
        }
    }
    for number in 0..READS * PURCHASES {
        let pages = seen_before(&seen, Asked::Read, number, Asked::Page);
        let notes = notes_before(&notes, Note::Came(Read), number);
        let gone = count(notes, Note::Went(Listing));
        assert!(pages <= gone, "read {number}: {pages} pages and not {gone}");
    }
}

async fn pages_still_come_while_reads_never_end(dialect: Dialect) {
    let terms = Terms {
        per_second: 250,
        ..BUSY
    };
    let scene = Arc::new(Scene::new(dialect, terms).await);
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..12)
        .map(|_| {
            let (scene, over) = (Arc::clone(&scene), Arc::clone(&over));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    scene.provider.balance().await.unwrap();
                }
            })
        })
        .collect();
    until("reads wait", || scene.gate.waiting(Read) >= 2).await;
    let provider = Arc::clone(&scene.provider);
    let sync = vec![tokio::spawn(async move { listed(provider).await.unwrap() })];
    check_whole(&scene, sync).await;
    over.store(true, Ordering::Relaxed);
    try_join_all(readers).await.unwrap();

    // Reads went first, and never more than nine of them before a page that waited.
    let (mut pages, mut overtaken, mut most) = (0, 0, 0);
    for note in scene.gate.notes() {
        match note {
            Note::Came(Listing) => pages += 1,
            Note::Went(Listing) => (pages, overtaken) = (pages - 1, 0),
            Note::Left(Listing) => pages -= 1,
            Note::Went(Read) if pages > 0 => overtaken += 1,
            Note::Went(Read) => overtaken = 0,
            _ => {}
        }
        most = most.max(overtaken);
    }
    assert!((1..=9).contains(&most), "{most} reads went before a page");
}

async fn a_sync_that_is_given_up_holds_nobody_up(dialect: Dialect) {
    let scene = Scene::new(dialect, BUSY).await;
    let sync = sync(&scene);
    let many = || scene.gate.waiting(Listing) >= 6;
    until("many pages wait", many).await;
    for reader in &sync {
        reader.abort();
    }
    until("no page waits", || scene.gate.waiting(Listing) == 0).await;
    let pages = scene.gate.came(Listing);
    scene.provider.balance().await.unwrap();
    scene.buy("after a sync").await.unwrap();
    assert_eq!(scene.gate.came(Listing), pages, "no page is asked for");
    assert_eq!(scene.charges("after a sync"), 1);
    let sent = scene.wire.count_of(Asked::Page);
    assert!(sent < pages, "{sent} of {pages} pages were sent");
}

async fn a_sync_under_way_comes_whole_while_an_open_circuit_refuses_the_rest(dialect: Dialect) {
    let scene = Scene::new(dialect, BUSY).await;
    scene.wire.follow(|_, asked| match asked {
        Asked::Page => Way::Through,
        _ => Way::failure(),
    });
    let sync = sync(&scene);
    let many = || scene.gate.waiting(Listing) >= 6;
    until("many pages wait", many).await;
    // They go before the pages, and fail.
    let failed = join_all((0..BUSY.failures).map(|_| scene.provider.balance())).await;
    assert!(failed.iter().all(Result::is_err), "{failed:?}");
    let before = scene.wire.count_of(Asked::Page);
    let refused = scene.buy("refused").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    check_whole(&scene, sync).await;
    assert!(scene.wire.count_of(Asked::Page) > before, "pages went on");
    // Its pages are old news to the circuit: a probe is what closes it.
    let refused = scene.provider.balance().await.unwrap_err();
    assert_eq!(refused.retry_after(), Some(PAUSE), "{refused}");
    assert_eq!(scene.wire.count_of(Asked::Purchase), 0);
    assert_eq!(scene.wire.count_of(Asked::Read), 3 * 3);
    scene.clock.advance(PAUSE);
    assert_eq!(scene.listed().await.unwrap(), scene.for_sale());
    scene.wire.always(Way::Through);
    scene.buy("refused").await.unwrap();
}

super::in_both_dialects!(
    a_purchase_reaches_the_provider_before_the_reads_and_pages_that_wait,
    pages_still_come_while_reads_never_end,
    a_sync_that_is_given_up_holds_nobody_up,
    a_sync_under_way_comes_whole_while_an_open_circuit_refuses_the_rest,
);
