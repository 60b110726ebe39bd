//! `countersign keys`

use std::path::Path;

use serde_json::Value;

use crate::{Run, command, run, run_as};

fn keys(dir: &Path, args: &[&str]) -> Run {
    run_as(command(["keys", "--dir"]).arg(dir).args(args), b"")
}

fn new(dir: &Path) -> String {
    let run = keys(dir, &["new"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let kid = run.text().strip_suffix('\n').unwrap().to_owned();
    assert_eq!(kid.len(), 43, "an RFC 7638 thumbprint");
    kid
}

fn states(dir: &Path) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = keys(dir, &["list", "--json"]).json();
    list.as_array().unwrap().iter().map(|key| (text(&key["kid"]), text(&key["state"]))).collect()
}

#[test]
fn a_new_key_signs_and_the_old_one_retires() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("deep/keys");
    let first = new(&dir);
    assert_eq!(states(&dir), [(first.clone(), "active".to_owned())]);
    let second = new(&dir);
    let mut expected = [(first, "retired".to_owned()), (second, "active".to_owned())];
    expected.sort();
    assert_eq!(states(&dir), expected);

    let list = keys(&dir, &["list", "--json"]).json();
    let table = keys(&dir, &["list"]);
    assert_eq!(table.text().lines().count(), 3);
    for key in list.as_array().unwrap() {
        let cells = ["kid", "state", "created"].map(|name| key[name].as_str().unwrap());
        assert!(cells[2].starts_with("20") && cells[2].ends_with('Z'));
        let row = table.text().lines().find(|row| row.contains(cells[0])).unwrap();
        assert!(cells.iter().all(|cell| row.contains(cell)));
    }
}

#[test]
#[cfg(unix)]
fn keys_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("keys");
    let kid = new(&dir);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join(format!("{kid}.key"))), 0o600);
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o777)).unwrap();
    for args in [&["new"][..], &["list"], &["jwks"], &["revoke", &kid]] {
        let run = keys(&dir, args);
        assert_eq!((run.code, run.text()), (2, ""), "{args:?}");
        assert!(run.stderr.contains("chmod"));
    }
}

#[test]
fn no_output_has_the_secret() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("keys");
    let kid = new(&dir);
    let file = std::fs::read_to_string(dir.join(format!("{kid}.key"))).unwrap();
    let secret = file.split_whitespace().last().unwrap();
    assert!(secret.len() >= 43);
    for args in [&["list"][..], &["list", "--json"], &["jwks"], &["revoke", &kid]] {
        let run = keys(&dir, args);
        assert_eq!(run.code, 0);
        assert!(!run.text().contains(secret) && !run.stderr.contains(secret), "{args:?}");
    }
    // A damaged file is named, not quoted.
    new(&dir);
    std::fs::write(dir.join("ring.json"), format!("{{\"keys\":\"{secret}\"")).unwrap();
    let run = keys(&dir, &["list"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("ring.json") && !run.stderr.contains(secret));
}

#[test]
fn the_jwk_set_has_public_keys_alone_and_no_revoked_one() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("keys");
    let (first, second) = (new(&dir), new(&dir));
    let kids = || -> Vec<String> {
        let set = keys(&dir, &["jwks"]).json();
        let keys = set["keys"].as_array().unwrap();
        for key in keys {
            assert_eq!((&key["kty"], &key["crv"]), (&"OKP".into(), &"Ed25519".into()));
            assert!(key.get("d").is_none());
        }
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kids().len(), 2);
    assert_eq!(keys(&dir, &["revoke", &first]).code, 0);
    assert_eq!(kids(), [second]);
    assert!(!dir.join(format!("{first}.key")).exists(), "its seed is gone");
    assert!(states(&dir).contains(&(first.clone(), "revoked".to_owned())));
    let list = keys(&dir, &["list", "--json"]).json();
    let revoked = list.as_array().unwrap().iter().find(|key| key["kid"] == first.as_str());
    assert_eq!(revoked.unwrap()["created"], Value::Null);
}

#[test]
fn revoking_says_whether_there_is_such_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("keys");
    let kid = new(&dir);
    for unknown in ["abc", "-abc", "--abc", "..", "-"] {
        let run = keys(&dir, &["revoke", unknown]);
        assert_eq!((run.code, run.text()), (1, ""), "{unknown}");
        assert_eq!(keys(&dir, &["--json", "revoke", unknown]).error()["kind"], "unknown_key");
    }
    for invalid in ["", "a/b", "../../x", "ü"] {
        assert_eq!(keys(&dir, &["revoke", invalid]).code, 2, "{invalid}");
    }
    let revoked = keys(&dir, &["revoke", "--json", &kid]);
    assert_eq!((revoked.code, revoked.json()["state"].as_str()), (0, Some("revoked")));
    assert_eq!(keys(&dir, &["revoke", &kid, "--json"]).code, 0, "again changes nothing");
}

#[test]
fn looking_makes_no_directory() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("keys");
    for args in [&["list"][..], &["jwks"], &["revoke", "abc"]] {
        let run = keys(&missing, args);
        assert_eq!((run.code, run.text()), (2, ""));
        assert!(!missing.exists(), "{args:?}");
    }
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(keys(&file, &["new"]).code, 2, "a file in the directory's place");
    assert_eq!(keys(&file.join("below"), &["list"]).code, 2);
}

#[test]
fn the_environment_names_the_directory_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let home = [("HOME", path("home"), path("home/.local/state/countersign/keys"))];
    let state = [("XDG_STATE_HOME", path("state"), path("state/countersign/keys"))];
    let own = [("COUNTERSIGN_HOME", path("own"), path("own/keys"))];
    let mut set = Vec::new();
    for (name, value, keys) in home.into_iter().chain(state).chain(own) {
        set.push((name, value));
        let run = run_as(command(["keys", "new"]).envs(set.clone()), b"");
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(keys.join("ring.json").is_file(), "{name}");
    }
    let given = path("given");
    let mut last = command(["keys", "new", "--dir"]);
    assert_eq!(run_as(last.arg(&given).envs(set), b"").code, 0);
    assert!(given.join("ring.json").is_file());

    assert_eq!(run(["keys", "new"], "").code, 2, "nothing names one");
    let mut empty = command(["keys", "new"]);
    assert_eq!(run_as(empty.env("COUNTERSIGN_HOME", ""), b"").code, 2, "empty is not set");
}
