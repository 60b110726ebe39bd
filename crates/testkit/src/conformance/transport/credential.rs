use countersign_core::{AccessToken, Bearer, Method, Sent, ToolName};

use super::super::wire::raw;
use super::super::{done, holds, same};
use super::exact::is_exact;
use super::{Dial, Make, TOKEN, met, not_sent, plan, send_next};
use crate::fixtures::{NOW, admit, bearer, local, note, prepared, prepared_with, selector};
use crate::servers::Then;

fn ok() -> [Then; 1] {
    [Then::http(200, &[], b"{}")]
}

/// A step that carries the credential is not sent without a bearer, nor with one that was handed out
/// for another ticket, be it of the same user, account and request.
pub async fn sends_no_credential_but_the_tickets_own(make: Make<'_>) {
    let none = "Transport: a step that carries the credential is not sent without a bearer";
    let other = "Transport: a bearer of another ticket is refused";
    let server = raw(ok()).await;
    let transport = make(Dial::to(server.addr()));
    let effect = prepared(note());
    let (mut first, second) = (admit(effect.clone()).await, admit(effect).await);
    let (sent, _) = send_next(transport.as_ref(), &mut first, None).await;
    not_sent(none, &sent);
    let mut first = admit(prepared(note())).await;
    let (sent, _) = send_next(transport.as_ref(), &mut first, Some(&bearer(&second, TOKEN))).await;
    not_sent(other, &sent);
    met(other, &server, 0).await;
}

/// A step that does not carry the credential is sent without, whatever bearer is at hand.
pub async fn sends_without_a_credential_where_none_is_planned(make: Make<'_>) {
    let clause = "Transport: a step that carries no credential is sent without";
    let effect = || prepared_with(Some(selector()), vec![note().without_credential()]);
    let other = admit(effect()).await;
    for which in 0..3 {
        let server = raw(ok()).await;
        let transport = make(Dial::to(server.addr()));
        let mut admitted = admit(effect()).await;
        let bearer = match which {
            0 => None,
            1 => Some(bearer(&admitted, TOKEN)),
            _ => Some(bearer(&other, TOKEN)),
        };
        let (sent, planned) = send_next(transport.as_ref(), &mut admitted, bearer.as_ref()).await;
        holds(clause, matches!(sent, Sent::Answer(_)), format!("{sent:?}"));
        met(clause, &server, 1).await;
        for received in server.received() {
            is_exact(&received, &planned, TOKEN);
        }
    }
}

/// One bearer serves every step of its ticket's plan.
pub async fn sends_every_step_with_the_tickets_bearer(make: Make<'_>) {
    let clause = "Transport: a bearer serves every step of its ticket";
    let server = raw(ok()).await;
    let transport = make(Dial::to(server.addr()));
    let steps = vec![note(), note().without_credential(), plan(Method::Get, "/v1/notes")];
    let mut admitted = admit(prepared_with(Some(selector()), steps)).await;
    let bearer = bearer(&admitted, TOKEN);
    let mut plans = Vec::new();
    for _ in 0..3 {
        let (sent, planned) = send_next(transport.as_ref(), &mut admitted, Some(&bearer)).await;
        holds(clause, matches!(sent, Sent::Answer(_)), format!("{sent:?}"));
        admitted.report(countersign_ticket::Report::Answered(200, b"{}"));
        plans.push(planned);
    }
    met(clause, &server, 3).await;
    for (received, planned) in server.received().iter().zip(&plans) {
        is_exact(received, planned, TOKEN);
    }
}

/// A token that would end its header is not sent.
pub async fn lets_no_token_break_out_of_its_header(make: Make<'_>) {
    let clause = "Transport: a token cannot break out of its header";
    let server = raw(ok()).await;
    let transport = make(Dial::to(server.addr()));
    for token in
        ["a\r\nx-injected: 1", "a\nx-injected: 1", "a\r", "a\0b", "a\r\n\r\nGET / HTTP/1.1"]
    {
        let mut admitted = admit(prepared(note())).await;
        let bearer = Bearer::new(&admitted, AccessToken::new(token.to_owned()), Vec::new());
        let (sent, _) = send_next(transport.as_ref(), &mut admitted, Some(&bearer)).await;
        not_sent(clause, &sent);
    }
    met(clause, &server, 0).await;
}

/// A local call is none of a transport's business.
pub async fn sends_no_local_call(make: Make<'_>) {
    let clause = "Transport: a local call is not sent";
    let server = raw(ok()).await;
    let transport = make(Dial::to(server.addr()));
    let mut admitted = admit(local("crm_note", r#"{"text":"hello"}"#)).await;
    let bearer = bearer(&admitted, TOKEN);
    let step = done(clause, admitted.next(NOW));
    let step = done(clause, step.ok_or("no step"));
    let tool = step.call().map(|(tool, _)| tool.clone());
    same(clause, tool, ToolName::new("crm_note").ok());
    not_sent(clause, &transport.send(step, Some(&bearer)).await);
    met(clause, &server, 0).await;
}

/// A transport that dials elsewhere says so, so that no receipt of it passes for a real one.
pub async fn says_that_it_dials_elsewhere(make: Make<'_>) {
    let server = raw(ok()).await;
    let transport = make(Dial::to(server.addr()));
    let clause = "Transport: an overridden address is stated";
    holds(clause, transport.dialled_elsewhere(), "dialled_elsewhere is false");
}
