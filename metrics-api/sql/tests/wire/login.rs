//! Who gets in, how many, and with what encryption.

use std::process::Command;

use futures::{StreamExt, pin_mut};
use homeward_sql::{Limits, TlsFiles};
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;

use crate::server::{Outlet, PASSWORD, PATIENCE, ROLE, code};

#[tokio::test]
async fn the_right_password_opens_and_the_session_knows_who_it_is() {
    let outlet = Outlet::start(Limits::default()).await;
    let client = outlet.connect().await;
    let row = client.query_one("SELECT current_user, version(), current_setting('is_superuser')", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), ROLE);
    assert!(row.get::<_, &str>(1).starts_with("PostgreSQL 16."));
    assert_eq!(row.get::<_, &str>(2), "off");
    outlet.stop().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_told_the_same() {
    let outlet = Outlet::start(Limits::default()).await;
    let mut told = Vec::new();
    for (user, password) in [(ROLE, "a wrong password"), ("stranger", PASSWORD), ("ROLE'; --", "")] {
        let error = outlet.try_connect(user, password).await.map(drop).expect_err("it is refused");
        assert_eq!(code(&error), "28P01", "{user}");
        let error = error.as_db_error().unwrap();
        assert_eq!(error.severity(), "FATAL");
        told.push(error.message().replace(user, "?"));
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    outlet.stop().await;
}

#[tokio::test]
async fn past_the_cap_a_client_is_told_so_and_a_place_that_falls_free_is_given_again() {
    let outlet = Outlet::start(Limits { connections_max: 2, ..Limits::default() }).await;
    let first = outlet.connect().await;
    let _second = outlet.connect().await;
    let error = outlet.try_connect(ROLE, PASSWORD).await.map(drop).expect_err("there is no room");
    assert_eq!(code(&error), "53300");
    drop(first);
    let again = async {
        loop {
            match outlet.try_connect(ROLE, PASSWORD).await {
                Ok(client) => return client,
                Err(error) => assert_eq!(code(&error), "53300"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("the place of the first is free");
    outlet.stop().await;
}

#[tokio::test]
async fn an_outlet_with_a_certificate_answers_nobody_who_does_not_encrypt() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("server.pem"), folder.path().join("server.key"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        assert!(std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(), "openssl is missing");
        println!("skipped: openssl is missing");
        return;
    }
    let outlet = Outlet::start_with(Limits::default(), Some(TlsFiles { certificate, key })).await;
    let mut config = outlet.config(ROLE, PASSWORD);
    let error = config.ssl_mode(SslMode::Disable).connect(NoTls).await.map(drop).expect_err("it is refused");
    assert_eq!(code(&error), "28000");
    assert!(error.as_db_error().unwrap().message().contains("encrypted"));
    outlet.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_ends() {
    let outlet = Outlet::start(Limits { rows_max: usize::MAX, ..Limits::default() }).await;
    let client = outlet.connect().await;
    let parameters: [i64; 0] = [];
    let rows = client.query_raw("SELECT * FROM generate_series(1, 10000000000)", parameters).await.unwrap();
    pin_mut!(rows);
    rows.next().await.expect("the first row comes").unwrap();
    outlet.shutdown.cancel();
    let error = loop {
        match rows.next().await.expect("it does not end by itself") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(code(&error), "57P01");
    outlet.stop().await;
}
