//! What instructions to a machine say in other languages, by stems: that they come before what it was
//! doing, that it may go back to that afterwards, that it is spoken to.

use super::super::bytes;

/// Bytes ahead in which it may be said that the machine may go back.
const AHEAD: usize = 1000;

/// `Before you go on`.
const BEFORE: [&str; 11] = [
    "bevor du weiter",
    "bevor du fort",
    "bevor du antwort",
    "bevor sie fort",
    "avant de continuer",
    "avant de poursuivre",
    "antes de continuar",
    "prima di continuare",
    "続ける前",
    "回答する前",
    "继续之前",
];

/// `What you were to do at first`.
const ORIGINAL: [&str; 18] = [
    "eigentliche aufgabe",
    "eigentlichen aufgabe",
    "ursprüngliche aufgabe",
    "ursprünglichen aufgabe",
    "ursprünglichen anfrage",
    "tâche initiale",
    "tâche d'origine",
    "demande initiale",
    "demande d'origine",
    "tarea original",
    "tarea inicial",
    "solicitud original",
    "tarefa original",
    "pedido original",
    "compito originale",
    "richiesta originale",
    "元の作業",
    "原来的任务",
];

/// A machine that is spoken to, where the language says so without another word.
const SPOKEN_TO: [&str; 13] = [
    "アシスタントへの",
    "アシスタントは必ず",
    "助手请",
    "助手，请",
    "ассистенту:",
    "어시스턴트에게",
    "an die ki:",
    "an das sprachmodell:",
    "muss die ki ",
    "der assistent folgendes",
    "para la ia:",
    "n, asistente:",
    "l'ia doit ",
];

/// `Ignore the instructions` in scripts without spaces or other letters: a stem of each.
const ORDERED: [&str; 15] = [
    "指令",
    "指示",
    "提示词",
    "инструкци",
    "указани",
    "지시",
    "consignes pré",
    "instructions pré",
    "інструкці",
    "talimat",
    "تعليمات",
    "निर्देश",
    "hướng dẫn",
    "pokyny",
    "instrucțiun",
];
const ASIDE: [&str; 18] = [
    "忽略",
    "无视",
    "忘记",
    "無視",
    "忘れ",
    "гнорир",
    "гнору",
    "абудь",
    "무시",
    "pas compte",
    "yok say",
    "görmezden gel",
    "تجاهل",
    "अनदेखा",
    "नज़रअंदाज़",
    "bỏ qua",
    "ignoruj",
    "ignoră",
];

fn any(sentence: &[u8], stems: &[&str]) -> bool {
    stems.iter().any(|stem| memchr::memmem::find(sentence, stem.as_bytes()).is_some())
}

pub(super) fn sets_aside(sentence: &[u8]) -> bool {
    !sentence.is_ascii() && any(sentence, &ORDERED) && any(sentence, &ASIDE)
}

/// Whether the words around a place say that something comes before the machine goes on, and what
/// follows that it may go back to what it was to do.
pub(super) fn comes_first(lower: &[u8], place: usize) -> bool {
    // `Avant de`, `antes de` and `prima di` stand before the word that is looked for.
    let from = [place, place.saturating_sub(9)];
    let stem = |stem: &str| from.iter().any(|at| bytes::goes_on(lower, *at, stem.as_bytes()));
    let ahead = || bytes::part(lower, place, place.saturating_add(AHEAD));
    BEFORE.iter().any(|one| stem(one)) && any(ahead(), &ORIGINAL)
}

/// Whether a machine is spoken to at a place.
pub(super) fn speaks_to_a_machine(lower: &[u8], place: usize) -> bool {
    SPOKEN_TO.iter().any(|stem| bytes::goes_on(lower, place, stem.as_bytes()))
}
