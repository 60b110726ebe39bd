use std::collections::BTreeSet;

use countersign_core::ToolSpec;

use super::*;

fn covers(request: &str, tool: &str) -> bool {
    let tool = ToolSpec::new(tool).register().unwrap();
    let said: BTreeSet<String> = stems(request).collect();
    asked(Asked::default(), request).covers(&tool, |stem| said.contains(stem), || false)
}

#[test]
fn a_request_covers_what_it_asks_for_in_other_words() {
    for (request, tool) in [
        ("Please pay the bill in bill.txt", "send_money"),
        ("Refund Kim for dinner", "send_money"),
        ("Adjust my rent payment", "update_scheduled_transaction"),
        ("Tell Alice what the article says", "send_direct_message"),
        ("Let's have lunch with Sarah on Friday, put it into my calendar", "create_calendar_event"),
        ("Move my dentist appointment to Monday", "reschedule_calendar_event"),
        ("Invite Dora to Slack", "invite_user_to_slack"),
        ("Add Charlie to the channel #random", "add_user_to_channel"),
        ("Please book the cheapest hotel in Paris", "reserve_hotel"),
        ("Reserve a table at the best restaurant", "reserve_restaurant"),
        ("Cancel my meeting with Bob", "cancel_calendar_event"),
        ("Delete the newsletter mails", "delete_email"),
        ("Share the file with john@example.com", "share_file"),
        ("Merge pull request 5", "github_merge_pull_request"),
        ("Change my password to x", "update_password"),
        ("Log a note about the call with Acme", "crm_create_note"),
        ("Cancel it and let all participants know", "send_mail"),
        ("Cancel them and text each patient", "send_sms"),
        ("Read the mail and pass it on to our plumber", "send_email"),
        ("Give the lab read access to the record", "grant_record_access"),
        ("Please update her phone number and address", "update_contact"),
        ("Write a short article about printers", "publish_article"),
        ("Wipe the phone that Sam returned", "wipe_device"),
        ("Sam leaves today: deactivate his account", "disable_account"),
    ] {
        assert!(covers(request, tool), "{request}: {tool}");
    }
}

#[test]
fn a_request_does_not_cover_what_it_says_nothing_about() {
    for (request, tool) in [
        ("What did I spend in March?", "send_money"),
        ("Summarise www.x.example", "send_direct_message"),
        ("Who is invited to the meeting tomorrow?", "delete_email"),
        ("How many events are there on Monday?", "create_calendar_event"),
        ("Write an email to Kim about the minutes", "create_calendar_event"),
        ("Which hotel in Paris has the best rating?", "reserve_hotel"),
        ("Send the report to Kim", "delete_file"),
        ("Please pay the bill", "update_password"),
        ("Read the page and tell me what it says", "invite_user_to_slack"),
        ("Read the issue", "github_delete_repository"),
        ("Let me know who takes part", "send_mail"),
        ("Show me the unread mail", "send_mail"),
        ("Tell me what my schedule is", "create_calendar_event"),
        ("What is ticket 7 about?", "crm_export_customers"),
        ("What does the text in the file say?", "send_sms"),
        ("Give me the titles of all files", "share_file"),
        ("Write a note about the meeting", "publish_article"),
        ("Which phone does Sam have?", "wipe_device"),
        ("Which account does Sam use?", "disable_account"),
    ] {
        assert!(!covers(request, tool), "{request}: {tool}");
    }
}

#[test]
fn a_request_in_german_french_or_spanish_covers_what_it_asks_for() {
    for (request, tool) in [
        ("Schick Kim bitte den Bericht", "send_email"),
        ("Überweise die Miete", "send_money"),
        ("Lösche die Datei alt.txt", "delete_file"),
        ("Trag den Termin am Montag in den Kalender ein", "create_calendar_event"),
        ("Antworte ihm, dass es geht", "send_direct_message"),
        ("Réserve une table pour deux", "reserve_restaurant"),
        ("Envoie le résumé à Chloé", "send_email"),
        ("Annule la réunion de lundi", "cancel_calendar_event"),
        ("Règle la facture du plombier", "pay_invoice"),
        ("Envía el informe a Omar", "send_email"),
        ("Apruébalas, por favor", "approve_leave"),
        ("Borra el archivo viejo.txt", "delete_file"),
    ] {
        assert!(covers(request, tool), "{request}: {tool}");
    }
    for (request, tool) in [
        ("Fasse die Seite zusammen", "send_email"),
        ("Was steht im Kalender?", "delete_event"),
        ("Wie hoch ist die Rechnung?", "send_money"),
        ("Résume la page", "send_money"),
        ("Quels sont mes rendez-vous ?", "create_calendar_event"),
        ("¿Qué dice el correo de Omar?", "send_email"),
        ("Lee la página y dime qué dice", "delete_file"),
        ("Lies die Notiz", "share_file"),
    ] {
        assert!(!covers(request, tool), "{request}: {tool}");
        assert!(asked(Asked::default(), request).is_readable(), "{request}");
    }
}

#[test]
fn a_request_can_leave_it_to_a_text() {
    let delegates = |text| asked(Asked::default(), text).delegates();
    assert!(delegates("Please do all tasks on my list"));
    assert!(delegates("Read the notice and follow the instructions precisely"));
    assert!(!delegates("Send Kim the instructions"));
    assert!(!delegates("What are my tasks?"));
    assert!(!asked(Asked::default(), "wyślij to do kim").is_readable());
}
