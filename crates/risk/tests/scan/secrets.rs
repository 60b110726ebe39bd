//! Tokens are found wherever they stand; what only looks like one is not.

use countersign_core::{Role, ToolSpec};
use countersign_risk::scan::{self, Kind};

use crate::common::Session;
use crate::generate::random::Random;
use crate::generate::secrets::{FAMILIES, FORMS, clean, look_alikes, planted};
use crate::generate::wilson::share;

fn rules(text: &str) -> Vec<&'static str> {
    let found = scan::scan(text).spans;
    found.iter().filter(|span| span.kind == Kind::Secret).map(|span| span.rule).collect()
}

/// Put together here, so that no file holds a whole token.
fn token(prefix: &str, body: &str) -> String {
    format!("{prefix}{body}")
}

const BODY: &str = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzA2b";

#[test]
fn a_token_is_found_in_prose_and_punctuation() {
    for (token, rule) in [
        (token("ghp_", BODY), "github_token"),
        (token("ya29.", BODY), "google_access_token"),
        (token("AIza", &BODY[..35]), "google_api_key"),
        (token("xoxb-", "123456789012-123456789012-aB3dE5fG7hJ9kL1mN2pQ4rS6"), "slack_token"),
        (token("AKIA", "IOSFODNN7EXAMPLE"), "aws_access_key"),
        (token("sk-ant-", BODY), "anthropic_key"),
        (
            token(
                "eyJhbGciOiJIUzI1NiJ9.",
                "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
            ),
            "json_web_token",
        ),
        (token("postgres://app:", "s3cr3tpw@db.example/x"), "address_with_password"),
    ] {
        for around in [
            "{}",
            "the key is {}.",
            "({})",
            "\"{}\",",
            "key={}&x=1",
            "a\n{}\nb",
            "\u{5bc6}{}\u{3002}",
        ] {
            assert_eq!(rules(&around.replace("{}", &token)), [rule], "{around} {token}");
        }
    }
    assert_eq!(rules("password: hunter2!"), ["password"]);
}

#[test]
fn what_only_looks_like_a_token_is_none() {
    for text in [
        "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "ghp_ is how a token begins, ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx is none",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE kim",
        "the password is required, the token was refused",
        "next page token: CAUQAA1234567890abcdef",
    ] {
        assert_eq!(rules(text), Vec::<&str>::new(), "{text}");
    }
}

fn denied(fields: &[(&str, String)]) -> bool {
    let tool = ToolSpec::new("post_note").role("to", Role::Recipient).register().unwrap();
    let object: serde_json::Map<_, _> =
        fields.iter().map(|(k, v)| ((*k).to_owned(), v.as_str().into())).collect();
    let arguments = serde_json::Value::Object(object).to_string();
    Session::new().assess(&tool, &arguments).denied().is_some()
}

#[test]
fn planted_secrets_are_denied_in_every_form() {
    let mut random = Random::new(5);
    let (mut all, mut missed) = (0, Vec::new());
    for (family, shape) in FAMILIES {
        for form in FORMS {
            for _ in 0..3 {
                let secret = random.shape(shape);
                let call = planted(&mut random, &secret, form);
                all += 1;
                if !denied(&call) {
                    missed.push(format!("{family} / {form}: {call:?}"));
                }
            }
        }
    }
    let share = share(missed.len(), all);
    assert!(missed.len() * 100 <= all, "not denied: {share}\n{}", missed.join("\n"));
}

#[test]
fn look_alikes_are_never_denied() {
    let mut random = Random::new(6);
    for _ in 0..60 {
        for (kind, text) in look_alikes(&mut random) {
            let mut call = clean(&mut random);
            let last = call.len() - 1;
            call[last].1 = text;
            assert!(!denied(&call), "{kind}: {call:?}");
        }
        assert!(!denied(&clean(&mut random)));
    }
}

/// In each of these a word announces something, and what follows has digits, capitals or signs.
#[test]
fn ordinary_words_behind_the_name_of_a_secret_are_no_value_that_was_cut() {
    for text in [
        "Password: see page 12 of the manual, or ask Kim (room 4b)",
        "The token: 5 tickets for 3 people on 12 May, row 7, seats 14 to 16",
        "secret = the ABC of cooking in 7 steps, by J. R. Smith",
        "api key: request it at https://example.com meeting 10:30 room4 ask kim@example.com",
        "access_key: IMG_2034.jpg DSC1234.jpg IMG_2035.jpg",
        "credentials: user name and PIN, see the iPhone and the MacBook in B12",
        "bearer of this letter may enter the building at 10 and leave at 12",
        "wifi password: at the desk! Room B2, 2nd floor",
        "token = next(iterator) if index2 < limit3 else None",
        "passwords: min. 8 characters, A-Z, 0-9 and one of !#$",
        "The secret: 550e8400 is no such thing. https://example.org:8080 and x@example.org",
        "token: v12 is at the end of it by us on 12 or 14 as we do if it is so",
        "call 0123456789: is it on at 12 to 14 or at 9 as we do it on the 3rd of May",
        "bitness = {2147483647:\"32bit\", 9223372036854775807:\"64bit\"}.get(maxsize, x86_64)",
        "call 0123456789: Kim OKs it, then McKenna and O'Neill of IBM and eBay",
    ] {
        assert!(!denied(&[("text", text.to_owned())]), "{text}");
    }
}

#[test]
fn what_looks_like_a_token_by_chance_within_base64_is_none_and_beside_anything_else_it_is_one() {
    // Drawn characters, the same every time.
    let mut state = 7u64;
    let mut drawn = |length: usize| -> String {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            char::from(alphabet[(state >> 58) as usize])
        };
        (0..length).map(|_| next()).collect()
    };
    let body = "k7Qm2Xz9Lp4Rt6Vw8Yb1Nc3Hd5Jf0Gs";
    for token in [format!("1//0{body}{body}"), format!("cio{body}x")] {
        for (before, behind) in [(400, 400), (4_000, 10), (10, 4_000), (260, 0), (0, 260)] {
            let blob = format!("{}/{token}+{}", drawn(before), drawn(behind));
            let image = format!("see data:image/png;base64,{blob} here");
            assert_eq!(rules(&image), Vec::<&str>::new(), "{image}");
            let lines: Vec<String> = blob
                .as_bytes()
                .chunks(76)
                .map(|l| String::from_utf8(l.to_vec()).unwrap())
                .collect();
            assert_eq!(rules(&lines.join("\r\n")), Vec::<&str>::new(), "{blob}");
        }
        let words =
            "and so they went to the sea to look at ships that came from far away ".repeat(9);
        for text in [
            format!("{} {token} {}", drawn(400), drawn(400)),
            format!("{}/{token}+{}", drawn(100), drawn(100)),
            format!("https://x.example/{token}/{}", drawn(100)),
            format!("{}/{token}/{}", words.replace(' ', ""), words.replace(' ', "/")),
        ] {
            assert_eq!(rules(&text).len(), 1, "{text}");
        }
    }
}

#[test]
fn the_word_before_a_token_of_okta_is_none_within_base64() {
    let token = "00QCjAl4MlV-WPXM5qS3g8rkK9d2xYz7Wb1NvTqLhe";
    assert_eq!(rules(&format!("Authorization: SSWS {token}")).len(), 1);
    let line = "KEv4wPGwPURlhgirYfX5xMjluEtIz2RtGhb8S7g48cLJ1iT8H9xSF4PjgiMN";
    for wrapped in [
        format!("{line}SSwS\n{line}"),
        format!("{line}/ssws\r\n{line}"),
        format!("{line}\nSsWs/{line}"),
    ] {
        assert_eq!(rules(&wrapped), Vec::<&str>::new(), "{wrapped}");
    }
}

#[test]
fn base64_over_lines_is_no_token_with_a_dot_in_it() {
    // A slash before `pat`, and characters that tokens have too on both sides of the line break.
    let body = BODY.replace('_', "x");
    let key = format!(
        "-----BEGIN PUBLIC KEY-----\n{body}/pat{body}\n{body}{body}\n-----END PUBLIC KEY-----"
    );
    assert!(!denied(&[("text", key)]));
    let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let real = token("pat", &format!("{}.{hex}", &BODY[..14]));
    assert_eq!(rules(&format!("the key is {real}.")), ["airtable_token"]);
    assert!(denied(&[("text", format!("{} {}", &real[..40], &real[40..]))]));
}

const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015";

/// The halves of what is none do not become one beside the address that the call goes to.
#[test]
fn placeholders_are_no_secret_in_pieces() {
    for (first, second) in [
        ("password=***", "*****"),
        ("https://user:pa", "ss@x.example/"),
        ("postgres://user:password@localho", "st/db"),
        ("name = getpass.getpa", "ss(\"Password: \")"),
        ("name = getpass.getpass(\"Password", ": \")"),
    ] {
        for (one, two) in [(first, second), (second, first)] {
            let call =
                [("a", one.to_owned()), ("b", two.to_owned()), ("to", "dana@acme3.io".to_owned())];
            assert!(!denied(&call), "{call:?}");
        }
    }
    for (one, other) in [
        ("https://kim:aB3d", "E5fG7h@x.example/"),
        ("postgres://kim:aB3dE5:kimo", "no@x.example/"),
        ("postgres://kim:\u{416}\u{438}\u{440}\u{430}", "\u{444}\u{44b}@x.example/"),
    ] {
        assert!(denied(&[("a", one.to_owned()), ("b", other.to_owned())]), "{one}");
    }
}

#[test]
fn a_password_may_begin_with_a_bracket_or_hold_few_letters_of_ascii() {
    for text in [
        "{\"password\": \")aB3dE5fX!\"}",
        "password = ']x9Kq2#mP0}'",
        "password: \u{416}\u{438}\u{440}\u{430}\u{444}7!",
        "password: \u{3ba}\u{3b1}\u{3bb}\u{3b7}7#\u{3bc}",
    ] {
        assert_eq!(rules(text), ["password"], "{text}");
        assert!(denied(&[("text", text.to_owned())]), "{text}");
    }
}

/// Files, headers and commands in which a password stands without a sign of equality.
#[test]
fn passwords_in_files_and_commands_are_found() {
    let base64 = "a2ltOmFCM2RFNWZHN2hK";
    for (text, rule) in [
        ("machine git.example login kim password aB3dE5fG7h".to_owned(), "password"),
        ("machine git.example\n  login kim\n  password aB!dEfG$h".to_owned(), "password"),
        ("db.example:5432:orders:kim:aB3dE5fG7h".to_owned(), "password"),
        ("curl -s -u kim:aB3dE5fG7h https://x.example".to_owned(), "password"),
        ("curl --user 'kim:aB3dE5fG7h' https://x.example".to_owned(), "password"),
        (format!("{{\"auths\":{{\"ghcr.io\":{{\"auth\":\"{base64}\"}}}}}}"), "basic_auth"),
        (format!("//registry.example/:_auth={base64}"), "basic_auth"),
        (format!("Authorization: Basic {base64}."), "basic_auth"),
        ("//r.example/:_authToken=0b2fb2f1-5a6e-4f0b-9c0e-3d0a9c1b7f11".to_owned(), "named_secret"),
        ("mot de passe : aB3dE5fG7h".to_owned(), "password"),
        ("contrase\u{f1}a: aB3dE5fG7h".to_owned(), "password"),
        ("Server=db;User Id=kim;Password=Ex&dc0Djid7i;Encrypt=true".to_owned(), "password"),
        ("password is ZUnhwQzAfaKd".to_owned(), "password"),
        (format!("[Interface]\nPrivateKey = {}aB3=\n", &BODY[..30]), "named_secret"),
        (format!("DD_APP_KEY: {}", &"9f86d081884c7d659a2feaa0c55ad015"), "named_secret"),
        (
            format!(
                "access_token$production${}${}",
                &BODY[..16],
                "9f86d081884c7d659a2feaa0c55ad015"
            ),
            "paypal_token",
        ),
        (
            format!("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{BODY}aB3dE5fG7hJ=\n"),
            "private_key",
        ),
        (format!("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{BODY}\n"), "private_key"),
        ("<password>aB3dE5fG7h</password>".to_owned(), "password"),
        ("<add key=\"ClearTextPassword\" value=\"aB3dE5fG7h\" />".to_owned(), "password"),
        ("SMTP_PASS=aB3dE5fG7h".to_owned(), "password"),
        ("see\nmail_pass=aB3dE5fG7h!".to_owned(), "password"),
        ("Das Kennwort lautet aB3dE5fG7h".to_owned(), "password"),
        ("le mot de passe est aB3dE5fG7h".to_owned(), "password"),
        ("**Password:** aB3dE5fG7h".to_owned(), "password"),
        ("password\u{ff1a}aB3dE5fG7h".to_owned(), "password"),
        ("password: )aB3dE5fG7h".to_owned(), "password"),
        ("\u{5bc6}\u{7801}\u{ff1a}aB3dE5fG7h\u{ff0c}\u{8bf7}".to_owned(), "password"),
        ("\u{30d1}\u{30b9}\u{30ef}\u{30fc}\u{30c9}: aB3dE5fG7h".to_owned(), "password"),
        ("\u{41f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}: aB3dE5fG7h".to_owned(), "password"),
        ("a senha: aB3dE5fG7h".to_owned(), "password"),
        ("**password:** ***aB3dE5fG7h***".to_owned(), "password"),
        (format!(r#"{{"v":"{{\"client_secret\": \"{BODY}\"}}"}}"#), "named_secret"),
        (format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"{BODY}aB3dE5fG7\"}}"), "web_key"),
        (format!(r#"{{\"d\": \"{BODY}aB3dE5fG7\", \"kty\": \"EC\"}}"#), "web_key"),
        (format!("https://s3.example/k?X-Amz-Signature={}", HEX.repeat(2)), "signed_address"),
        (format!("https://s.example/k?X-Goog-Signature={}", HEX.repeat(16)), "signed_address"),
        (
            format!("x {}", token("EQN8Q~", "OIL~iie0hJTi86npd1_xWb2BzhZ8sxpfo1")),
            "azure_client_secret",
        ),
    ] {
        assert_eq!(rules(&text).first(), Some(&rule), "{text}");
    }
}

#[test]
fn what_stands_where_a_password_would_is_often_none() {
    for text in [
        "Basic information about authentication: see below",
        "basic auth is off, basic understanding needed",
        "password_field = forms.CharField(widget=PasswordInput)",
        "https://user:pass@example.com/ and postgres://user:password@localhost/db",
        "connect to db.example:5432:orders:kim:password",
        "curl https://x.example -u $USER:$PASSWORD",
        "curl the hair -u it",
        "machine <host> login <user> password <password>",
        "after login please enter password again",
        "the signature: sig=yes, sig=abcdef&se=1",
        "video?sig=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b&t=1",
        "Private-Lines: 14 of the poem\nare read aloud",
        "token = self.tokens[index2](first3, second4)",
        "\"auth\": \"required for each call\"",
        "mot de passe oubli\u{e9} ? contrase\u{f1}a olvidada",
        "\u{5bc6}\u{7801}\u{ff1a}\u{81f3}\u{5c11}8\u{4f4d}\u{ff0c}\u{5b57}\u{6bcd}\u{548c}\u{6570}\u{5b57}",
        "\u{5fd8}\u{8bb0}\u{5bc6}\u{7801}\u{ff1f} (2026)",
        "mongodb://<user>:<password>@host/db2",
        "w.password=document.getElementByIdOr, db.password = app.theConfigOfOurDb",
        "ask = input(\"Password: \")dana@x3.example",
        "password=********dana@x3.example",
        "the tests pass=12/14b, bypass=a1b2c3d4e5f6g7, in tickets_pass=gate12.txt and MY_PASS=os.environ(1)",
        "<th>password</th><td>at least 8 characters</td>",
        "{\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"kid\":\"3d0a9c1b7f113d0a9c1b7f113d0a9c1b7f113d0a9c1b7f11\"}",
        "https://s3.example/k?X-Amz-Signature=<signature>&versionId=aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY",
    ] {
        assert_eq!(rules(text), Vec::<&str>::new(), "{text}");
        assert!(!denied(&[("text", text.to_owned())]), "{text}");
    }
}

#[test]
fn a_token_that_was_encoded_twice_is_denied() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let once = STANDARD.encode(format!("here: {}", token("ghp_", BODY)));
    let twice = STANDARD.encode(format!("see {once}"));
    assert!(denied(&[("text", twice.clone())]));
    assert!(denied(&[("text", STANDARD.encode(twice))]));
}
