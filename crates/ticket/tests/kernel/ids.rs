//! Identifiers: one way in.

use countersign_ticket::{
    Account, AgentId, Connection, EffectId, Jti, KeyId, PolicyVersion, Scope, SessionId, TenantId,
    Timestamp, ToolName, UserId,
};

#[test]
fn texts_that_break_the_rule_are_refused() {
    let long = "a".repeat(321);
    for bad in ["", "a b\u{0}", "a\nb", "a\u{7f}b", "a\u{85}b", long.as_str()] {
        assert!(ToolName::new(bad).is_err(), "{bad:?}");
        assert!(TenantId::new(bad).is_err(), "{bad:?}");
        assert!(UserId::new(bad).is_err(), "{bad:?}");
        assert!(AgentId::new(bad).is_err(), "{bad:?}");
        assert!(SessionId::new(bad).is_err(), "{bad:?}");
        assert!(Connection::new(bad).is_err(), "{bad:?}");
        assert!(Account::new(bad).is_err(), "{bad:?}");
        assert!(Scope::new(bad).is_err(), "{bad:?}");
        assert!(KeyId::new(bad).is_err(), "{bad:?}");
        assert!(PolicyVersion::new(bad).is_err(), "{bad:?}");
    }
    for bad in ["Mail", "mail-send", "mail.send", "mail send", "mäil"] {
        assert!(ToolName::new(bad).is_err(), "{bad}");
    }
    for bad in ["a b", "a\"b", "a\\b", "ä"] {
        assert!(Scope::new(bad).is_err(), "{bad}");
    }
    for bad in ["a/b", "a b", "a|b"] {
        assert!(Connection::new(bad).is_err() && KeyId::new(bad).is_err(), "{bad}");
    }
    assert!(UserId::new("auth0|Zoë").is_ok());
}

#[test]
fn characters_that_hide_or_reorder_text_are_refused() {
    let hidden = [
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1160}',
        '\u{17b4}',
        '\u{180e}',
        '\u{200b}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{206f}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{fffb}',
        '\u{1d173}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e007f}',
        '\u{e0100}',
    ];
    for c in hidden {
        let text = format!("kim{c}@example.com");
        assert!(UserId::new(&text).is_err(), "{:x}", u32::from(c));
        assert!(Account::new(&text).is_err(), "{:x}", u32::from(c));
    }
}

#[test]
fn effect_ids_and_jtis_have_one_text() {
    let id = EffectId::from_bytes([0x0a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff]);
    let text = "0a0102030405060708090a0b0c0d0eff";
    assert_eq!(id.to_string(), text);
    assert_eq!(text.parse(), Ok(id));
    for bad in ["", "+a0102030405060708090a0b0c0d0eff", &text[1..], &text.to_uppercase()] {
        assert!(bad.parse::<EffectId>().is_err(), "{bad}");
    }
    assert!(format!("0{text}").parse::<EffectId>().is_err());

    let jti = Jti::from_random([0xff; 16]);
    let text = "ffffffff-ffff-4fff-bfff-ffffffffffff";
    assert_eq!(jti.to_string(), text);
    assert_eq!(text.parse(), Ok(jti));
    let bad = [
        "ffffffffffff4fffbfffffffffffffff",
        "ffffffff-ffff-1fff-bfff-ffffffffffff",
        "ffffffff-ffff-4fff-ffff-ffffffffffff",
        "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF",
        "ffffffff-ffff-4fff-bfffffffffffffff-",
        "ffffffff--ffff-4fff-bfff-fffffffffff",
        "{ffffffff-ffff-4fff-bfff-ffffffffffff}",
    ];
    for bad in bad {
        assert!(bad.parse::<Jti>().is_err(), "{bad}");
    }
}

#[test]
fn times_saturate_and_round_down() {
    assert_eq!(Timestamp::from_millis(-1).seconds(), -1);
    assert_eq!(Timestamp::from_millis(1_999).seconds(), 1);
    assert_eq!(Timestamp::from_seconds(i64::MAX).millis(), i64::MAX);
    assert_eq!(Timestamp::from_seconds(i64::MIN).plus_seconds(i64::MIN).millis(), i64::MIN);
}
