//! All rules in one table: what vendors publish about prefix, alphabet and length of their keys, and two that
//! belong to no vendor, private key blocks and random values assigned to secret names.
//!
//! A table of facts. A rule is tried only on lines that hold one of its keywords.

use super::proof::Proof;
use super::{assignment, key_block};

/// To be raised whenever a rule or the code around the rules changes what is redacted: indexes are then rebuilt.
pub const RULES_VERSION: u32 = 2;

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The form itself tells: a vendor's prefix, alphabet and length, a key block, a password in a URL.
    High,
    /// A random value assigned to a name that says secret.
    Generic,
}

impl Confidence {
    /// The stable name used in reports and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Generic => "generic",
        }
    }
}

/// How a rule finds its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detector {
    /// By their form on a line: `pattern` matches bytes, group 1 is the value, which must pass `proof`.
    Form { pattern: &'static str, proof: Proof },
    /// By the armour around a private key.
    KeyBlock,
    /// By the name that they are assigned to.
    Assignment,
}

/// One kind of secret.
pub(super) struct Rule {
    /// The name that stands in the text instead of the value.
    pub(super) name: &'static str,
    /// How sure its findings are.
    pub(super) confidence: Confidence,
    /// Lower-case ASCII; the line must hold one of them, in any case.
    pub(super) keywords: &'static [&'static str],
    /// How it finds values.
    pub(super) detector: Detector,
}

const fn rule(name: &'static str, keywords: &'static [&'static str], pattern: &'static str) -> Rule {
    let detector = Detector::Form { pattern, proof: Proof::NoRow };
    Rule { name, confidence: Confidence::High, keywords, detector }
}

impl Rule {
    const fn with(self, proof: Proof) -> Self {
        match self.detector {
            Detector::Form { pattern, .. } => Self { detector: Detector::Form { pattern, proof }, ..self },
            _ => self,
        }
    }
}

/// Name and confidence of every rule, in the order of the table.
pub fn rules() -> impl ExactSizeIterator<Item = (&'static str, Confidence)> {
    RULES.iter().map(|rule| (rule.name, rule.confidence))
}

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // Clouds.
    rule("aws-access-key", &["akia", "asia", "abia", "acca"], r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b").with(Proof::NoExample),
    rule("aws-secret-key", &["aws", "secretaccesskey", "secret_access_key"],
        r#"(?i)(?:aws.{0,20}(?:secret|private).{0,20}key|secret_?access_?key)["'\]]{0,3}\s*(?::\s*[a-z_&<>'.]{1,30}\s*)?(?:=>|:=|=|:|,|>|["']?\s+value=)\s*["'`]?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#).with(Proof::RandomKey),
    rule("google-api-key", &["aiza"], r"\b(AIza[0-9A-Za-z_\-]{35})(?:[^0-9A-Za-z_\-]|$)"),
    rule("google-oauth-secret", &["gocspx-"], r"\b(GOCSPX-[A-Za-z0-9_\-]{28})"),
    rule("google-oauth-token", &["ya29."], r"\b(ya29\.[A-Za-z0-9_\-]{30,})"),
    rule("azure-storage-key", &["accountkey="], r"(?i)AccountKey=([A-Za-z0-9+/]{86}==)"),
    rule("azure-shared-access-key", &["sharedaccesskey="], r"(?i)SharedAccessKey=([A-Za-z0-9+/]{43}=)"),
    rule("azure-sas-signature", &["sig="], r"[?&;]sig=([A-Za-z0-9%+/]{43,60}(?:%3[dD]|=))"),
    rule("azure-client-secret", &["q~"], r"(?:^|[^A-Za-z0-9_~.\-])([A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.\-]{31,34})(?:[^A-Za-z0-9_~.\-]|$)"),
    rule("digitalocean-token", &["dop_v1_", "doo_v1_", "dor_v1_"], r"\b(do[opr]_v1_[0-9a-f]{64})\b"),
    rule("heroku-token", &["hrku-"], r"\b(HRKU-[A-Za-z0-9_\-]{36,70})"),
    rule("cloudflare-origin-key", &["v1.0-"], r"\b(v1\.0-[0-9a-f]{24}-[0-9a-f]{146})\b"),
    rule("fly-token", &["fo1_", "fm2_", "fm1r_"], r"\b(fo1_[A-Za-z0-9_\-]{43}|fm1r_[A-Za-z0-9+/]{100,}={0,2}|fm2_[A-Za-z0-9+/]{100,}={0,2})"),
    rule("netlify-token", &["nfp_"], r"\b(nfp_[A-Za-z0-9]{36,40})\b"),
    rule("supabase-token", &["sbp_"], r"\b(sbp_[0-9a-f]{40})\b"),
    rule("planetscale-token", &["pscale_"], r"\b(pscale_(?:tkn|oauth|pw)_[A-Za-z0-9_.=\-]{32,64})"),
    rule("pulumi-token", &["pul-"], r"\b(pul-[0-9a-f]{40})\b"),
    rule("terraform-cloud-token", &[".atlasv1."], r"\b([A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=\-]{60,80})"),
    rule("vault-token", &["hvs.", "hvb.", "hvr."], r"\b(hv[sbr]\.[A-Za-z0-9_\-]{24,})"),
    rule("databricks-token", &["dapi"], r"\b(dapi[0-9a-f]{32}(?:-[0-9])?)\b"),
    rule("dynatrace-token", &["dt0c01."], r"\b(dt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64})\b"),
    rule("doppler-token", &["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."],
        r"\b(dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_\-]{2,35}\.)?[A-Za-z0-9]{40,44})\b"),
    rule("alibaba-access-key", &["ltai"], r"\b(LTAI[A-Za-z0-9]{12,24})\b").with(Proof::RandomForm),
    rule("openshift-token", &["sha256~"], r"\b(sha256~[A-Za-z0-9_\-]{43})(?:[^A-Za-z0-9_\-]|$)"),
    rule("tailscale-key", &["tskey-"], r"\b(tskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,40})\b"),
    rule("neon-key", &["napi_"], r"\b(napi_[a-z0-9]{64})\b"),
    rule("mongodb-atlas-key", &["mdb_sa_sk_"], r"\b(mdb_sa_sk_[A-Za-z0-9_\-]{40,60})"),
    rule("prefect-key", &["pnu_"], r"\b(pnu_[A-Za-z0-9]{36})\b"),
    rule("infracost-key", &["ico-"], r"\b(ico-[A-Za-z0-9]{32})\b"),
    rule("one-password-token", &["ops_eyj"], r"\b(ops_eyJ[A-Za-z0-9+/_\-]{200,}={0,2})"),
    // Code hosts and package registries.
    rule("github-token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"\b(gh[pousr]_[A-Za-z0-9]{36,251})\b"),
    rule("github-fine-grained-token", &["github_pat_"], r"\b(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b"),
    rule("gitlab-token", &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "glsoat-", "gloas-"],
        r"\b(gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas)-[A-Za-z0-9_\-]{20,64})"),
    rule("npm-token", &["npm_"], r"\b(npm_[A-Za-z0-9]{36})\b"),
    rule("pypi-token", &["pypi-age"], r"\b(pypi-AgE[A-Za-z0-9_\-]{60,})"),
    rule("rubygems-token", &["rubygems_"], r"\b(rubygems_[0-9a-f]{48})\b"),
    rule("crates-io-token", &["cio"], r"\b(cio[A-Za-z0-9]{32})\b"),
    rule("docker-token", &["dckr_pat_", "dckr_oat_"], r"\b(dckr_[po]at_[A-Za-z0-9_\-]{27,})"),
    rule("artifactory-key", &["akcp"], r"\b(AKCp[A-Za-z0-9]{60,})\b"),
    rule("circleci-token", &["ccipat_"], r"\b(CCIPAT_[A-Za-z0-9]{22}_[0-9a-f]{40})\b"),
    rule("buildkite-token", &["bkua_"], r"\b(bkua_[0-9a-f]{40})\b"),
    rule("atlassian-token", &["atatt3", "atctt3"], r"\b(AT[AC]TT3[A-Za-z0-9_=\-]{100,})"),
    rule("linear-key", &["lin_api_"], r"\b(lin_api_[A-Za-z0-9]{40})\b"),
    rule("sentry-token", &["sntrys_", "sntryu_"], r"\b(sntrys_[A-Za-z0-9+/=_]{80,}|sntryu_[0-9a-f]{64})"),
    rule("sourcegraph-token", &["sgp_"], r"\b(sgp_(?:[0-9a-fA-F]{16}_|local_)?[0-9a-fA-F]{40})\b"),
    rule("clojars-token", &["clojars_"], r"\b(CLOJARS_[a-z0-9]{60})\b"),
    rule("posthog-key", &["phx_"], r"\b(phx_[A-Za-z0-9]{43,50})\b"),
    rule("readme-key", &["rdme_"], r"\b(rdme_[a-z0-9]{70})\b"),
    rule("postman-key", &["pmak-"], r"\b(PMAK-[0-9a-f]{24}-[0-9a-f]{34})\b"),
    rule("grafana-token", &["glsa_", "glc_"], r"\b(glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/]{32,}={0,2})"),
    rule("newrelic-key", &["nrak-", "nrii-", "nrjs-"], r"\b(NRAK-[A-Z0-9]{27}|NRII-[A-Za-z0-9_\-]{32}|NRJS-[a-f0-9]{19})"),
    // Models.
    rule("openai-key", &["sk-proj-", "sk-svcacct-", "sk-admin-", "t3blbkfj"],
        r"\b(sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_\-]{40,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}))"),
    rule("anthropic-key", &["sk-ant-"], r"\b(sk-ant-[a-z]{2,8}[0-9]{2}-[A-Za-z0-9_\-]{80,})"),
    rule("huggingface-token", &["hf_", "api_org_"], r"\b((?:hf|api_org)_[A-Za-z]{34})\b"),
    rule("groq-key", &["gsk_"], r"\b(gsk_[A-Za-z0-9]{52})\b"),
    rule("replicate-token", &["r8_"], r"\b(r8_[A-Za-z0-9]{37})\b"),
    rule("perplexity-key", &["pplx-"], r"\b(pplx-[A-Za-z0-9]{48})\b"),
    rule("openrouter-key", &["sk-or-v1-"], r"\b(sk-or-v1-[0-9a-f]{64})\b"),
    rule("xai-key", &["xai-"], r"\b(xai-[A-Za-z0-9]{80})\b"),
    rule("nvidia-key", &["nvapi-"], r"\b(nvapi-[A-Za-z0-9_\-]{60,70})"),
    rule("langsmith-key", &["lsv2_"], r"\b(lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10})\b"),
    rule("pinecone-key", &["pcsk_"], r"\b(pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{50,70})\b"),
    // Messages and mail.
    rule("slack-token", &["xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-", "xoxe-", "xoxe.", "xoxo-", "xapp-"],
        r"\b(xox[abeoprs][\-.](?:[A-Za-z0-9]{1,13}-){1,4}[A-Za-z0-9]{16,}|xapp-[0-9]-[A-Z0-9]{8,14}-[0-9]{8,16}-[a-f0-9]{40,})"),
    rule("slack-webhook", &["hooks.slack.com"],
        r"hooks\.slack\.com/(?:services|workflows)/(T[A-Z0-9]{6,14}/[A-Z0-9]{6,14}/[A-Za-z0-9/]{16,64})"),
    rule("discord-webhook", &["api/webhooks/"], r"discord(?:app)?\.com/api/webhooks/([0-9]{15,21}/[A-Za-z0-9_\-]{60,80})"),
    rule("discord-bot-token", &["discord"], r"\b([MNO][A-Za-z0-9_\-]{23,27}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,40})"),
    rule("telegram-bot-token", &[":aa"], r"\b([0-9]{8,10}:AA[A-Za-z0-9_\-]{33})(?:[^A-Za-z0-9_\-]|$)"),
    rule("twilio-key", &["twilio"], r"(?i:twilio.{0,20}(?:auth|key|secret|sid|token).{0,12})[^A-Za-z0-9]((?:SK)?[0-9a-f]{32})\b"),
    rule("sendgrid-key", &["sg."], r"\b(SG\.[A-Za-z0-9_\-]{22}\.[A-Za-z0-9_\-]{43})"),
    rule("mailgun-key", &["key-"], r"(?:^|[^A-Za-z0-9_\-])(key-[0-9a-f]{32})(?:[^A-Za-z0-9_\-]|$)"),
    rule("mailchimp-key", &["-us1", "-us2", "-us3", "-us4", "-us5", "-us6", "-us7", "-us8", "-us9"],
        r"\b([0-9a-f]{32}-us[0-9]{1,2})\b"),
    rule("brevo-key", &["xkeysib-"], r"\b(xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16})\b"),
    rule("notion-token", &["ntn_", "secret_"], r"\b(ntn_[A-Za-z0-9]{40,50}|secret_[A-Za-z0-9]{43})\b").with(Proof::RandomKey),
    rule("airtable-token", &["airtable"], r"\b(pat[A-Za-z0-9]{14}\.[0-9a-f]{64})\b"),
    rule("figma-token", &["figd_"], r"\b(figd_[A-Za-z0-9_\-]{40})"),
    rule("contentful-token", &["cfpat-"], r"\b(CFPAT-[A-Za-z0-9_\-]{43})"),
    rule("typeform-token", &["tfp_"], r"\b(tfp_[A-Za-z0-9_.=\-]{40,64})"),
    rule("adobe-secret", &["p8e-"], r"\b(p8e-[A-Za-z0-9_\-]{32})(?:[^A-Za-z0-9_\-]|$)"),
    rule("mapbox-secret-token", &["sk.eyj"], r"\b(sk\.eyJ[A-Za-z0-9_\-]{40,120}\.[A-Za-z0-9_\-]{22})"),
    rule("facebook-token", &["eaac", "eaam"], r"\b(EAA[CM][A-Za-z0-9]{90,250})\b"),
    rule("frame-io-token", &["fio-u-"], r"\b(fio-u-[A-Za-z0-9_=\-]{64})"),
    rule("dropbox-token", &["sl.u."], r"\b(sl\.u\.[A-Za-z0-9_\-]{100,})"),
    // Money and shops.
    rule("stripe-key", &["sk_live_", "sk_test_", "rk_live_", "rk_test_"], r"\b([sr]k_(?:live|test)_[A-Za-z0-9]{16,247})\b"),
    rule("stripe-webhook-secret", &["whsec_"], r"\b(whsec_[A-Za-z0-9+/]{32,64}={0,2})"),
    rule("shopify-token", &["shpat_", "shpca_", "shppa_", "shpss_"], r"\b(shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32})\b"),
    rule("square-token", &["sq0atp-", "sq0csp-"], r"\b(sq0(?:atp|csp)-[A-Za-z0-9_\-]{22,43})"),
    rule("easypost-key", &["ezak", "eztk"], r"\b(EZ[AT]K[A-Za-z0-9]{54})\b"),
    rule("braintree-token", &["access_token$"], r"(access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32})\b"),
    rule("plaid-token", &["access-production-", "access-sandbox-", "access-development-"],
        r"\b(access-(?:production|sandbox|development)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b"),
    rule("shippo-token", &["shippo_"], r"\b(shippo_(?:live|test)_[0-9a-fA-F]{40})\b"),
    rule("duffel-token", &["duffel_"], r"\b(duffel_(?:live|test)_[A-Za-z0-9_=\-]{43})"),
    rule("flutterwave-key", &["flwseck"], r"\b(FLWSECK(?:_TEST)?-[0-9a-hA-H]{32}-X)\b"),
    // Forms that belong to no vendor.
    rule("age-secret-key", &["age-secret-key-1"], r"\b(AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58})\b"),
    rule("json-web-token", &["eyj"], r"\b(eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{16,})"),
    rule("authorization-header", &["bearer ", "basic "],
        r#"(?i:authorization["'\]]{0,3}\s*(?::\s*[a-z_&<>'.]{1,30}\s*)?(?:=>|:=|[:=,>]|["']?\s+value=)\s*["'`]?(?:bearer|basic)) ([A-Za-z0-9._~+/\-]{20,}={0,2})"#).with(Proof::Credential),
    rule("url-password", &["://"],
        r#"\b[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s/:@"'`<>]{0,64}:([^\s/@"'`<>{}()\[\]$%*\\|]{6,128})@(?:[A-Za-z0-9_\-]+[.:/?]|\[)"#).with(Proof::Password),
    Rule { name: key_block::NAME, confidence: Confidence::High, keywords: key_block::KEYWORDS, detector: Detector::KeyBlock },
    Rule { name: assignment::NAME, confidence: Confidence::Generic, keywords: assignment::KEYWORDS, detector: Detector::Assignment },
];
