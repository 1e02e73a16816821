//! A provider that breaks a promise fails the case of that promise, and the sentence says how.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use roamport_conformance::provider::{
    balance, catalogue, errors, orders, provisioning, secrets, top_up, usage,
};
use roamport_conformance::{ProviderHarness, Stopped, Verdict, Wrapped};
use roamport_domain::provider::{
    DestinationFilter, ErrorKind, EsimKey, FoundOrders, Operation, OrderLookup, OrderRequest,
    PackageQuery, ProviderOrder, ProvisionRequest, Result, SendWindow, TopUpQuery, TopUpRequest,
    UsageQuery,
};
use roamport_domain::{
    Capabilities, Destination, Esim, EsimProvider, Money, Monotonic, Package, ProviderError,
    ProviderName, Usage,
};

use crate::sandbox::accepting;
use crate::world::{TOKEN, WorldHarness};

/// How a provider breaks its promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    ChargesTwice,
    SendsLate,
    HidesADoubt,
    RepeatsOnAnError,
    LosesOrders,
    FindsTooMuch,
    CutsLookUps,
    ShortensTheCatalogue,
    RepeatsAPackage,
    IgnoresFilters,
    SwallowsErrors,
    EndsOnAPassingFailure,
    SpeaksAfterTheEnd,
    RoundsMoney,
    SaysReadsAreInDoubt,
    NamesAnotherCall,
    ShowsItsToken,
    CallsEverythingUnsupported,
    ChangesItsMind,
    PromisesToReplay,
}

#[derive(Debug)]
struct Liar {
    inner: Arc<dyn EsimProvider>,
    lie: Lie,
    called: AtomicBool,
}

impl Liar {
    fn is(&self, lie: Lie) -> bool {
        self.lie == lie
    }

    fn error(&self, kind: ErrorKind, operation: Operation) -> ProviderError {
        ProviderError::new(kind, self.name().clone(), operation, "something happened")
    }

    fn listing(
        &self,
        whole: BoxStream<'static, Result<Package>>,
    ) -> BoxStream<'static, Result<Package>> {
        let error = self.error(ErrorKind::InvalidResponse, Operation::Packages);
        match self.lie {
            Lie::ShortensTheCatalogue => whole.take(470).boxed(),
            Lie::RepeatsAPackage => whole
                .flat_map(|item| match item {
                    Ok(package) if package.validity.days == 7 => {
                        stream::iter(vec![Ok(package.clone()), Ok(package)])
                    }
                    other => stream::iter(vec![other]),
                })
                .boxed(),
            Lie::SwallowsErrors => whole
                .take_while(|item| futures::future::ready(item.is_ok()))
                .boxed(),
            Lie::EndsOnAPassingFailure => whole
                .scan(false, |failed, item| {
                    let ended = *failed;
                    *failed |= item.is_err();
                    futures::future::ready((!ended).then_some(item))
                })
                .boxed(),
            Lie::SpeaksAfterTheEnd => {
                let mut whole = whole.fuse();
                let mut last = Some(error);
                let mut ended = false;
                stream::poll_fn(move |context| {
                    if ended {
                        return std::task::Poll::Ready(last.take().map(Err));
                    }
                    let next = std::task::ready!(whole.poll_next_unpin(context));
                    ended = next.is_none();
                    std::task::Poll::Ready(next)
                })
                .boxed()
            }
            Lie::RoundsMoney => whole
                .map(|item| {
                    item.map(|package| Package {
                        price: rounded(package.price),
                        ..package
                    })
                })
                .boxed(),
            _ => whole,
        }
    }
}

/// As a provider would that counts whole dollars.
fn rounded(money: Money) -> Money {
    Money::new(money.amount().round(), money.currency()).unwrap()
}

fn always_open() -> SendWindow {
    SendWindow {
        opens_at: jiff::Timestamp::UNIX_EPOCH,
        closes_at: jiff::Timestamp::MAX,
        closes_at_monotonic: Monotonic::at(Duration::MAX),
    }
}

#[async_trait]
impl EsimProvider for Liar {
    fn name(&self) -> &ProviderName {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        let honest = self.inner.capabilities();
        match self.lie {
            Lie::PromisesToReplay => Capabilities {
                dedup: roamport_domain::provider::Dedup::Replays { window: None },
                ..honest
            },
            Lie::ChangesItsMind => Capabilities {
                webhooks: self.called.load(Ordering::Relaxed),
                ..honest
            },
            Lie::CallsEverythingUnsupported => Capabilities {
                top_up: false,
                ..honest
            },
            _ => honest,
        }
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        let all = DestinationFilter::default();
        self.inner
            .destinations(if self.is(Lie::IgnoresFilters) {
                &all
            } else {
                filter
            })
            .await
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        let loose = PackageQuery {
            package: query.package.clone(),
            ..PackageQuery::default()
        };
        let query = if self.is(Lie::IgnoresFilters) {
            loose
        } else {
            query
        };
        self.listing(self.inner.packages(query))
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        let loose = TopUpQuery::all(query.esim.clone());
        let query = if self.is(Lie::IgnoresFilters) {
            loose
        } else {
            query
        };
        self.listing(self.inner.top_up_packages(query))
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        let found = self.inner.find_orders(lookup).await?;
        match (self.lie, lookup) {
            (Lie::LosesOrders, _) => Ok(FoundOrders {
                orders: Vec::new(),
                ..found
            }),
            (Lie::CutsLookUps, _) => Ok(FoundOrders {
                complete: false,
                ..found
            }),
            (Lie::FindsTooMuch, OrderLookup::Reference { not_before, .. }) => {
                self.inner
                    .find_orders(&OrderLookup::Since(*not_before))
                    .await
            }
            _ => Ok(found),
        }
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        self.called.store(true, Ordering::Relaxed);
        self.inner.esim(key).await.map_err(|error| match self.lie {
            Lie::SaysReadsAreInDoubt => self.error(ErrorKind::Ambiguous, Operation::Esim),
            Lie::NamesAnotherCall => self.error(error.kind(), Operation::Balance),
            Lie::ShowsItsToken => error.with_source(format!("token {TOKEN}")),
            _ => error,
        })
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        if self.is(Lie::CallsEverythingUnsupported) {
            return Err(self.error(ErrorKind::Unsupported, Operation::Usage));
        }
        self.inner.usage(query).await
    }

    async fn balance(&self) -> Result<Money> {
        let balance = self.inner.balance().await?;
        Ok(if self.is(Lie::RoundsMoney) {
            rounded(balance)
        } else {
            balance
        })
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Vec<Esim>> {
        let answer = self.inner.provision(request).await;
        match (self.lie, answer) {
            (Lie::HidesADoubt, Err(_)) => {
                Err(self.error(ErrorKind::Unavailable, Operation::Provision))
            }
            (Lie::LosesOrders, Ok(_)) => Ok(Vec::new()),
            (_, answer) => answer,
        }
    }

    async fn place_order(&self, request: &OrderRequest) -> Result<ProviderOrder> {
        let mut request = request.clone();
        if self.is(Lie::SendsLate) {
            request.window = always_open();
        }
        let answer = self.inner.place_order(&request).await;
        match (self.lie, answer) {
            (Lie::ChargesTwice, Ok(_)) | (Lie::RepeatsOnAnError, Err(_)) => {
                self.inner.place_order(&request).await
            }
            (Lie::HidesADoubt, Err(error)) if error.kind() == ErrorKind::Ambiguous => {
                Err(self.error(ErrorKind::Unavailable, Operation::PlaceOrder))
            }
            (_, answer) => answer,
        }
    }

    async fn top_up(&self, request: &TopUpRequest) -> Result<ProviderOrder> {
        let mut request = request.clone();
        if self.is(Lie::SendsLate) {
            request.window = always_open();
        }
        let answer = self.inner.top_up(&request).await;
        match (self.lie, answer) {
            (Lie::ChargesTwice, Ok(_)) => self.inner.top_up(&request).await,
            (Lie::HidesADoubt, Err(_)) => Err(self.error(ErrorKind::Unavailable, Operation::TopUp)),
            (_, answer) => answer,
        }
    }
}

fn liar(lie: Lie) -> Wrapped<WorldHarness> {
    Wrapped::new(accepting(), |inner| {
        Arc::new(Liar {
            inner,
            lie,
            called: AtomicBool::new(false),
        })
    })
}

/// Asserts that this case finds this lie out.
macro_rules! found_out {
    ($($test:ident: $lie:ident, $($area:ident::$case:ident),+;)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                $(check_broken(stringify!($case), &$area::$case(&liar(Lie::$lie)).await);)+
            }
        )*
    };
}

fn check_broken(case: &str, verdict: &Verdict) {
    assert!(
        verdict.as_ref().is_err_and(Stopped::is_broken),
        "{case}: {verdict:?}"
    );
}

found_out! {
    a_provider_that_charges_twice_is_found_out: ChargesTwice,
        orders::an_order_charges_once,
        orders::an_order_is_found_by_its_reference,
        top_up::a_top_up_charges_once_and_is_found,
        balance::the_balance_falls_by_exactly_the_total;
    a_provider_that_sends_outside_the_window_is_found_out: SendsLate,
        orders::a_closed_window_sends_no_order,
        top_up::a_closed_window_sends_no_top_up;
    a_provider_that_hides_a_doubt_is_found_out: HidesADoubt,
        orders::a_lost_reply_is_ambiguous_and_the_order_is_found,
        orders::a_servers_failure_after_the_charge_is_ambiguous,
        orders::an_unreadable_reply_to_an_order_is_ambiguous,
        top_up::a_lost_reply_to_a_top_up_is_ambiguous,
        provisioning::a_lost_reply_of_provisioning_is_ambiguous;
    a_provider_that_repeats_a_purchase_is_found_out: RepeatsOnAnError,
        orders::a_lost_reply_is_ambiguous_and_the_order_is_found,
        orders::an_order_that_never_arrived_is_not_found,
        orders::an_order_refused_for_its_rate_is_not_charged;
    a_provider_that_loses_orders_is_found_out: LosesOrders,
        orders::an_order_is_found_by_its_reference,
        orders::an_order_is_found_by_its_id,
        orders::an_order_is_found_by_its_time,
        orders::a_lost_reply_is_ambiguous_and_the_order_is_found,
        provisioning::provisioning_ends_in_a_ready_esim,
        provisioning::an_order_is_provisioned_by_its_reference;
    a_provider_that_finds_other_orders_is_found_out: FindsTooMuch,
        orders::an_order_is_found_by_its_reference,
        orders::a_reference_never_used_finds_nothing,
        orders::references_are_compared_for_equality;
    a_provider_whose_look_ups_are_cut_is_found_out: CutsLookUps,
        orders::a_reference_never_used_finds_nothing;
    a_provider_with_a_short_catalogue_is_found_out: ShortensTheCatalogue,
        catalogue::a_catalogue_is_complete;
    a_provider_that_repeats_a_package_is_found_out: RepeatsAPackage,
        catalogue::a_package_is_listed_once,
        catalogue::a_catalogue_is_complete;
    a_provider_that_ignores_filters_is_found_out: IgnoresFilters,
        catalogue::filters_are_exact,
        catalogue::a_country_has_all_its_packages_and_no_others,
        catalogue::a_destination_has_exactly_its_packages,
        catalogue::every_package_lies_in_a_listed_destination,
        top_up::top_ups_are_listed_once_and_filtered_exactly;
    a_provider_that_is_quietly_short_is_found_out: SwallowsErrors,
        catalogue::a_listing_is_never_quietly_short,
        catalogue::a_listing_survives_a_page_that_fails_for_a_moment;
    a_provider_that_gives_up_on_a_passing_failure_is_found_out: EndsOnAPassingFailure,
        catalogue::a_listing_survives_a_page_that_fails_for_a_moment;
    a_provider_whose_listings_do_not_end_is_found_out: SpeaksAfterTheEnd,
        catalogue::an_ended_listing_stays_ended;
    a_provider_that_rounds_money_is_found_out: RoundsMoney,
        catalogue::a_price_keeps_every_decimal,
        balance::the_balance_is_exact,
        balance::the_balance_falls_by_exactly_the_total;
    a_provider_whose_reads_are_in_doubt_is_found_out: SaysReadsAreInDoubt,
        errors::a_failed_read_is_never_ambiguous,
        provisioning::an_unknown_esim_is_not_found;
    a_provider_whose_errors_name_another_call_is_found_out: NamesAnotherCall,
        errors::an_error_names_its_provider_and_its_call;
    a_provider_that_shows_its_token_is_found_out: ShowsItsToken,
        secrets::errors_show_no_secret;
    a_provider_that_lies_about_what_it_can_is_found_out: CallsEverythingUnsupported,
        usage::usage_is_read_and_its_figures_are_possible,
        usage::the_allowed_data_is_what_was_bought,
        top_up::a_provider_without_top_ups_says_so;
    a_provider_whose_capabilities_change_is_found_out: ChangesItsMind,
        errors::name_and_capabilities_stay_the_same;
    a_provider_that_promises_to_replay_and_does_not_is_found_out: PromisesToReplay,
        orders::a_repeated_reference_does_what_is_promised;
}

#[tokio::test]
async fn a_case_that_lacks_a_power_is_skipped_and_says_which() {
    #[derive(Debug)]
    struct Powerless(WorldHarness);

    #[async_trait]
    impl ProviderHarness for Powerless {
        fn provider(&self) -> Arc<dyn EsimProvider> {
            self.0.provider()
        }

        fn clock(&self) -> Arc<dyn roamport_domain::Clock> {
            self.0.clock()
        }
    }

    let harness = Powerless(accepting());
    let complete = catalogue::a_catalogue_is_complete(&harness).await;
    let lost = orders::a_lost_reply_is_ambiguous_and_the_order_is_found(&harness).await;
    for verdict in [complete, lost] {
        assert!(
            matches!(&verdict, Err(Stopped::Skipped(why)) if why.contains("harness")),
            "{verdict:?}"
        );
    }
    let charged = orders::an_order_charges_once(&harness).await;
    assert_eq!(
        charged,
        Ok(()),
        "the order is counted by a look-up where there is no oracle"
    );
    let secret = secrets::debug_of_the_provider_shows_no_secret(&harness).await;
    assert!(matches!(secret, Err(Stopped::Skipped(_))), "{secret:?}");
}
