use countersign_core::{Answer, Effect, Ending, Method, Planned, Reconciled, Seen, ToolCall};

use super::super::{broken, holds, is_code, same};
use super::{Make, Sample, planned, tool_of};
use crate::fixtures::{effect, local, note};

/// An answer that means success is committed.
pub fn commits_on_success(make: Make<'_>, samples: &[Sample]) {
    let connector = make();
    for sample in samples {
        let prepared = planned(connector.as_ref(), sample, effect());
        let good = (sample.commits)(&prepared);
        let meaning = connector.interpret(&prepared, &good);
        let clause = "Connector: an answer that means success is committed";
        same(clause, (sample.call.tool(), meaning.ending), (sample.call.tool(), Ending::Committed));
        let again = connector.interpret(&prepared, &good);
        same("Connector: interpret is pure", &again.result, &meaning.result);
    }
}

const HTML: &[u8] = b"<!DOCTYPE html><html><body>Please log in to the network</body></html>";

/// Answers that mean nothing, or not that it was done: status, body, and whether it is plainly no
/// success of any kind.
fn garbage(good: &Answer) -> Vec<Answer> {
    let body = good.body.as_slice();
    let half = body.get(..body.len() / 2).unwrap_or_default();
    let trailing = [body, b"}"].concat();
    let listed = [b"[", body, b"]"].concat();
    let mut all = Vec::new();
    let mut add = |status: u16, body: &[u8]| {
        let kind = if body == HTML { "text/html" } else { "application/json" };
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        all.push(Answer::new(status, headers, body.to_vec()));
    };
    for status in (500..=511).chain([520, 522, 599, 600, 999]) {
        for body in [body, HTML, b"", b"{}"] {
            add(status, body);
        }
    }
    for status in [100, 101, 103, 300, 301, 302, 303, 304, 307, 308] {
        for body in [body, HTML, b""] {
            add(status, body);
        }
    }
    for status in [
        400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 412, 413, 421, 422, 423, 425, 429,
        451, 499,
    ] {
        for body in [body, HTML, b"", b"{\"error\":{\"code\":200}}"] {
            add(status, body);
        }
    }
    let nonsense: [&[u8]; 13] = [
        HTML,
        b"{}",
        b"[]",
        b"null",
        b"true",
        b"\"ok\"",
        b"ok",
        b"\0\xff\xfe",
        b"{\"error\":{}}",
        b"{\"id\":1}",
        half,
        &trailing,
        &listed,
    ];
    for status in [200, 201, 202, 203, 206, 226] {
        for body in nonsense {
            // A success without a body is one that has none: then its halves have none either.
            if !body.is_empty() && body != good.body {
                add(status, body);
            }
        }
        if !good.body.is_empty() {
            add(status, b"");
        }
    }
    all
}

/// No answer, a refusal, an error of the server's, a redirect, a login page, a cut or an empty answer
/// are never committed; and for a call that changes something, what is neither success nor a clear
/// refusal is unknown.
pub fn never_commits_on_garbage(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: interpret never commits on what it does not understand";
    let doubt = "Connector: what is not clearly a failure that changed nothing is unknown";
    let connector = make();
    for sample in samples {
        let prepared = planned(connector.as_ref(), sample, effect());
        let tool = tool_of(connector.as_ref(), &sample.call);
        let writes = tool.effect() != Effect::Read;
        let good = (sample.commits)(&prepared);
        let Some((last, first)) = good.split_last() else {
            broken("Connector: the sample has an answer that means success", sample.call.tool())
        };
        let said = |answer: &Answer| {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            format!("{}: {} {:.60}", tool.name(), answer.status, body)
        };
        let none = connector.interpret(&prepared, &[]).ending;
        holds(clause, none != Ending::Committed, format!("{}: no answer", tool.name()));
        holds(doubt, !writes || none == Ending::Unknown, format!("{}: no answer", tool.name()));
        if writes && !first.is_empty() {
            let ending = connector.interpret(&prepared, first).ending;
            holds(
                clause,
                ending != Ending::Committed,
                format!("{}: a step is missing", tool.name()),
            );
        }
        for bad in garbage(last) {
            let status = bad.status;
            let mut answers = first.to_vec();
            answers.push(bad.clone());
            let meaning = connector.interpret(&prepared, &answers);
            holds(clause, meaning.ending != Ending::Committed, said(&bad));
            holds(doubt, meaning.code.is_some_and(is_code), said(&bad));
            if writes && (status >= 500 || (200..300).contains(&status)) {
                same(doubt, (said(&bad), meaning.ending), (said(&bad), Ending::Unknown));
            }
        }
        for foreign in [crate::fixtures::prepared(note()), local("crm_note", "{}")] {
            let ending = connector.interpret(&foreign, &good).ending;
            holds(clause, ending != Ending::Committed, "the effect of another connector");
        }
    }
}

/// Asked whether an effect happened, a connector that gets nonsense for an answer says neither that
/// it did nor that it did not, and reads with its own reading tools alone.
pub fn never_reconciles_on_garbage(make: Make<'_>, samples: &[Sample]) {
    let clause = "Connector: reconcile never decides on what it does not understand";
    let connector = make();
    let reads = |wanted: &[ToolCall]| {
        holds(
            "Connector: Needs only reads of its own tools, each once",
            !wanted.is_empty(),
            "none",
        );
        for read in wanted {
            let effect = tool_of(connector.as_ref(), read).effect();
            same("Connector: Needs only reads of its own tools, each once", effect, Effect::Read);
            let plan = connector.plan(read, crate::fixtures::effect(), &Seen::nothing());
            let Ok(Planned::Ready(plan)) = plan else {
                broken("Connector: a read that is needed can be planned", read.tool())
            };
            let gets = plan.steps().iter().all(|step| step.method() == Method::Get);
            holds("Connector: a read that is needed reads", gets, read.tool());
        }
    };
    for sample in samples {
        let prepared = planned(connector.as_ref(), sample, effect());
        if tool_of(connector.as_ref(), &sample.call).effect() == Effect::Read {
            let seen = connector.reconcile(&prepared, &Seen::nothing());
            holds(clause, !matches!(seen, Reconciled::Committed), sample.call.tool());
            continue;
        }
        let bodies: [&[u8]; 8] =
            [HTML, b"", b"{}", b"[]", b"null", b"\0\xff", b"{\"id\":1}", b"{\"error\":{}}"];
        for status in [200, 204, 206, 301, 302, 400, 401, 403, 429, 500, 502, 503, 599] {
            for body in bodies {
                let mut seen = Seen::nothing();
                for round in 0.. {
                    let said = format!(
                        "{}: {status} {:?}",
                        sample.call.tool(),
                        String::from_utf8_lossy(body)
                    );
                    match connector.reconcile(&prepared, &seen) {
                        Reconciled::InDoubt => break,
                        Reconciled::Needs(wanted) => {
                            holds(clause, round < 8, "it never ends");
                            reads(&wanted);
                            for read in wanted {
                                holds(clause, seen.answer(&read).is_none(), "it asks again");
                                seen.add(read, Answer::new(status, Vec::new(), body.to_vec()));
                            }
                        }
                        Reconciled::Committed | Reconciled::Absent => broken(clause, said),
                    }
                }
            }
        }
    }
}
