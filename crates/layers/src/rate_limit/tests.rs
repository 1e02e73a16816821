//! Who is admitted, when, and who may be dropped, on tokio's paused clock.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt as _;
use futures::future::join_all;

use super::*;

fn limit(per_second: u32, burst: u32) -> RateLimit {
    RateLimit::new(
        NonZeroU32::new(per_second).unwrap(),
        NonZeroU32::new(burst).unwrap(),
    )
}

/// Asks in this order, at once, and gives the order of admission and the times in milliseconds.
async fn admitted(gate: &RateLimit, classes: &[CallClass]) -> Vec<(usize, u128)> {
    let started = Instant::now();
    let admitted = Mutex::new(Vec::new());
    let waits = classes.iter().enumerate().map(|(number, class)| {
        let admitted = &admitted;
        async move {
            gate.admit(*class).await;
            admitted
                .lock()
                .unwrap()
                .push((number, started.elapsed().as_millis()));
        }
    });
    join_all(waits).await;
    admitted.into_inner().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
    let gate = limit(10, 3);
    let times: Vec<u128> = admitted(&gate, &[CallClass::Read; 6])
        .await
        .into_iter()
        .map(|(_, at)| at)
        .collect();
    assert_eq!(times[..3], [0, 0, 0]);
    for (at, due) in times[3..].iter().zip([100, 200, 300]) {
        assert!((due..due + 3).contains(at), "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_rate_holds_over_a_long_time() {
    let gate = limit(50, 5);
    let times = admitted(&gate, &[CallClass::Listing; 505]).await;
    let (_, last) = times.last().unwrap();
    assert!(
        (10_000..10_600).contains(last),
        "500 beyond the burst take 10 s, not {last} ms"
    );
}

#[tokio::test(start_paused = true)]
async fn purchases_go_before_reads_before_pages_and_each_in_its_turn() {
    use CallClass::{Listing, Purchase, Read};
    let gate = limit(10, 1);
    gate.admit(Read).await;
    let order: Vec<usize> = admitted(&gate, &[Listing, Read, Purchase, Listing, Read, Purchase])
        .await
        .into_iter()
        .map(|(number, _)| number)
        .collect();
    assert_eq!(order, [2, 5, 1, 4, 0, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_purchase_that_comes_late_overtakes_a_page_already_waiting() {
    let gate = Arc::new(limit(1, 1));
    gate.admit(CallClass::Read).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (class, arrives_at) in [
        (CallClass::Listing, 0),
        (CallClass::Listing, 0),
        (CallClass::Purchase, 900),
    ] {
        let (gate, order) = (Arc::clone(&gate), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(arrives_at)).await;
            gate.admit(class).await;
            order.lock().unwrap().push(class);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let order = order.lock().unwrap().clone();
    assert_eq!(
        order,
        [CallClass::Purchase, CallClass::Listing, CallClass::Listing]
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_waiting_takes_no_permit_and_holds_nobody_up() {
    let gate = limit(1, 1);
    gate.admit(CallClass::Read).await;
    let started = Instant::now();
    // Both are polled into the queue: the first sleeps for the permit, the second for its turn.
    let mut first = gate.admit(CallClass::Purchase).boxed();
    let mut second = gate.admit(CallClass::Read).boxed();
    let third = gate.admit(CallClass::Listing).boxed();
    assert!(futures::poll!(&mut first).is_pending());
    assert!(futures::poll!(&mut second).is_pending());
    drop(first);
    drop(second);
    third.await;
    let waited = started.elapsed().as_millis();
    assert!(
        (1000..1003).contains(&waited),
        "the next permit was its own: {waited} ms"
    );
    assert!(gate.queue().waiting.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_head_that_is_dropped_wakes_the_next() {
    let gate = Arc::new(limit(1, 1));
    gate.admit(CallClass::Read).await;
    let mut head = gate.admit(CallClass::Purchase).boxed();
    assert!(futures::poll!(&mut head).is_pending());
    let waiting = Arc::clone(&gate);
    let next = tokio::spawn(async move { waiting.admit(CallClass::Listing).await });
    tokio::task::yield_now().await;
    drop(head);
    tokio::time::timeout(Duration::from_secs(2), next)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_on_many_threads_are_all_admitted() {
    let gate = Arc::new(limit(100_000, 64));
    let count = Arc::new(AtomicUsize::new(0));
    let tasks = (0..500).map(|number| {
        let (gate, count) = (Arc::clone(&gate), Arc::clone(&count));
        tokio::spawn(async move {
            let class = [CallClass::Purchase, CallClass::Read, CallClass::Listing][number % 3];
            gate.admit(class).await;
            count.fetch_add(1, Ordering::Relaxed);
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(count.load(Ordering::Relaxed), 500);
}

/// Pages, reads and a purchase, admitted in this order.
type Admitted = Arc<Mutex<Vec<(CallClass, Duration)>>>;

/// Asks in a task of its own, and notes when it was admitted.
fn ask(
    gate: &Arc<RateLimit>,
    class: CallClass,
    admitted: &Admitted,
) -> tokio::task::JoinHandle<()> {
    let (gate, admitted) = (Arc::clone(gate), Arc::clone(admitted));
    let started = Instant::now();
    tokio::spawn(async move {
        gate.admit(class).await;
        let waited = started.elapsed();
        admitted.lock().unwrap().push((class, waited));
    })
}

#[tokio::test(start_paused = true)]
async fn a_purchase_amid_a_catalogue_sync_is_admitted_next() {
    let gate = Arc::new(limit(50, 10));
    let admitted = Admitted::default();
    let mut tasks: Vec<_> = (0..600)
        .map(|_| ask(&gate, CallClass::Listing, &admitted))
        .collect();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(1_010)).await;
        let pages = admitted.lock().unwrap().len();
        let purchase = ask(&gate, CallClass::Purchase, &admitted);
        purchase.await.unwrap();
        let so_far = admitted.lock().unwrap().clone();
        assert_eq!(so_far.len(), pages + 1, "no page went before it");
        let (class, waited) = so_far[pages];
        assert_eq!(class, CallClass::Purchase);
        assert!(waited <= Duration::from_millis(22), "{waited:?}");
    }
    for task in tasks.drain(..) {
        task.await.unwrap();
    }
    assert_eq!(admitted.lock().unwrap().len(), 605, "and every page came");
}

#[tokio::test(start_paused = true)]
async fn pages_still_come_while_reads_use_the_whole_rate() {
    let gate = Arc::new(limit(100, 1));
    let admitted = Admitted::default();
    gate.admit(CallClass::Read).await;
    let pages: Vec<_> = (0..20)
        .map(|_| ask(&gate, CallClass::Listing, &admitted))
        .collect();
    let reads: Vec<_> = (0..1_000)
        .map(|_| ask(&gate, CallClass::Read, &admitted))
        .collect();
    for page in pages {
        page.await.unwrap();
    }
    let so_far = admitted.lock().unwrap().clone();
    for turns in so_far.chunks_exact(10).take(20) {
        let (last, reads) = turns.split_last().unwrap();
        assert_eq!(last.0, CallClass::Listing, "one in ten");
        assert!(reads.iter().all(|(class, _)| *class == CallClass::Read));
    }
    // No purchase waits for the page whose turn it is.
    let before = admitted.lock().unwrap().len();
    ask(&gate, CallClass::Purchase, &admitted).await.unwrap();
    assert_eq!(admitted.lock().unwrap()[before].0, CallClass::Purchase);
    for read in reads {
        read.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_purchase_goes_before_the_page_whose_turn_it_is() {
    let gate = Arc::new(limit(10, 1));
    let admitted = Admitted::default();
    gate.admit(CallClass::Read).await;
    let mut tasks = vec![ask(&gate, CallClass::Listing, &admitted)];
    tasks.extend((0..12).map(|_| ask(&gate, CallClass::Read, &admitted)));
    // Nine reads have gone before the page.
    while admitted.lock().unwrap().len() < 9 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tasks.push(ask(&gate, CallClass::Purchase, &admitted));
    for task in tasks {
        task.await.unwrap();
    }
    let order: Vec<CallClass> = admitted
        .lock()
        .unwrap()
        .iter()
        .map(|(class, _)| *class)
        .collect();
    let mut expected = vec![CallClass::Read; 9];
    expected.extend([CallClass::Purchase, CallClass::Listing]);
    expected.extend([CallClass::Read; 3]);
    assert_eq!(order, expected);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_gives_up_when_it_is_its_turn_holds_no_read_up() {
    let gate = Arc::new(limit(10, 1));
    let admitted = Admitted::default();
    gate.admit(CallClass::Read).await;
    let page = ask(&gate, CallClass::Listing, &admitted);
    let reads: Vec<_> = (0..12)
        .map(|_| ask(&gate, CallClass::Read, &admitted))
        .collect();
    while admitted.lock().unwrap().len() < 9 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    page.abort();
    for read in reads {
        read.await.unwrap();
    }
    assert_eq!(admitted.lock().unwrap().len(), 12);
}
