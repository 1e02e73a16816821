//! eSIMs by their names: a card number that several have borne, several at once, and giving one back.

use roamport_domain::provider::{
    CancelRequest, ErrorKind, EsimKey, EsimProvider as _, Refund, TopUpQuery, UsageQuery,
};
use roamport_domain::{EsimId, Iccid};
use rstest::rstest;
use wiremock::MockServer;

use crate::support::{
    ICCID, also, asked, by_iccid, by_id, esim_access, fixture, json, refusal, sample, serving,
};

/// A list of eSIMs, each as number, card and `esimStatus`.
fn rows(all: &[(&str, &str, &str)]) -> String {
    let rows: Vec<_> = all
        .iter()
        .map(|(number, iccid, status)| {
            format!(
                r#"{{"esimTranNo":"{number}","iccid":"{iccid}","orderNo":"B","ac":"LPA:1$a.test$K-{number}",
                "smdpStatus":"RELEASED","esimStatus":"{status}"}}"#
            )
        })
        .collect();
    format!(
        r#"{{"success":true,"obj":{{"esimList":[{}],"pager":{{"total":{}}}}}}}"#,
        rows.join(","),
        all.len()
    )
}

async fn answering(all: &[(&str, &str, &str)]) -> MockServer {
    serving("/esim/query", json(200, rows(all))).await
}

fn key(id: &str) -> EsimKey {
    EsimKey::from_id(EsimId::parse(id).unwrap())
}

#[rstest]
#[case(&[("1", ICCID, "CANCEL"), ("2", ICCID, "GOT_RESOURCE")], "2")]
#[case(&[("1", ICCID, "IN_USE"), ("2", ICCID, "USED_EXPIRED"), ("3", ICCID, "REVOKE")], "1")]
#[case(&[("1", ICCID, "USED_UP"), ("2", ICCID, "UNUSED_EXPIRED")], "1")]
#[case(&[("1", ICCID, "CANCEL")], "1")]
#[tokio::test]
async fn a_reused_card_is_the_one_esim_that_is_not_over(
    #[case] all: &[(&str, &str, &str)],
    #[case] expected: &str,
) {
    let server = answering(all).await;
    let esim = esim_access(&server.uri()).esim(&by_iccid()).await.unwrap();
    assert_eq!(esim.id().as_str(), expected);
}

#[rstest]
#[case(
    &[("1", ICCID, "GOT_RESOURCE"), ("2", ICCID, "IN_USE")],
    "2 eSIMs have borne this ICCID, 2 of them still usable: name the eSIM by its id"
)]
#[case(
    &[("1", ICCID, "CANCEL"), ("2", ICCID, "USED_EXPIRED"), ("3", ICCID, "REVOKED")],
    "3 eSIMs have borne this ICCID, 0 of them still usable: name the eSIM by its id"
)]
#[tokio::test]
async fn a_card_that_does_not_decide_is_never_guessed(
    #[case] all: &[(&str, &str, &str)],
    #[case] words: &str,
) {
    let server = answering(all).await;
    let provider = esim_access(&server.uri());
    let request = CancelRequest { esim: by_iccid() };
    for error in [
        provider.esim(&by_iccid()).await.unwrap_err(),
        provider.usage_batch(&[by_iccid()]).await.unwrap_err(),
        provider.cancel(&request).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
        assert!(error.message().starts_with(words), "{error}");
    }
    // None of them changed anything.
    let sent = asked(&server).await;
    assert!(
        sent.iter()
            .all(|request| request.starts_with("/esim/query ")),
        "{sent:?}"
    );
}

#[tokio::test]
async fn an_esim_by_its_number_is_itself_whoever_bears_its_card() {
    let server = answering(&[("1", ICCID, "CANCEL"), ("2", ICCID, "IN_USE")]).await;
    let provider = esim_access(&server.uri());
    let both = EsimKey::new(key("1").id().cloned(), Some(Iccid::parse(ICCID).unwrap())).unwrap();
    assert_eq!(provider.esim(&both).await.unwrap().id().as_str(), "1");
    assert_eq!(provider.esim(&key("2")).await.unwrap().id().as_str(), "2");
    // An answer about others is no absence.
    let error = provider.esim(&key("3")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
}

#[rstest]
#[case(json(200, fixture("post-esim-query.empty.assumed")))]
#[case(json(200, fixture("error.310403")))]
#[case(json(200, fixture("error.310272")))]
#[tokio::test]
async fn an_unknown_esim_is_not_found_by_either_name(#[case] answer: wiremock::ResponseTemplate) {
    let server = serving("/esim/query", answer.clone()).await;
    also(&server, "/esim/cancel", refusal("200002")).await;
    let provider = esim_access(&server.uri());
    for name in [by_id(), by_iccid()] {
        let request = CancelRequest { esim: name.clone() };
        let query = UsageQuery {
            esim: name.clone(),
            daily: false,
        };
        for error in [
            provider.esim(&name).await.unwrap_err(),
            provider.usage(&query).await.unwrap_err(),
            provider.cancel(&request).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        }
    }
    assert_eq!(provider.usage_batch(&[by_iccid()]).await.unwrap(), [None]);
}

#[tokio::test]
async fn a_batch_keeps_its_order_and_tells_the_unknown_apart() {
    let server = sample("/esim/usage/query", "post-esim-usage-query").await;
    let provider = esim_access(&server.uri());
    let names = [
        "26112009140012",
        "nobodys",
        "26112009140011",
        "26112009140012",
    ];
    let keys: Vec<_> = names.into_iter().map(key).collect();
    let usages = provider.usage_batch(&keys).await.unwrap();
    let shown: Vec<_> = usages
        .iter()
        .map(|usage| {
            let usage = usage.as_ref()?;
            Some((
                usage.esim.as_ref()?.as_str(),
                usage.data.remaining?.to_string(),
            ))
        })
        .collect();
    let new = Some(("26112009140012", "3221225472".to_owned()));
    let used = Some(("26112009140011", "1932735284".to_owned()));
    assert_eq!(shown, [new.clone(), None, used, new]);
    assert_eq!(
        asked(&server).await,
        [r#"/esim/usage/query {"esimTranNoList":["26112009140012","nobodys","26112009140011"]}"#]
    );
}

#[tokio::test]
async fn a_batch_by_card_reads_the_numbers_first() {
    let server = sample("/esim/usage/query", "post-esim-usage-query").await;
    let answer = json(200, fixture("post-esim-query.in-use"));
    also(&server, "/esim/query", answer).await;
    let usages = esim_access(&server.uri())
        .usage_batch(&[by_iccid()])
        .await
        .unwrap();
    let usage = usages[0].as_ref().unwrap();
    assert_eq!(usage.esim, by_id().id().cloned());
    assert_eq!(usage.iccid, by_iccid().iccid().cloned());
}

#[tokio::test]
async fn a_batch_of_none_asks_nothing_and_one_of_eleven_is_refused() {
    let server = sample("/esim/usage/query", "post-esim-usage-query").await;
    let provider = esim_access(&server.uri());
    assert_eq!(provider.usage_batch(&[]).await.unwrap(), []);
    let error = provider.usage_batch(&vec![by_id(); 11]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_esim_given_back_before_is_given_back() {
    let server = sample("/esim/cancel", "post-esim-cancel.not-allowed").await;
    let answer = json(200, fixture("post-esim-query.cancelled"));
    also(&server, "/esim/query", answer).await;
    let request = CancelRequest {
        esim: key("26112009140012"),
    };
    let cancelled = esim_access(&server.uri()).cancel(&request).await.unwrap();
    assert_eq!(cancelled.refund, Refund::AtOnce);
}

#[tokio::test]
async fn an_installed_esim_is_not_given_back() {
    let server = sample("/esim/cancel", "post-esim-cancel.not-allowed").await;
    let answer = json(200, fixture("post-esim-query.in-use"));
    also(&server, "/esim/query", answer).await;
    let request = CancelRequest { esim: by_id() };
    let error = esim_access(&server.uri())
        .cancel(&request)
        .await
        .unwrap_err();
    insta::assert_snapshot!(error, @"esim-access refused (cancel): Status does not allow the operation (wording invented); nothing was changed [200002]");
}

#[rstest]
#[case(json(500, ""))]
#[case(json(200, "<html>"))]
#[case(refusal("900001"))]
#[tokio::test]
async fn a_refusal_whose_esim_cannot_be_read_stays_in_doubt(
    #[case] answer: wiremock::ResponseTemplate,
) {
    let server = sample("/esim/cancel", "post-esim-cancel.not-allowed").await;
    also(&server, "/esim/query", answer).await;
    let request = CancelRequest { esim: by_id() };
    let error = esim_access(&server.uri())
        .cancel(&request)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    assert!(error.message().contains("read the eSIM"), "{error}");
}

#[rstest]
#[case("000001", ErrorKind::Ambiguous)]
#[case("900001", ErrorKind::Ambiguous)]
#[case("200010", ErrorKind::Rejected)]
#[case("310403", ErrorKind::NotFound)]
#[case("101003", ErrorKind::Unauthorized)]
#[tokio::test]
async fn a_cancellation_that_fails_otherwise_reads_nothing(
    #[case] code: &str,
    #[case] expected: ErrorKind,
) {
    let server = serving("/esim/cancel", refusal(code)).await;
    let provider = esim_access(&server.uri());
    let request = CancelRequest { esim: by_id() };
    let error = provider.cancel(&request).await.unwrap_err();
    assert_eq!(error.kind(), expected, "{error}");
    for outcome in [
        provider.suspend(by_id().id().unwrap()).await,
        provider.revoke(by_id().id().unwrap()).await,
    ] {
        // Nobody answers those: a gateway's 404 is a doubt about an effect.
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Ambiguous);
    }
    assert_eq!(asked(&server).await.len(), 3);
}

#[tokio::test]
async fn an_esim_that_cannot_be_topped_up_lists_no_top_ups() {
    use futures::StreamExt as _;
    let body = rows(&[("1", ICCID, "IN_USE")])
        .replace(r#""orderNo":"B""#, r#""orderNo":"B","supportTopUpType":1"#);
    let server = serving("/esim/query", json(200, body)).await;
    let query = TopUpQuery::all(key("1"));
    let all: Vec<_> = esim_access(&server.uri())
        .top_up_packages(query)
        .collect()
        .await;
    let [Err(error)] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(asked(&server).await.len(), 1);
}
