//! What the filter lets through and what it hides. Every value that looks like a secret is put together at run time.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use rcm_core::filter::{
    Confidence, Fingerprint, RULES_VERSION, Secret, SecretMode, SecretPolicy, Secrets, Text, filter,
    find_secrets, rules, rules_identity,
};
use rcm_core::skip::SkipReason;
use serde_json::Value;

const HEX: &str = "0123456789abcdef";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// `length` characters of `alphabet`, spread by a linear congruential generator.
fn random(alphabet: &str, length: usize, seed: u64) -> String {
    let alphabet = alphabet.as_bytes();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(alphabet[(state >> 33) as usize % alphabet.len()])
        })
        .collect()
}

/// One form of a secret: rule, parts of the value, the name it is assigned to, what stands around it.
struct Form {
    rule: &'static str,
    parts: Vec<Part>,
    name: &'static str,
    inside: &'static str,
}

enum Part {
    Is(&'static str),
    Of(&'static str, usize),
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let table: &Value = Box::leak(Box::new(
        serde_json::from_str(include_str!("secret_forms.json")).expect("the table of forms is JSON"),
    ));
    let part = |part: &'static Value| {
        if let Some(text) = part.as_str() {
            return Part::Is(text);
        }
        let alphabet = table["alphabets"][part[0].as_str().expect("a name")].as_str().expect("letters");
        Part::Of(alphabet, part[1].as_u64().expect("a length") as usize)
    };
    let form = |form: &'static Value| Form {
        rule: form["rule"].as_str().expect("a rule"),
        parts: form["parts"].as_array().expect("parts").iter().map(part).collect(),
        name: form["name"].as_str().unwrap_or("x"),
        inside: form["inside"].as_str().unwrap_or("{}"),
    };
    table["forms"].as_array().expect("forms").iter().map(form).collect()
});

impl Form {
    fn of(rule: &str) -> &'static Self {
        FORMS.iter().find(|form| form.rule == rule).expect("a form of the rule")
    }

    fn value(&self, seed: u64) -> String {
        let parts = self.parts.iter().enumerate();
        parts
            .map(|(at, part)| match part {
                Part::Is(text) => (*text).to_string(),
                Part::Of(alphabet, length) => random(alphabet, *length, seed * 31 + at as u64),
            })
            .collect()
    }
}

fn filtered(path: &str, text: &str) -> Text {
    filter(Path::new(path), text.as_bytes(), &SecretPolicy::default()).expect("text worth parsing")
}

fn places(secrets: &[Secret]) -> Vec<(&'static str, usize)> {
    secrets.iter().map(|secret| (secret.rule, secret.line)).collect()
}

/// `line` holds `value`, which must be replaced; the line before and after must stay.
fn check_hidden(path: &str, line: &str, value: &str, rule: &'static str) {
    let filtered = filtered(path, &format!("first\n{line}\nlast\n"));
    assert_eq!(places(&filtered.secrets.found), [(rule, 2)], "{line}");
    assert_eq!(filtered.text, format!("first\n{}\nlast\n", line.replace(value, &format!("<secret:{rule}>"))));
}

fn check_kept(path: &str, line: &str) {
    let filtered = filtered(path, line);
    assert_eq!((filtered.text.as_str(), places(&filtered.secrets.found)), (line, vec![]));
}

#[test]
fn values_of_known_form_are_hidden_wherever_they_stand() {
    for form in FORMS.iter() {
        let Form { rule, name, inside, .. } = form;
        for seed in 1..4 {
            let value = form.value(seed);
            let text = inside.replace("{}", &value);
            check_hidden("a.ini", &format!("{name} = {text}"), &value, rule);
            check_hidden("a.json", &format!("  \"{name}\": \"{text}\","), &value, rule);
            check_hidden("a.yaml", &format!("{name}: '{text}' # note"), &value, rule);
            check_hidden("a.xml", &format!("<{name}>{text}</{name}>"), &value, rule);
            check_hidden("a.rs", &format!("let {name} = \"{text}\"; // é"), &value, rule);
        }
    }
}

#[test]
fn every_rule_for_a_form_has_a_form() {
    let tested: BTreeSet<_> = FORMS.iter().map(|form| form.rule).collect();
    let rules: BTreeSet<_> = rules().map(|(name, _)| name).collect();
    assert_eq!(rules.difference(&tested).copied().collect::<Vec<_>>(), ["assigned-secret", "private-key"]);
    assert_eq!(tested.difference(&rules).count(), 0);
}

#[test]
fn random_values_assigned_to_secret_names_are_hidden() {
    const RULE: &str = "assigned-secret";
    for seed in 1..30 {
        let value = random(ALNUM, 24, seed);
        if value.chars().filter(char::is_ascii_digit).count() < 2 {
            continue;
        }
        check_hidden("a.py", &format!("DB_PASSWORD = \"{value}\""), &value, RULE);
        check_hidden("a.ts", &format!("const apiKey: string = '{value}';"), &value, RULE);
        check_hidden("a.go", &format!("clientSecret := \"{value}\""), &value, RULE);
        check_hidden("a.json", &format!("\"auth_token\": \"{value}\""), &value, RULE);
        check_hidden("a.rb", &format!(":secret_key => '{value}'"), &value, RULE);
        check_hidden("a.yml", &format!("  password: {value}"), &value, RULE);
        check_hidden("a.sh", &format!("export API_KEY={value}"), &value, RULE);
        check_hidden("Dockerfile", &format!("ENV API_KEY={value}"), &value, RULE);
        check_hidden("web.config", &format!("  <add key=\"ApiKey\" value=\"{value}\" />"), &value, RULE);
        check_hidden("pom.xml", &format!("  <password>{value}</password>"), &value, RULE);
        check_hidden(".env.example", &format!("export API_KEY={value}"), &value, RULE);
    }
    let hex = random(HEX, 32, 3);
    check_hidden("a.php", &format!("$config['secret'] = '{hex}';"), &hex, RULE);
}

#[test]
fn what_only_looks_like_a_secret_is_kept() {
    let sha = random(HEX, 40, 1);
    let value = random(ALNUM, 24, 2);
    for line in [
        format!("commit = \"{sha}\""),
        format!("token_sha256 = \"{}\"", random(HEX, 64, 2)),
        format!("\"integrity\": \"sha512-{}==\"", random(ALNUM, 86, 3)),
        format!("const ID: &str = \"{value}\";"),
        format!("token = \"{}\"", "0b1c9e6c-7b0c-4c1c-9d8e-2f7a1b3c4d5e"),
        format!("let color = \"{value}\";"),
        format!("password = os.environ[\"{value}\"]"),
        format!("AK{}{}", "IA", "IOSFODNN7EXAMPLE"),
        format!("gh{}{}", "p_", "x".repeat(36)),
        format!("gh{}{}", "p_", random(ALNUM, 12, 4)),
    ] {
        check_kept("a.py", &line);
    }
    for line in [
        "password = getPass()",
        "headers = {\"authorization\": \"Basic dXNlcm5hbWU6cGFzc3dvcmQ=\"}",
        "password = \"correct horse battery staple\"",
        "api_key = \"your-api-key-goes-here-123456\"",
        "token: \"spring.datasource.token2.name1\"",
        "secret = \"${SECRET_FROM_ENVIRONMENT_2024}\"",
        "secret_name = \"projects/p1/secrets/database-2024\"",
        "token_url = \"https://host.example.com/oauth2/token\"",
        "postgres://user:password123@db.internal/x",
        "postgres://app:k3yk3yk3y@localhost:5432/x",
        "https://host:8080/path@version",
        "let tokens = tokenize(\"fn main() { 1234567890123456 }\");",
        ".secret-key-container-2024-wrapper { color: red }",
    ] {
        check_kept("a.rb", line);
    }
}

#[test]
fn a_line_can_be_allowed() {
    let value = Form::of("aws-access-key").value(1);
    for mark in ["rcm:allow", "gitleaks:allow"] {
        let line = format!("key = '{value}'  # {mark}");
        check_kept("a.py", &line);
        assert_eq!(places(&filtered("a.py", &line).secrets.allowed), [("aws-access-key", 1)]);
    }
}

fn allowing(fingerprints: &[Fingerprint]) -> SecretPolicy {
    SecretPolicy { mode: SecretMode::Redact, allowed: fingerprints.iter().copied().collect() }
}

#[test]
fn a_fingerprint_allows_one_value_by_one_rule_in_one_file() {
    let (one, two) = (Form::of("stripe-key").value(1), Form::of("stripe-key").value(2));
    let source = format!("a = '{one}'\nb = '{two}'\na = '{one}'\n");
    let secrets = filtered("a.py", &source).secrets.found;
    assert_eq!(secrets[0].fingerprint, secrets[2].fingerprint);
    assert_ne!(secrets[0].fingerprint, secrets[1].fingerprint);
    let policy = allowing(&[secrets[0].fingerprint]);
    let text = filter(Path::new("a.py"), source.as_bytes(), &policy).expect("text");
    assert_eq!(text.text, source.replace(&two, "<secret:stripe-key>"));
    assert_eq!((text.secrets.found.len(), text.secrets.allowed.len()), (1, 2));
    let elsewhere = filter(Path::new("b.py"), source.as_bytes(), &policy).expect("text");
    assert_eq!(elsewhere.secrets.found.len(), 3);
}

#[test]
fn the_mode_decides_what_becomes_of_a_file_with_a_secret() {
    let source = format!("a\nkey = '{}'\n", Form::of("github-token").value(1));
    let check = |mode, allowed: BTreeSet<_>| {
        let policy = SecretPolicy { mode, allowed };
        filter(Path::new("a.py"), source.as_bytes(), &policy).map(|text| text.text == source)
    };
    let none = BTreeSet::new;
    assert_eq!(check(SecretMode::Redact, none()), Ok(false));
    assert_eq!(check(SecretMode::SkipChunk, none()), Ok(false));
    assert_eq!(check(SecretMode::SkipFile, none()), Err(SkipReason::Secrets));
    assert_eq!(check(SecretMode::Off, none()), Ok(true));
    let known = filtered("a.py", &source).secrets.found[0].fingerprint;
    assert_eq!(check(SecretMode::SkipFile, [known].into()), Ok(true));
    let clean = SecretPolicy { mode: SecretMode::SkipFile, allowed: none() };
    assert!(filter(Path::new("a.py"), b"a = 1\n", &clean).is_ok());
}

#[test]
fn the_surer_rule_gives_the_name() {
    let value = Form::of("github-token").value(1);
    check_hidden("a.py", &format!("auth_token = \"{value}\""), &value, "github-token");
}

#[test]
fn several_secrets_on_a_line_are_all_hidden() {
    let (one, two) = (Form::of("aws-access-key").value(1), Form::of("github-token").value(2));
    let filtered = filtered("a.txt", &format!("{one} {two}\n{two}"));
    assert_eq!(filtered.text, "<secret:aws-access-key> <secret:github-token>\n<secret:github-token>");
    assert_eq!(filtered.secrets.found.iter().map(|found| found.line).collect::<Vec<_>>(), [1, 1, 2]);
    assert!(filtered.secrets.found.iter().all(|found| found.confidence == Confidence::High));
}

fn key_block(kind: &str, lines: usize) -> String {
    let body: String = (0..lines).map(|line| random(ALNUM, 64, line as u64 + 1) + "\n").collect();
    let tail = random(ALNUM, 30, 99) + "==";
    format!("-----BEGIN {kind}-----\n{body}{tail}\n-----END {kind}-----\n")
}

#[test]
fn a_key_file_is_skipped_and_a_key_in_a_source_file_hidden() {
    let kind = ["RSA PRIVATE", " KEY"].concat();
    let block = key_block(&kind, 20);
    let policy = SecretPolicy::default();
    for mode in [SecretMode::Redact, SecretMode::Off] {
        let policy = SecretPolicy { mode, allowed: BTreeSet::new() };
        assert_eq!(filter(Path::new("server.txt"), block.as_bytes(), &policy), Err(SkipReason::PrivateKey));
    }
    let found = find_secrets(Path::new("server.txt"), block.as_bytes(), &policy).expect("looked at").found;
    assert_eq!((places(&found), found[0].end_line), (vec![("private-key", 1)], 23));
    let putty = format!("PuTTY-User-Key-File-{}: ssh-rsa\n", 2);
    assert_eq!(filter(Path::new("k"), putty.as_bytes(), &policy), Err(SkipReason::PrivateKey));

    let code = "fn f() {}\n".repeat(200);
    let source = format!("{code}const KEY: &str = \"{block}\";\n{code}");
    let filtered = filtered("a.rs", &source);
    assert_eq!(filtered.text.lines().count(), source.lines().count());
    assert!(block.lines().filter(|line| !line.contains("KEY")).all(|line| !filtered.text.contains(line)));
    assert!(filtered.text.ends_with(&code));
    let found = filtered.secrets.found;
    assert_eq!((places(&found), found[0].end_line), (vec![("private-key", 202)], 222), "one key, one secret");
}

#[test]
fn a_key_on_one_line_with_escapes_is_hidden() {
    let block = key_block(&["PRIVATE", " KEY"].concat(), 20).replace('\n', "\\n");
    let line = format!("{{\"type\": \"service_account\", \"private_key\": \"{block}\"}}\n");
    let filtered = filtered("a.json", &format!("{}{line}", "{\"other\": 1}\n".repeat(200)));
    assert!((1..=20).all(|seed| !filtered.text.contains(&random(ALNUM, 64, seed))), "{}", filtered.text);
    assert!(!filtered.text.contains(&random(ALNUM, 30, 99)));
}

#[test]
fn code_about_keys_is_kept() {
    let kind = ["PRIVATE", " KEY"].concat();
    check_kept(
        "a.go",
        &format!(
            "if has(s, \"-----BEGIN {kind}-----\") {{\n\treturn parseLongIdentifierName(s)\n}}\nconst end = \"-----END {kind}-----\"\n"
        ),
    );
    check_kept(
        "a.go",
        &format!("x := \"-----BEGIN {kind}-----\"\nfor identifierThatIsLong := range other {{\n}}\n"),
    );
}

#[test]
fn files_not_worth_parsing_are_skipped_with_the_reason() {
    let check = |path: &str, bytes: &[u8], reason| {
        assert_eq!(filter(Path::new(path), bytes, &SecretPolicy::default()), Err(reason), "{path}");
    };
    check("a.py", b"", SkipReason::Empty);
    check("a.py", b" \r\n\t\n", SkipReason::Empty);
    check("a.py", b"\xEF\xBB\xBF\n", SkipReason::Empty);
    check("a.py", b"x\0y", SkipReason::Binary);
    check("a.js", "var a=1;".repeat(3_000).as_bytes(), SkipReason::Minified);
    check("a.go", b"// Code generated by x. DO NOT EDIT.\npackage a\n", SkipReason::Generated);
    check("Cargo.lock", b"version = 4\n", SkipReason::Generated);
}

#[test]
fn text_loses_its_bom_and_keeps_its_lines() {
    let policy = SecretPolicy::default();
    let text = filter(Path::new("a.py"), b"\xEF\xBB\xBFa\r\nb\xE9\r\n", &policy).expect("text");
    assert_eq!(text, Text { text: "a\nb\u{FFFD}\n".into(), lossy: true, secrets: Secrets::default() });
    let wide: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("let é;\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(filter(Path::new("a.rs"), &wide, &policy).expect("text").text, "let é;\n");
}

#[test]
fn the_identity_names_version_and_rules() {
    let identity = rules_identity();
    assert!(identity.starts_with(&format!("{RULES_VERSION}-")) && identity.len() >= 18, "{identity}");
    assert_eq!(identity, rules_identity());
}

#[test]
fn this_source_holds_no_secret_and_no_marker() {
    for (path, text) in [
        ("filter.rs", include_str!("filter.rs")),
        ("rules.rs", include_str!("../src/filter/rules.rs")),
        ("generated.rs", include_str!("../src/filter/generated.rs")),
        ("key_block.rs", include_str!("../src/filter/key_block.rs")),
        ("mod.rs", include_str!("../src/filter/mod.rs")),
    ] {
        let filtered = filtered(path, text);
        assert_eq!((filtered.secrets.found, filtered.text == text), (vec![], true), "{path}");
    }
}

proptest! {
    #[test]
    fn redaction_hides_planted_values_and_keeps_the_lines(
        lines in prop::collection::vec("[ -~é🦀\"'=:/@-]{0,60}", 1..20),
        at in any::<prop::sample::Index>(),
        form in any::<prop::sample::Index>(),
        seed in 1_u64..1_000_000,
    ) {
        let form = form.get(&FORMS);
        let value = form.value(seed);
        // One random value in a thousand looks like a placeholder, and is kept as one.
        prop_assume!(value.contains(|c: char| c.is_ascii_digit()) && !value.to_lowercase().contains("xxx"));
        let mut lines = lines;
        let place = at.index(lines.len());
        prop_assume!(!lines[place].contains(":allow"));
        lines[place] = {
            let secret = format!("{} = \"{}\"", form.name, form.inside.replace("{}", &value));
            format!("{} {secret} {}", lines[place], lines[place])
        };
        let source = lines.join("\n");
        let filtered = filtered("a.py", &source);
        prop_assert!(!filtered.text.contains(&value));
        prop_assert_eq!(filtered.text.lines().count(), source.lines().count());
        prop_assert!(filtered.secrets.found.iter().any(|found| found.line == place + 1));
    }

    #[test]
    fn any_bytes_are_filtered_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        text in "(BEGIN PRIVATE KEY|-----|://|:a@b.|token='|eyJ|[A-Za-z0-9/+]{20}|\"|\n|é|\u{FFFD}){0,40}",
    ) {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(filtered) = filter(Path::new("a.yaml"), bytes, &SecretPolicy::default()) {
                prop_assert!(!filtered.text.contains("\r\n"));
                prop_assert!(filtered.secrets.found.is_sorted_by_key(|found| found.line));
            }
        }
    }
}
