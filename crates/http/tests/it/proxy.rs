//! Proxy variables, in a child process: this one's environment belongs to all tests.

use std::process::Command;

use crate::support::{Server, answered, builder, get, ok, send};

#[tokio::test]
async fn proxy_variables_are_ignored() {
    let proxy = Server::start(ok()).await;
    let address = format!("http://{}", proxy.address);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "proxy::child", "--ignored", "--nocapture"]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"]
    {
        child.env(name, &address);
    }
    child.env_remove("no_proxy").env_remove("NO_PROXY").env_remove("REQUEST_METHOD");
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("child was here"), "{text}");
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
#[ignore = "run by proxy_variables_are_ignored, with the variables set"]
async fn child() {
    let server = Server::start(ok()).await;
    let transport = builder().dangerous_dial("a.example", server.address).build().unwrap();
    answered(send(&transport, get(&server.url("/"))).await);
    answered(send(&transport, get("https://a.example/")).await);
    assert_eq!(server.connections(), 2);
    println!("child was here");
}
