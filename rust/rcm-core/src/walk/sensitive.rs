//! Names that say a file holds credentials. Such files are never opened.
//!
//! Only names that hardly any source file bears: `vault*.hcl`, `*.core`, `*.asc` (`AsciiDoc`), `*.db` and any file
//! named `shadow` would cost real sources, so those are left to the content rules (binary, private key, secrets).

use std::path::Path;

/// One kind of name. All text is lower case; names are compared in lower case.
enum Rule {
    /// The whole file name.
    Name(&'static str),
    /// What follows the last dot.
    Extension(&'static str),
    /// Start of the file name; nothing but a suffix of digits, words and `-`/`_` without a dot may follow.
    Stem(&'static str),
    /// Start and end of the file name.
    Between(&'static str, &'static str),
    /// A part of the file name, and its end.
    Contains(&'static str, &'static str),
    /// A file directly in a folder of that name.
    In(&'static str, &'static str),
    /// Any file below a folder of that name.
    Below(&'static str),
}

use Rule::{Below, Between, Contains, Extension, In, Name, Stem};

#[rustfmt::skip]
const RULES: &[Rule] = &[
    // Environment files of twelve-factor tools.
    Name(".env"), Between(".env.", ""), Name(".envrc.local"),
    // Keys, key stores and certificates with keys.
    Extension("pem"), Extension("key"), Extension("p12"), Extension("pfx"), Extension("jks"), Extension("keystore"),
    Extension("kdbx"), Extension("kdb"), Extension("ppk"), Extension("pkcs12"), Extension("p8"),
    Stem("id_rsa"), Stem("id_dsa"), Stem("id_ecdsa"), Stem("id_ed25519"), Stem("id_xmss"),
    Below(".ssh"), Below(".gnupg"), Name("secring.gpg"),
    Extension("ovpn"), Extension("mobileprovision"), Name("wallet.dat"),
    // Logins of command line tools.
    Name(".netrc"), Name("_netrc"), Name(".authinfo"), Name(".npmrc"), Name(".pypirc"), Name(".git-credentials"),
    Name(".dockercfg"), In(".docker", "config.json"), In(".cargo", "credentials"), In(".cargo", "credentials.toml"),
    In(".gem", "credentials"), In(".composer", "auth.json"), In("gh", "hosts.yml"), Name(".s3cfg"), Name(".boto"),
    Name(".pgpass"), Name("pgpass.conf"), Name(".my.cnf"), Name(".mylogin.cnf"), Name(".htpasswd"),
    Name("rclone.conf"), Name(".vault-token"), Name(".terraformrc"), Name("terraform.rc"),
    Name("credentials.tfrc.json"),
    // Clouds and clusters.
    In(".aws", "credentials"), In(".aws", "config"), In(".azure", "accesstokens.json"),
    In(".azure", "azureprofile.json"), In(".azure", "msal_token_cache.json"), In(".kube", "config"),
    Name("kubeconfig"), Name("kubeconfig.yaml"), Name("kubeconfig.yml"), Name("kubeconfig.json"),
    Extension("kubeconfig"), Name("application_default_credentials.json"), Below("legacy_credentials"),
    Contains("service-account", ".json"), Contains("service_account", ".json"), Contains("", "credentials.json"),
    Between("client_secret", ".json"),
    Extension("tfstate"), Contains(".tfstate.", ""), Extension("tfvars"), Contains("", ".tfvars.json"),
    // Secrets of frameworks.
    In("config", "credentials.yml.enc"), Name("secrets.yml"), Name("secrets.yaml"), Name("secrets.json"),
    Name("secrets.toml"), Extension("secret"),
    // What people and programs typed, sent or had in memory.
    Between(".", "_history"), Extension("har"), Extension("pcap"), Extension("pcapng"), Extension("hprof"),
    Extension("heapsnapshot"), Name("erl_crash.dump"), In("etc", "shadow"), In("etc", "gshadow"),
    Extension("sqlite"), Extension("sqlite3"),
];

/// Parts between dots that mark a file to be copied and filled in, or the public half of a key pair.
const HARMLESS: &[&str] =
    &["example", "examples", "sample", "template", "tmpl", "tpl", "dist", "j2", "erb", "pub", "schema"];

/// Endings of copies; the name before them decides.
const COPIES: &[&str] = &[".bak", ".backup", ".old", ".orig", ".save", "~"];

/// Extensions of program text: `.env.ts` is a module, `id_rsa.go` a program.
const CODE: &[&str] = &[
    "c", "cc", "cpp", "cs", "ex", "exs", "go", "h", "hpp", "java", "js", "jsx", "kt", "lua", "md", "mjs",
    "php", "py", "rb", "rs", "rst", "scala", "swift", "ts", "tsx", "vue", "zig",
];

/// Whether the name of the file at `path` (relative to the root) says that it holds credentials.
pub fn is_sensitive(path: &Path) -> bool {
    let Some(name) = path.file_name() else { return false };
    let mut name = name.to_string_lossy().to_ascii_lowercase();
    while let Some(original) = COPIES.iter().find_map(|copy| name.strip_suffix(copy)) {
        name = original.to_string();
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if CODE.contains(&extension) || name.split('.').skip(1).any(|part| HARMLESS.contains(&part)) {
        return false;
    }
    let folders: Vec<String> = path
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .map(|part| part.as_os_str().to_string_lossy().to_ascii_lowercase())
        .collect();
    let folder = folders.last().map_or("", String::as_str);
    // Charts of Kubernetes packages: `templates/secrets.yaml` holds placeholders, by design.
    let is_chart = folder == "templates";
    RULES.iter().any(|rule| match *rule {
        Name(whole) => name == whole && !is_chart,
        Extension(text) => extension == text,
        Stem(start) => name.strip_prefix(start).is_some_and(|rest| !rest.contains('.')),
        Between(start, end) => {
            name.len() > start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        Contains(part, end) => name.ends_with(end) && name.contains(part),
        In(parent, whole) => folder == parent && name == whole,
        Below(parent) => folders.iter().any(|folder| folder == parent),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[&str], expected: bool) {
        for path in paths {
            assert_eq!(is_sensitive(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn names_of_credential_files_are_sensitive() {
        check(
            &[".env", "app/.env.production", "tls/server.pem", "Server.KEY", "a.p12", "x.jks", "db.kdbx"],
            true,
        );
        check(
            &["id_rsa", "home/id_ed25519_work", "id_rsa.bak", ".ssh/config", ".gnupg/x/y", "id_ecdsa~"],
            true,
        );
        check(
            &[
                ".netrc",
                ".npmrc",
                ".docker/config.json",
                ".kube/config",
                "prod.kubeconfig",
                ".AWS/Credentials",
            ],
            true,
        );
        check(&["gcp-service-account-prod.json", "credentials.json", "my-credentials.json"], true);
        check(
            &["client_secret_12.apps.json", "terraform.tfstate", "terraform.tfstate.backup", "prod.tfvars"],
            true,
        );
        check(
            &["config/credentials.yml.enc", "config/secrets.yml", ".bash_history", "trace.har", "etc/shadow"],
            true,
        );
        check(&["a.tfstate.1.bak.old", "config/master.key"], true);
    }

    #[test]
    fn templates_and_public_halves_are_not() {
        check(&[".env.example", ".env.sample", ".env.template", ".env.dist", ".env.local.example"], false);
        check(&["id_rsa.pub", ".ssh/id_ed25519.pub", "secrets.example.yml", "prod.tfvars.sample"], false);
        check(&["chart/templates/secrets.yaml", "secrets.yml.erb"], false);
    }

    #[test]
    fn source_files_are_not() {
        check(
            &["src/env.rs", ".env.d.ts", "id_rsa.go", "id_rsa_test.py", "shadow", "src/shadow/mod.rs"],
            false,
        );
        check(&["vault.hcl", "vault-policy.hcl", "a.core", "core", "data.db", "guide.asc", "keys.rs"], false);
        check(
            &["credentials.py", "credentials_test.go", "service_account.rs", "kubeconfig.go", "auth.json"],
            false,
        );
        check(
            &["history.py", "src/command_history", ".azure/pipelines.yml", "gcloud/deploy.sh", "key", "pem"],
            false,
        );
        check(&[".ssh/README.md", "environment", "env", ".envrc", "tokens.json", "secret.go", ""], false);
    }
}
