//! The quickstart against servers that it did not start: another process, other clients, other names.

use std::path::PathBuf;
use std::process::Stdio;

use countersign_testkit::servers::{Account, Auth0, GoogleCalendar, auth0};
use serde_json::Value;

/// The example, as `cargo test` builds it beside its tests.
fn quickstart() -> Option<PathBuf> {
    let me = std::env::current_exe().ok()?;
    let profile = me.parent()?.parent()?;
    Some(profile.join("examples").join(format!("quickstart{}", std::env::consts::EXE_SUFFIX)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scenarios_that_need_no_faults_run_against_servers_that_are_not_ours() {
    let tenant = Auth0::builder().domain("elsewhere.us.auth0.com").start().await.unwrap();
    tenant.register(auth0::Client::new("another-client", "another-secret").token_vault());
    let scopes = ["https://www.googleapis.com/auth/calendar"];
    tenant.connect("auth0|bob", Account::google("77", "bob@b.example").scopes(scopes));
    let calendar = GoogleCalendar::start(tenant.tokens()).await.unwrap();
    let subject = tenant.issue_refresh_token("another-client", "auth0|bob");

    let output = tokio::process::Command::new(quickstart().unwrap())
        .args(["--json", "--auth0", &tenant.url(), "--calendar", &calendar.url()])
        .args(["--client-id", "another-client", "--client-secret", "another-secret"])
        .args(["--subject-token", &subject, "--connection", "google-oauth2"])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Value> = stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let of = |outcome: &str| rows.iter().filter(|r| r["outcome"] == outcome).count();
    assert_eq!(rows.len(), 23);
    assert_eq!(
        (of("refused"), of("committed"), of("committed once"), of("not run")),
        (17, 2, 2, 2)
    );
    // What was sent says nothing of where it was dialled.
    let requests = calendar.requests();
    let sealed = requests.iter().filter(|r| r.request.header("user-agent").is_some());
    assert!(sealed.clone().count() > 0);
    for recorded in sealed {
        assert_eq!(recorded.request.header("host"), Some("www.googleapis.com"));
    }
    assert!(!stdout.contains(&subject) && !stderr.contains(&subject));
}
