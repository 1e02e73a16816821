//! The usage of several eSIMs at once: in their order, each its own, and no more than promised.

use roamport_domain::provider::{ErrorKind, EsimKey, EsimProviderExt as _, UsageQuery};
use roamport_domain::{EsimId, Usage};

use super::trial::Trial;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Verdict};

promises! { dyn ProviderHarness:
    /// Usage that is read at once comes in the order that was asked for, each eSIM's own, and says what
    /// a single reading says.
    usage_read_at_once_keeps_its_order,
    /// An eSIM that nobody has is `None` in its place, and spoils no other.
    an_unknown_esim_among_several_is_none,
    /// More eSIMs at once than the capabilities say are `Unsupported`.
    too_many_esims_at_once_are_unsupported,
    /// The usage of any number of eSIMs is read, in batches or one by one, in their order.
    the_usage_of_any_number_is_read,
    /// A provider that reads usage one eSIM at a time, or not at all, says `Unsupported`.
    a_provider_that_reads_one_at_a_time_says_so,
}

/// More eSIMs than this in one call are not worth trying out.
const MOST_TRIED: u16 = 2_000;

async fn usage_read_at_once_keeps_its_order(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, most) = batching(harness)?;
    let some = ours(&trial, most.min(3)).await?;
    let mut turned = some.clone();
    turned.reverse();
    for asked in [some, turned] {
        let keys = keys(&asked);
        let answers = read(&trial, &keys).await;
        check_own(&asked, &answers);
        for (key, answer) in keys.into_iter().zip(answers) {
            let query = UsageQuery {
                esim: key,
                daily: false,
            };
            let single = trial.provider.usage(&query).await;
            let single = single.or_broken("reading the usage of one eSIM");
            assert!(
                answer.is_some_and(|answer| answer.data == single.data),
                "the usage of eSIM {} differs when it is read at once",
                query.esim
            );
        }
    }
    Ok(())
}

async fn an_unknown_esim_among_several_is_none(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, most) = batching(harness)?;
    let some = ours(&trial, 1).await?;
    for unknown in harness.unknown_esims() {
        let mut keys = keys(&some);
        keys.insert(0, unknown);
        if usize::from(most) < keys.len() {
            return skipped("the provider reads one eSIM at once");
        }
        let mut answers = read(&trial, &keys).await;
        assert!(
            answers.remove(0).is_none(),
            "the usage of an eSIM that nobody has was read"
        );
        check_own(&some, &answers);
    }
    Ok(())
}

async fn too_many_esims_at_once_are_unsupported(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, most) = batching(harness)?;
    if most >= MOST_TRIED {
        return skipped("the provider takes more eSIMs at once than are worth trying");
    }
    let some = ours(&trial, 1).await?;
    let keys = repeated(&keys(&some), usize::from(most) + 1);
    match trial.provider.usage_batch(&keys).await {
        Ok(_) => panic!("{most} eSIMs at once are promised, and more were read"),
        Err(error) => {
            assert!(
                error.kind() == ErrorKind::Unsupported,
                "too many eSIMs at once are an error of another kind: {error}"
            );
            Ok(())
        }
    }
}

async fn the_usage_of_any_number_is_read(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let Some(support) = trial.capabilities.usage else {
        return skipped("the provider does not tell usage");
    };
    let some = ours(&trial, 2).await?;
    let batch = support
        .batch
        .map_or(1, std::num::NonZeroU16::get)
        .min(MOST_TRIED);
    let times = usize::from(batch).div_ceil(some.len()) + 1;
    let asked = repeated(&some, times);
    let answers = trial
        .provider
        .usages(&keys(&asked))
        .await
        .or_broken("reading the usage of many eSIMs");
    check_own(&asked, &answers);
    Ok(())
}

async fn a_provider_that_reads_one_at_a_time_says_so(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial
        .capabilities
        .usage
        .is_some_and(|usage| usage.batch.is_some())
    {
        return skipped("the provider reads the usage of several eSIMs at once");
    }
    let some = ours(&trial, 1).await?;
    match trial.provider.usage_batch(&keys(&some)).await {
        Ok(_) => panic!("usage was read at once where that is ruled out"),
        Err(error) => {
            assert!(
                error.kind() == ErrorKind::Unsupported,
                "usage of several eSIMs is ruled out, and yet: {error}"
            );
            Ok(())
        }
    }
}

/// A trial of a provider that reads several at once, and how many.
fn batching(harness: &dyn ProviderHarness) -> Verdict<(Trial<'_>, u16)> {
    let trial = Trial::of(harness);
    match trial.capabilities.usage.and_then(|usage| usage.batch) {
        Some(most) => Ok((trial, most.get())),
        None => skipped("the provider reads usage one eSIM at a time"),
    }
}

/// So many eSIMs of ours, installable.
async fn ours(trial: &Trial<'_>, count: u16) -> Verdict<Vec<EsimId>> {
    let package = trial.ordinary().await?;
    let mut some = Vec::new();
    for _ in 0..count {
        let (_, esim) = trial.installable(&package).await;
        some.push(esim.id().clone());
    }
    Ok(some)
}

fn keys(esims: &[EsimId]) -> Vec<EsimKey> {
    esims.iter().cloned().map(EsimKey::from_id).collect()
}

/// So many times over.
fn repeated<T: Clone>(some: &[T], times: usize) -> Vec<T> {
    let length = some.len() * times;
    some.iter().cycle().take(length).cloned().collect()
}

async fn read(trial: &Trial<'_>, keys: &[EsimKey]) -> Vec<Option<Usage>> {
    let answers = trial.provider.usage_batch(keys).await;
    let answers = answers.or_broken("reading the usage of several eSIMs");
    assert!(
        answers.len() == keys.len(),
        "{} eSIMs were asked for and {} answered",
        keys.len(),
        answers.len()
    );
    answers
}

/// Checks that every answer is there, and about the eSIM in its place.
fn check_own(asked: &[EsimId], answers: &[Option<Usage>]) {
    assert!(
        answers.len() == asked.len(),
        "{} eSIMs were asked for and {} answered",
        asked.len(),
        answers.len()
    );
    for (id, answer) in asked.iter().zip(answers) {
        let Some(usage) = answer else {
            panic!("the usage of eSIM {id} is missing");
        };
        assert!(
            usage.esim.as_ref().is_none_or(|given| given == id),
            "in the place of eSIM {id} stands another one's usage"
        );
    }
}
