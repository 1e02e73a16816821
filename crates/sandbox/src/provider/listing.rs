//! The catalogue as a stream: page by page, so that a fault can strike in the middle of it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt as _, unfold};
use roamport_domain::package::Area;
use roamport_domain::provider::{Operation as Call, PackageQuery, Reaction, Result, TopUpQuery};
use roamport_domain::{DataSize, EsimProvider as _, Package, ProviderName};
use rust_decimal::Decimal;

use super::{SandboxProvider, convert};
use crate::catalogue::{CatalogueFilter, CataloguePackage, Geography, Selection};
use crate::fault::{Operation, Plan};
use crate::world::{Refusal, World};

/// The provider's usual page.
const PAGE: usize = 50;

struct Reader {
    provider: SandboxProvider,
    query: PackageQuery,
    selection: Selection,
    /// What is sold by the day, behind everything else.
    passes: Vec<CataloguePackage>,
    areas: HashMap<usize, Arc<Area>>,
    next: usize,
    ready: VecDeque<Package>,
    ended: bool,
}

pub(super) fn packages(
    provider: SandboxProvider,
    query: PackageQuery,
) -> BoxStream<'static, Result<Package>> {
    let selection = provider.world.catalogue().select(&filter(&query));
    let by_day = provider.world.switches().unwrap_or_default().day_passes;
    let passes = if by_day {
        provider.world.catalogue().day_passes().collect()
    } else {
        Vec::new()
    };
    let reader = Reader {
        provider,
        query,
        selection,
        passes,
        areas: HashMap::new(),
        next: 0,
        ready: VecDeque::new(),
        ended: false,
    };
    unfold(reader, |mut reader| async move {
        let item = reader.item().await?;
        Some((item, reader))
    })
    .fuse()
    .boxed()
}

impl Reader {
    async fn item(&mut self) -> Option<Result<Package>> {
        loop {
            if let Some(package) = self.ready.pop_front() {
                return Some(Ok(package));
            }
            // The first page is asked for even where nothing is for sale: that, too, is a call.
            if self.ended || self.next > 0 && self.next >= self.len() {
                return None;
            }
            let provider = self.provider.clone();
            let page = provider
                .attempt(Operation::Packages, Call::Packages, |plan| {
                    Ok(self.page(plan))
                })
                .await;
            match page {
                Ok(packages) => {
                    self.next += PAGE;
                    self.ready.extend(packages);
                }
                Err(error) => {
                    self.ended = !matches!(error.reaction(), Reaction::Retry { .. });
                    return Some(Err(error));
                }
            }
        }
    }

    fn len(&self) -> usize {
        self.selection.len() + self.passes.len()
    }

    fn page(&mut self, plan: &Plan) -> Vec<Package> {
        let world = self.provider.world.clone();
        let rows = self.next..(self.next + PAGE).min(self.len());
        rows.map(|row| {
            let sold = match row.checked_sub(self.selection.len()) {
                None => world.catalogue().row(&self.selection, row),
                Some(place) => self.passes[place].clone(),
            };
            build(&world, self.provider.name(), &mut self.areas, sold, plan)
        })
        .filter(|package| fits(package, &self.query))
        .collect()
    }
}

fn build(
    world: &World,
    provider: &ProviderName,
    areas: &mut HashMap<usize, Arc<Area>>,
    sold: CataloguePackage,
    plan: &Plan,
) -> Package {
    let group = &world.catalogue().groups()[sold.group];
    let area = areas
        .entry(sold.group)
        .or_insert_with(|| Arc::new(convert::area(group)));
    let price = plan.twists.price(sold.price);
    convert::package(provider, Arc::clone(area), sold, price)
}

fn filter(query: &PackageQuery) -> CatalogueFilter {
    let code = query.country.map(|country| country.as_str().to_owned());
    CatalogueFilter {
        name: query.destination_name.clone(),
        code: code.or_else(|| query.destination_code.clone()),
        geography: query
            .geography
            .map(convert::geography)
            .or_else(|| query.country.map(|_| Geography::Local)),
        days: query.days.map(u64::from),
        megabytes: query.data.map(megabytes),
        unlimited: query.unlimited,
        package: query.package.as_ref().map(|id| id.as_str().to_owned()),
    }
}

fn megabytes(size: DataSize) -> Decimal {
    Decimal::from(size.bytes()) / Decimal::from(DataSize::MEBIBYTE.bytes())
}

/// Everything that is asked for, exactly, whatever the filter of the catalogue made of it.
fn fits(package: &Package, query: &PackageQuery) -> bool {
    let destination = package.destination();
    query
        .country
        .is_none_or(|country| destination.place.country() == Some(country))
        && query
            .destination_code
            .as_ref()
            .is_none_or(|code| *code == destination.code)
        && query
            .destination_name
            .as_ref()
            .is_none_or(|name| *name == destination.name)
        && query
            .geography
            .is_none_or(|reach| destination.geography() == Some(reach))
        && query.days.is_none_or(|days| package.validity.days == days)
        && query
            .data
            .is_none_or(|size| package.data.fixed_size() == Some(size))
        && (!query.unlimited || package.data.is_unlimited())
        && query.package.as_ref().is_none_or(|id| *id == package.id)
}

pub(super) fn top_ups(
    provider: SandboxProvider,
    query: TopUpQuery,
) -> BoxStream<'static, Result<Package>> {
    enum Stage {
        Ask(Box<SandboxProvider>, TopUpQuery),
        Give(VecDeque<Package>),
    }
    unfold(Stage::Ask(Box::new(provider), query), |stage| async move {
        let mut left = match stage {
            Stage::Give(left) => left,
            Stage::Ask(provider, query) => {
                let asked = provider
                    .attempt(Operation::TopupPackages, Call::TopUpPackages, |plan| {
                        compatible(&provider, &query, plan)
                    })
                    .await;
                match asked {
                    Ok(packages) => packages,
                    Err(error) => {
                        let again = matches!(error.reaction(), Reaction::Retry { .. });
                        let next = if again {
                            Stage::Ask(provider, query)
                        } else {
                            Stage::Give(VecDeque::new())
                        };
                        return Some((Err(error), next));
                    }
                }
            }
        };
        let package = left.pop_front()?;
        Some((Ok(package), Stage::Give(left)))
    })
    .fuse()
    .boxed()
}

fn compatible(
    provider: &SandboxProvider,
    query: &TopUpQuery,
    plan: &Plan,
) -> Result<VecDeque<Package>, crate::WorldError> {
    let esim = provider.find(&query.esim)?.ok_or(Refusal::UnknownEsim)?;
    if !esim.top_up {
        return Err(Refusal::TopUpUnsupported.into());
    }
    let wanted = PackageQuery {
        days: query.days,
        data: query.data,
        unlimited: query.unlimited,
        package: query.package.clone(),
        ..PackageQuery::default()
    };
    let world = &provider.world;
    let bought = world.catalogue().find(&esim.allowances[0].item.package_id);
    let mut areas = HashMap::new();
    Ok(bought
        .into_iter()
        .flat_map(|bought| -> Box<dyn Iterator<Item = CataloguePackage>> {
            match bought.by_day {
                Some(pass) => Box::new(std::iter::once(
                    world.catalogue().day_pass(bought.group, pass),
                )),
                None => Box::new(world.catalogue().top_ups(bought.group)),
            }
        })
        .map(|sold| build(world, provider.name(), &mut areas, sold, plan))
        .filter(|package| fits(package, &wanted))
        .collect())
}
