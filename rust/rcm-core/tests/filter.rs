//! What the filter lets through and what it hides. Every value that looks like a secret is put together at run time.

use std::path::Path;

use proptest::prelude::*;
use rcm_core::filter::{RULES_VERSION, Redaction, Text, filter, rules_identity};
use rcm_core::skip::SkipReason;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const HEX: &str = "0123456789abcdef";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Bech32's alphabet, upper case.
const BECH32: &str = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

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

/// Rule, parts of the value: literal text, or alphabet and length.
enum Part {
    Is(&'static str),
    Of(&'static str, usize),
}
use Part::{Is, Of};

#[rustfmt::skip]
const FORMS: &[(&str, &[Part])] = &[
    ("aws-access-key", &[Is("AK"), Is("IA"), Of(UPPER, 16)]),
    ("google-api-key", &[Is("AI"), Is("za"), Of(ALNUM, 35)]),
    ("google-oauth-secret", &[Is("GOC"), Is("SPX-"), Of(ALNUM, 28)]),
    ("google-oauth-token", &[Is("ya"), Is("29."), Of(ALNUM, 60)]),
    ("digitalocean-token", &[Is("dop"), Is("_v1_"), Of(HEX, 64)]),
    ("heroku-token", &[Is("HR"), Is("KU-AA"), Of(ALNUM, 58)]),
    ("cloudflare-origin-key", &[Is("v1"), Is(".0-"), Of(HEX, 24), Is("-"), Of(HEX, 146)]),
    ("fly-token", &[Is("fo"), Is("1_"), Of(ALNUM, 43)]),
    ("netlify-token", &[Is("nf"), Is("p_"), Of(ALNUM, 36)]),
    ("supabase-token", &[Is("sb"), Is("p_"), Of(HEX, 40)]),
    ("planetscale-token", &[Is("psc"), Is("ale_tkn_"), Of(ALNUM, 43)]),
    ("pulumi-token", &[Is("pu"), Is("l-"), Of(HEX, 40)]),
    ("terraform-cloud-token", &[Of(ALNUM, 14), Is(".atl"), Is("asv1."), Of(ALNUM, 67)]),
    ("vault-token", &[Is("hv"), Is("s."), Of(ALNUM, 95)]),
    ("databricks-token", &[Is("da"), Is("pi"), Of(HEX, 32)]),
    ("dynatrace-token", &[Is("dt0"), Is("c01."), Of(UPPER, 24), Is("."), Of(UPPER, 64)]),
    ("doppler-token", &[Is("dp"), Is(".pt."), Of(ALNUM, 43)]),
    ("github-token", &[Is("gh"), Is("p_"), Of(ALNUM, 36)]),
    ("github-fine-grained-token", &[Is("github"), Is("_pat_"), Of(ALNUM, 22), Is("_"), Of(ALNUM, 59)]),
    ("gitlab-token", &[Is("gl"), Is("pat-"), Of(ALNUM, 20)]),
    ("npm-token", &[Is("np"), Is("m_"), Of(ALNUM, 36)]),
    ("pypi-token", &[Is("py"), Is("pi-AgE"), Of(ALNUM, 120)]),
    ("rubygems-token", &[Is("ruby"), Is("gems_"), Of(HEX, 48)]),
    ("crates-io-token", &[Is("ci"), Is("o"), Of(ALNUM, 32)]),
    ("docker-token", &[Is("dckr"), Is("_pat_"), Of(ALNUM, 27)]),
    ("artifactory-key", &[Is("AK"), Is("Cp"), Of(ALNUM, 69)]),
    ("circleci-token", &[Is("CCI"), Is("PAT_"), Of(ALNUM, 22), Is("_"), Of(HEX, 40)]),
    ("buildkite-token", &[Is("bk"), Is("ua_"), Of(HEX, 40)]),
    ("atlassian-token", &[Is("ATA"), Is("TT3"), Of(ALNUM, 186)]),
    ("linear-key", &[Is("lin"), Is("_api_"), Of(ALNUM, 40)]),
    ("sentry-token", &[Is("sntr"), Is("yu_"), Of(HEX, 64)]),
    ("postman-key", &[Is("PM"), Is("AK-"), Of(HEX, 24), Is("-"), Of(HEX, 34)]),
    ("grafana-token", &[Is("gl"), Is("sa_"), Of(ALNUM, 32), Is("_"), Of(HEX, 8)]),
    ("newrelic-key", &[Is("NR"), Is("AK-"), Of(UPPER, 27)]),
    ("openai-key", &[Is("sk-"), Is("proj-"), Of(ALNUM, 120)]),
    ("openai-key", &[Is("sk-"), Of(ALNUM, 20), Is("T3Blb"), Is("kFJ"), Of(ALNUM, 20)]),
    ("anthropic-key", &[Is("sk-"), Is("ant-api03-"), Of(ALNUM, 95)]),
    ("huggingface-token", &[Is("h"), Is("f_"), Of(LOWER, 34)]),
    ("groq-key", &[Is("gs"), Is("k_"), Of(ALNUM, 52)]),
    ("replicate-token", &[Is("r"), Is("8_"), Of(ALNUM, 37)]),
    ("perplexity-key", &[Is("pp"), Is("lx-"), Of(ALNUM, 48)]),
    ("slack-token", &[Is("xo"), Is("xb-"), Is("123456789012-1234567890123-"), Of(ALNUM, 24)]),
    ("telegram-bot-token", &[Is("1234567890:"), Is("AA"), Of(ALNUM, 33)]),
    ("sendgrid-key", &[Is("S"), Is("G."), Of(ALNUM, 22), Is("."), Of(ALNUM, 43)]),
    ("mailgun-key", &[Is("ke"), Is("y-"), Of(HEX, 32)]),
    ("mailchimp-key", &[Of(HEX, 32), Is("-u"), Is("s12")]),
    ("brevo-key", &[Is("xkey"), Is("sib-"), Of(HEX, 64), Is("-"), Of(ALNUM, 16)]),
    ("notion-token", &[Is("nt"), Is("n_"), Of(ALNUM, 46)]),
    ("figma-token", &[Is("fi"), Is("gd_"), Of(ALNUM, 40)]),
    ("contentful-token", &[Is("CF"), Is("PAT-"), Of(ALNUM, 43)]),
    ("typeform-token", &[Is("tf"), Is("p_"), Of(ALNUM, 44)]),
    ("stripe-key", &[Is("sk_"), Is("live_"), Of(ALNUM, 24)]),
    ("stripe-webhook-secret", &[Is("wh"), Is("sec_"), Of(ALNUM, 32)]),
    ("shopify-token", &[Is("shp"), Is("at_"), Of(HEX, 32)]),
    ("square-token", &[Is("sq0"), Is("atp-"), Of(ALNUM, 22)]),
    ("easypost-key", &[Is("EZ"), Is("AK"), Of(ALNUM, 54)]),
    ("braintree-token", &[Is("access"), Is("_token$production$"), Of(HEX, 16), Is("$"), Of(HEX, 32)]),
    ("age-secret-key", &[Is("AGE-SECRET"), Is("-KEY-1"), Of(BECH32, 58)]),
    ("json-web-token", &[Is("ey"), Is("J"), Of(ALNUM, 33), Is(".ey"), Is("J"), Of(ALNUM, 60), Is("."), Of(ALNUM, 43)]),
];

fn secret(parts: &[Part], seed: u64) -> String {
    let parts = parts.iter().enumerate();
    parts
        .map(|(at, part)| match part {
            Is(text) => (*text).to_string(),
            Of(alphabet, length) => random(alphabet, *length, seed * 31 + at as u64),
        })
        .collect()
}

fn filtered(path: &str, text: &str) -> Text {
    filter(Path::new(path), text.as_bytes()).expect("text worth parsing")
}

/// `line` holds `value`, which must be replaced; the line before and after must stay.
fn check_hidden(path: &str, line: &str, value: &str, rule: &'static str) {
    let filtered = filtered(path, &format!("first\n{line}\nlast\n"));
    assert_eq!(filtered.redactions, [Redaction { rule, line: 2 }], "{line}");
    assert_eq!(filtered.text, format!("first\n{}\nlast\n", line.replace(value, &format!("<secret:{rule}>"))));
}

fn check_kept(path: &str, line: &str) {
    let filtered = filtered(path, line);
    assert_eq!((filtered.text.as_str(), filtered.redactions.as_slice()), (line, [].as_slice()));
}

#[test]
fn values_of_known_form_are_hidden_wherever_they_stand() {
    for (rule, parts) in FORMS {
        for seed in 1..4 {
            let value = secret(parts, seed);
            check_hidden("a.ini", &format!("x = {value}"), &value, rule);
            check_hidden("a.json", &format!("  \"x\": \"{value}\","), &value, rule);
            check_hidden("a.yaml", &format!("x: '{value}' # note"), &value, rule);
            check_hidden("a.xml", &format!("<x>{value}</x>"), &value, rule);
            check_hidden("a.rs", &format!("call(&[\"{value}\"]);"), &value, rule);
            check_hidden("a.md", &format!("Use `{value}` for é."), &value, rule);
        }
    }
}

#[test]
fn values_that_need_their_surroundings_are_hidden() {
    let key = random(ALNUM, 40, 5);
    check_hidden("a.py", &format!("aws_secret_access_key = \"{key}\""), &key, "aws-secret-key");
    check_hidden("config", &format!("aws_secret_access_key={key}"), &key, "aws-secret-key");
    let account = random(ALNUM, 86, 6) + "==";
    check_hidden(
        "a.cs",
        &format!("\"AccountName=a;AccountKey={account};X=y\""),
        &account,
        "azure-storage-key",
    );
    let hook = format!("T{}/B{}/{}", random(UPPER, 9, 7), random(UPPER, 9, 8), random(ALNUM, 24, 9));
    check_hidden("a.sh", &format!("curl https://hooks.slack.com/services/{hook}"), &hook, "slack-webhook");
    let bearer = random(ALNUM, 40, 10);
    check_hidden(
        "a.js",
        &format!("headers: {{ Authorization: 'Bearer {bearer}' }}"),
        &bearer,
        "authorization-header",
    );
    let password = random(ALNUM, 18, 11);
    check_hidden(
        "a.env",
        &format!("DB=postgres://app:{password}@db.internal:5432/x"),
        &password,
        "url-password",
    );
    let twilio = random(HEX, 32, 12);
    check_hidden("a.rb", &format!("TWILIO_AUTH = '{twilio}'"), &twilio, "twilio-key");
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
    let value = secret(FORMS[0].1, 1);
    for mark in ["rcm:allow", "gitleaks:allow"] {
        check_kept("a.py", &format!("key = '{value}'  # {mark}"));
    }
}

#[test]
fn several_secrets_on_a_line_are_all_hidden() {
    let (one, two) = (secret(FORMS[0].1, 1), secret(FORMS[17].1, 2));
    let filtered = filtered("a.txt", &format!("{one} {two}\n{two}"));
    assert_eq!(filtered.text, "<secret:aws-access-key> <secret:github-token>\n<secret:github-token>");
    assert_eq!(filtered.redactions.iter().map(|found| found.line).collect::<Vec<_>>(), [1, 1, 2]);
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
    assert_eq!(filter(Path::new("server.txt"), block.as_bytes()), Err(SkipReason::PrivateKey));
    let putty = format!("PuTTY-User-Key-File-{}: ssh-rsa\n", 2);
    assert_eq!(filter(Path::new("k"), putty.as_bytes()), Err(SkipReason::PrivateKey));

    let code = "fn f() {}\n".repeat(200);
    let source = format!("{code}const KEY: &str = \"{block}\";\n{code}");
    let filtered = filtered("a.rs", &source);
    assert_eq!(filtered.text.lines().count(), source.lines().count());
    assert!(block.lines().filter(|line| !line.contains("KEY")).all(|line| !filtered.text.contains(line)));
    assert!(filtered.text.ends_with(&code));
    assert_eq!(filtered.redactions.len(), 21);
    assert_eq!(filtered.redactions[0], Redaction { rule: "private-key", line: 202 });
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
    let check =
        |path: &str, bytes: &[u8], reason| assert_eq!(filter(Path::new(path), bytes), Err(reason), "{path}");
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
    let text = filter(Path::new("a.py"), b"\xEF\xBB\xBFa\r\nb\xE9\r\n").expect("text");
    assert_eq!(text, Text { text: "a\nb\u{FFFD}\n".into(), lossy: true, redactions: vec![] });
    let wide: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("let é;\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(filter(Path::new("a.rs"), &wide).expect("text").text, "let é;\n");
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
        assert_eq!((filtered.redactions, filtered.text == text), (vec![], true), "{path}");
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
        let value = secret(form.get(FORMS).1, seed);
        let mut lines = lines;
        let place = at.index(lines.len());
        prop_assume!(!lines[place].contains(":allow"));
        lines[place] = format!("{} \"{value}\" {}", lines[place], lines[place]);
        let source = lines.join("\n");
        let filtered = filtered("a.py", &source);
        prop_assert!(!filtered.text.contains(&value));
        prop_assert_eq!(filtered.text.lines().count(), source.lines().count());
        prop_assert!(filtered.redactions.iter().any(|found| found.line == place + 1));
    }

    #[test]
    fn any_bytes_are_filtered_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        text in "(BEGIN PRIVATE KEY|-----|://|:a@b.|token='|eyJ|[A-Za-z0-9/+]{20}|\"|\n|é|\u{FFFD}){0,40}",
    ) {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(filtered) = filter(Path::new("a.yaml"), bytes) {
                prop_assert!(!filtered.text.contains("\r\n"));
                prop_assert!(filtered.redactions.is_sorted_by_key(|found| found.line));
            }
        }
    }
}
