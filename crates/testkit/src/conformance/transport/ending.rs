use std::time::Duration;

use countersign_core::{Method, Sent};

use super::super::overhear::overhear;
use super::super::wire::{nobody, raw};
use super::super::{SOON, hides, holds, in_time};
use super::{Dial, Make, TOKEN, in_doubt, met, not_sent, plan, send, send_next};
use crate::fixtures::{admit, bearer, note, prepared};
use crate::servers::{Then, http_answer};

const AGAIN: &str = "Transport: nothing is tried again";

/// Where no connection was made it is proven that nothing was sent.
pub async fn is_not_sent_when_nobody_listens(make: Make<'_>) {
    let clause = "Transport: a refused connection is not sent";
    let transport = make(Dial::to(nobody().await));
    for _ in 0..3 {
        let (sent, _) = send(transport.as_ref(), prepared(note())).await;
        not_sent(clause, &sent);
    }
}

/// Whoever has read a request may have processed it: without a whole answer it is in doubt. Nobody
/// can tell a server that died before from one whose answer was lost, so nothing is tried again.
pub async fn is_in_doubt_when_the_answer_is_missing(make: Make<'_>) {
    let clause = "Transport: without a whole answer it is in doubt";
    let cut = [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\ncontent-len",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 2",
        "SSH-2.0-OpenSSH_9.9\r\n\r\n",
        "<html>502</html>\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        "\0\0\0\x12\x04\0\0\0\0\0",
    ];
    let mut scripts = vec![Then::Close];
    scripts.extend(cut.map(|text| Then::AnswerAndClose(text.into())));
    for then in scripts {
        for step in [note(), plan(Method::Get, "/v1/notes"), plan(Method::Delete, "/v1/notes/1")] {
            let server = raw([then.clone()]).await;
            let transport = make(Dial::to(server.addr()));
            let (sent, _) = send(transport.as_ref(), prepared(step)).await;
            in_doubt(clause, &sent);
            met(AGAIN, &server, 1).await;
        }
    }
    // What was closed before anything was read may have been written or not: `NotSent` needs proof,
    // which the transport may or may not have, but it is no answer and no reason to try again.
    let server = raw([Then::CloseAtOnce]).await;
    let transport = make(Dial::to(server.addr()));
    let (sent, _) = send(transport.as_ref(), prepared(note())).await;
    holds(clause, !matches!(sent, Sent::Answer(_)), format!("{sent:?}"));
    met(AGAIN, &server, 1).await;
}

/// A server that says nothing, or a little now and then, does not hold the sender up.
pub async fn is_bounded_in_time(make: Make<'_>) {
    let clause = "Transport: sending is bounded in time";
    let (limit, pause) = (Duration::from_millis(300), Duration::from_millis(20));
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
    let slow = [
        Then::Silence,
        Then::Endless(head.into(), "x".into(), pause),
        Then::Endless("HTTP/1.1 200 OK\r\n".into(), "x: y\r\n".into(), pause),
        Then::Endless("".into(), "HTTP/1.1 103 Early Hints\r\n\r\n".into(), pause),
    ];
    for then in slow {
        let server = raw([then]).await;
        let transport = make(Dial { timeout: limit, ..Dial::to(server.addr()) });
        let sending = send(transport.as_ref(), prepared(note()));
        let (sent, _) = in_time(clause, limit * 10, sending).await;
        in_doubt("Transport: without a whole answer it is in doubt", &sent);
        met(AGAIN, &server, 1).await;
    }
}

/// An answer longer than the limit is in doubt as soon as that is known; one of exactly the limit is
/// an answer.
pub async fn is_bounded_in_size(make: Make<'_>) {
    let clause = "Transport: the answer is bounded in size";
    let limit = 64 * 1024;
    let (fits, over) = (vec![b'x'; limit], vec![b'x'; limit + 1]);
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let large = [
        Then::Answer(http_answer(200, &[], &over)),
        Then::Answer("HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n".into()),
        Then::Answer("HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\nx".into()),
        Then::Endless(chunked.into(), chunk.into(), Duration::ZERO),
        Then::Endless("HTTP/1.0 200 OK\r\n\r\n".into(), over.clone().into(), Duration::ZERO),
        Then::Endless(
            "HTTP/1.1 200 OK\r\n".into(),
            "x: y\r\n".repeat(1_000).into(),
            Duration::ZERO,
        ),
    ];
    for then in large {
        let server = raw([then]).await;
        let transport = make(Dial { answer: limit, ..Dial::to(server.addr()) });
        let (sent, _) = in_time(clause, SOON, send(transport.as_ref(), prepared(note()))).await;
        in_doubt(clause, &sent);
        met(AGAIN, &server, 1).await;
    }
    let server = raw([Then::Answer(http_answer(200, &[], &fits))]).await;
    let transport = make(Dial { answer: limit, ..Dial::to(server.addr()) });
    let (sent, _) = send(transport.as_ref(), prepared(note())).await;
    let whole = matches!(&sent, Sent::Answer(answer) if answer.body == fits);
    holds("Transport: an answer of the limit's length is an answer", whole, format!("{sent:?}"));
}

/// However it ends, no part of the URL and no token is in what is returned, printed or logged.
pub async fn says_nothing_of_urls_and_tokens(make: Make<'_>) {
    let clause = "Transport: no part of a URL and no secret is returned, printed or logged";
    let path = "/v1/private-path-7f3a91c2d4";
    let secrets = [TOKEN, path, "query-secret-66e1b0a9f8", "body-secret-0c9d8e7f6a"];
    let effect = || {
        let step = plan(Method::Post, &format!("{path}?key=query-secret-66e1b0a9f8"));
        let valid = "the suite's request is valid";
        let step = step.body(b"{\"x\":\"body-secret-0c9d8e7f6a\"}".to_vec());
        prepared(super::super::done(valid, step))
    };
    let other = admit(prepared(note())).await;
    let scripts = [
        Some(Then::http(200, &[], b"{}")),
        Some(Then::http(302, &[("location", "/elsewhere")], b"")),
        Some(Then::Close),
        Some(Then::CloseAtOnce),
        Some(Then::Silence),
        Some(Then::AnswerAndClose("SSH-2.0\r\n\r\n".into())),
        None,
    ];
    for then in scripts {
        let server = raw(then.clone()).await;
        let address = if then.is_some() { server.addr() } else { nobody().await };
        let transport = make(Dial { timeout: Duration::from_millis(300), ..Dial::to(address) });
        let (told, heard) = overhear(async {
            let (sent, _) = send(transport.as_ref(), effect()).await;
            let mut admitted = admit(effect()).await;
            let wrong = bearer(&other, TOKEN);
            let (refused, _) = send_next(transport.as_ref(), &mut admitted, Some(&wrong)).await;
            format!("{sent:?} {sent:#?} {refused:?} {transport:?} {transport:#?}")
        })
        .await;
        hides(clause, &told, &secrets);
        hides(clause, &heard, &secrets);
    }
}
