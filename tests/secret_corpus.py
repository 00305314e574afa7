"""Secrets and what only looks like them, generated: nothing secret-like is stored in the repository.

Values come from `secret_forms.json`, whose parts are joined here. Everything is a function of a seed.
"""

from __future__ import annotations

import json
import random
import string
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMS_FILE = Path(__file__).parents[1] / "rust" / "rcm-core" / "tests" / "secret_forms.json"
_TABLE: dict[str, Any] = json.loads(FORMS_FILE.read_text(encoding="utf-8"))
FORMS: list[dict[str, Any]] = _TABLE["forms"]
GENERIC = "assigned-secret"
_ALPHABETS: dict[str, str] = _TABLE["alphabets"]
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase

#: (file name, line) of twelve places where `{name}` is given `{value}`.
WRAPPERS: dict[str, tuple[str, str]] = {
    "ini": ("settings.ini", "{name} = {value}"),
    "json": ("settings.json", '  "{name}": "{value}",'),
    "yaml": ("settings.yaml", 'service: {{ {name}: "{value}" }}'),
    "xml": ("settings.xml", "  <{name}>{value}</{name}>"),
    "config": ("web.config", '  <add key="{name}" value="{value}" />'),
    "python": ("settings.py", '    {name} = "{value}"'),
    "go": ("settings.go", '\t{name} := "{value}"'),
    "javascript": ("settings.js", "const {name} = '{value}';"),
    "shell": ("settings.sh", "export {name}={value}"),
    "csharp": ("Settings.cs", '    private const string {name} = "{value}";'),
    "rust": ("settings.rs", 'pub const {name}: &str = "{value}";'),
    "properties": ("settings.properties", "{name}={value}"),
}

#: Names that say secret, as people write them.
NAMES = (
    "db_password", "API_KEY", "clientSecret", "auth_token", "accessKey", "SIGNING_KEY",
    "session_secret", "encryptionKey", "smtp_passwd", "service.api-key",
)  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """A line with a secret on it, and the file it stands in."""

    rule: str
    wrapper: str
    file: str
    line: str
    value: str


def letters(dice: random.Random, alphabet: str, length: int) -> str:
    return "".join(dice.choices(_ALPHABETS.get(alphabet, alphabet), k=length))


def value_of(form: dict[str, Any], dice: random.Random, *, valid_sum: bool = True) -> str:
    """One value of a form; where a vendor adds a checksum it is right, or wrong if not `valid_sum`."""
    parts = [p if isinstance(p, str) else letters(dice, *p) for p in form["parts"]]
    if form.get("sum") == "crc32-base62":
        body = parts[-2]
        right = base62(zlib.crc32(body.encode()), 6)
        wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
        parts[-1] = right if valid_sum else wrong
    return "".join(parts)


def base62(number: int, width: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits.rjust(width, "0")


def planted(seeds: range = range(3)) -> Iterator[Planted]:
    """Every form in every wrapper, once per seed; checksums are right for even seeds only."""
    for at, form in enumerate(FORMS):
        for seed in seeds:
            dice = random.Random(f"{at}/{seed}")
            for wrapper in WRAPPERS:
                value = value_of(form, dice, valid_sum=seed % 2 == 0)
                text = form.get("inside", "{}").format(value)
                yield _plant(form["rule"], wrapper, form.get("name", "setting"), text, value)


def planted_generic(seeds: range = range(6)) -> Iterator[Planted]:
    """Random values of several kinds, assigned to names that say secret."""
    kinds: tuple[tuple[str, int], ...] = (
        ("alnum", 20), ("alnum", 32), ("hex", 32), ("hex", 64), ("base64", 44),
    )  # fmt: skip
    for seed in seeds:
        dice = random.Random(f"generic/{seed}")
        for name in NAMES:
            for wrapper in WRAPPERS:
                value = letters(dice, *dice.choice(kinds))
                yield _plant(GENERIC, wrapper, name, value, value)


def _plant(rule: str, wrapper: str, name: str, text: str, value: str) -> Planted:
    file, template = WRAPPERS[wrapper]
    return Planted(rule, wrapper, file, template.format(name=name, value=text), value)


def key_block(dice: random.Random, kind: str = "RSA ") -> tuple[list[str], str]:
    """The lines of a private key's base64, and the key in its armour."""
    lines = [letters(dice, "base64", 64) for _ in range(20)]
    armour = [f"-----{word} {kind}" + "PRIVATE" + " KEY-----" for word in ("BEGIN", "END")]
    return lines, "\n".join([armour[0], *lines, armour[1]])


# --- what is no secret ------------------------------------------------------------------------------


def hard_negatives(per_kind: int = 80) -> Iterator[tuple[str, str, str]]:
    """(kind, file name, line) of lines that look like secrets and are none."""
    for kind, make in _NEGATIVES.items():
        dice = random.Random(f"negative/{kind}")
        for _ in range(per_kind):
            file, line = make(dice)
            yield kind, file, line


_Negative = Callable[[random.Random], tuple[str, str]]
_NEGATIVES: dict[str, _Negative] = {}


def _negative(make: _Negative) -> _Negative:
    _NEGATIVES[make.__name__.strip("_")] = make
    return make


def _pick(dice: random.Random, *rows: tuple[str, str]) -> tuple[str, str]:
    return dice.choice(rows)


def _hex(dice: random.Random, length: int) -> str:
    return letters(dice, "hex", length)


def _uuid(dice: random.Random) -> str:
    return "-".join(_hex(dice, n) for n in (8, 4, 4, 4, 12))


@_negative
def _commits(dice: random.Random) -> tuple[str, str]:
    sha = _hex(dice, 40)
    return _pick(
        dice,
        ("a.toml", f'rev = "{sha}"'),
        ("ci.yml", f"      - uses: actions/checkout@{sha}"),
        ("a.py", f'TOKENIZER_COMMIT = "{sha}"'),
        ("notes.md", f"Fixed in {sha}, see the token refresh."),
        ("a.json", f'  "gitHead": "{sha}",'),
    )


@_negative
def _uuids(dice: random.Random) -> tuple[str, str]:
    value = _uuid(dice)
    return _pick(
        dice,
        ("a.py", f'token = "{value}"'),
        ("a.json", f'  "client_secret_id": "{value}",'),
        ("a.cs", f'[Guid("{value}")]'),
        ("a.yaml", f"  credential: {value}"),
        ("a.tf", f'  access_key_id = "{value}"'),
    )


@_negative
def _lock_files(dice: random.Random) -> tuple[str, str]:
    sha512, sha256 = letters(dice, "base64", 86), _hex(dice, 64)
    return _pick(
        dice,
        ("deps.json", f'      "integrity": "sha512-{sha512}==",'),
        ("requirements.txt", f"    --hash=sha256:{sha256} \\"),
        ("modules.txt", f"example.org/token v1.2.3 h1:{letters(dice, 'base64', 43)}="),
        ("deps.toml", f'checksum = "{sha256}"'),
        ("deps.yml", f"    resolution: {{integrity: sha512-{sha512}==}}"),
    )


@_negative
def _sums(dice: random.Random) -> tuple[str, str]:
    return _pick(
        dice,
        ("a.py", f'PASSWORD_FILE_SHA256 = "{_hex(dice, 64)}"'),
        ("a.rb", f"  token_digest: '{_hex(dice, 64)}',"),
        ("a.js", f'const secretHash = "{_hex(dice, 40)}";'),
        ("image.yml", f"image: registry.io/app@sha256:{_hex(dice, 64)}"),
        ("a.ini", f"etag_token = {_hex(dice, 32)}"),
        ("a.py", f'    "AWS::ApiGateway::ApiKey": "{_hex(dice, 16)}",'),
    )


@_negative
def _base64_images(dice: random.Random) -> tuple[str, str]:
    data = letters(dice, "base64", dice.randint(120, 400))
    return _pick(
        dice,
        ("a.css", f"  background: url(data:image/png;base64,iVBORw0KGgo{data});"),
        ("a.js", f'const icon = "data:image/svg+xml;base64,{data}==";'),
        ("a.html", f'<img alt="secret" src="data:image/gif;base64,R0lGOD{data}" />'),
        ("a.pem.txt", data[:76]),
        ("a.py", f'WOFF2 = "{data}"'),
    )


@_negative
def _minified(dice: random.Random) -> tuple[str, str]:
    names = [letters(dice, "lower", 1) for _ in range(6)]
    a, b, c, d, e, f = names
    body = (
        f"!function({a},{b}){{var {c}={a}.token||{b}.password,{d}=function({e})"
        f"{{return {e}.apiKey?{c}:{f}}};{a}.exports={{secret:{d},Token:{c}}}}}"
        f"({dice.randint(100, 9999)},{dice.randint(100, 9999)});"
    )
    return "a.js", body * dice.randint(1, 3)


_WORDS = (
    "your", "new", "saved", "secret", "token", "password", "session", "expired", "account", "reset",
    "mail", "sign", "please", "enter", "again", "invalid", "access", "key", "value", "change",
    "current", "confirm", "stored", "never", "shared",
)  # fmt: skip


@_negative
def _translations(dice: random.Random) -> tuple[str, str]:
    words = " ".join(dice.choices(_WORDS, k=6))
    key = ".".join(dice.choices(_WORDS, k=3))
    return _pick(
        dice,
        ("en.json", f'  "{key}.password": "{words.capitalize()}",'),
        ("en.yml", f'  reset_password: "{words}"'),
        ("en.properties", f"login.secret={words}"),
        ("de.json", f'  "token": "{key.replace(".", "-")}-{dice.randint(1, 99)}",'),
        ("fr.json", f'  "api_key": "Clé d’accès {dice.randint(1000, 9999)} de l’utilisateur",'),
    )


@_negative
def _placeholders(dice: random.Random) -> tuple[str, str]:
    nth = dice.randint(100, 999)
    return _pick(
        dice,
        ("readme.md", f'    api_key = "your-api-key-goes-here-{nth}"'),
        (".env.example", f"API_KEY=<YOUR_API_KEY_{nth}>"),
        ("readme.md", "AWS_ACCESS_KEY_ID=" + "AK" + "IA" + "IOSFODNN7EXAMPLE"),
        ("readme.md", "export GITHUB_TOKEN=" + "gh" + "p_" + "x" * 36),
        ("a.yaml", 'openai_api_key: "' + "sk-" + "X" * 48 + '"'),
        ("a.py", f'password = "changeme{nth}changeme{nth}"'),
        ("a.md", f"postgres://user:password{nth}@db.host.io:5432/app"),
        ("a.md", f"curl -u user:pass https://user:pass{nth}@api.host.io/"),
        ("a.rb", 'token: "' + "xo" + "xb-" + "0" * 12 + "-" + "0" * 12 + "-" + "x" * 24 + '"'),
        ("a.ini", f"secret = replace-this-with-{nth}-random-bytes"),
        ("a.md", "Authorization: Bearer <access-token-from-step-1>"),
    )


@_negative
def _environment(dice: random.Random) -> tuple[str, str]:
    name = f"SERVICE_{letters(dice, 'base32', 6)}_SECRET_{dice.randint(1, 99)}"
    return _pick(
        dice,
        ("a.py", f'password = os.environ["{name}"]'),
        ("a.js", f"const apiKey = process.env.{name};"),
        ("a.go", f'token := os.Getenv("{name}")'),
        ("a.rb", f'secret_key = ENV.fetch("{name}")'),
        ("a.cs", f'var password = Environment.GetEnvironmentVariable("{name}");'),
        ("a.php", f"$token = getenv('{name}');"),
        ("a.sh", f'export API_KEY="${{{name}:-}}"'),
        ("a.rs", f'let secret = env::var("{name}")?;'),
    )


@_negative
def _calls(dice: random.Random) -> tuple[str, str]:
    nth = dice.randint(1, 9999)
    return _pick(
        dice,
        ("a.py", "password = getPass()"),
        ("a.py", f"token = tokenizer.next_token(buffer, {nth}, strict=True)"),
        ("A.java", f"String password = passwordEncoder.encode(user.getPassword{nth}());"),
        ("a.go", f"secret := mustDecode(readFile(path{nth}), base64.StdEncoding)"),
        ("a.rs", f'let token = Token::new(TokenKind::Ident{nth}, "identifier", span);'),
        ("a.js", f"const credentials = await loadCredentials(profile{nth});"),
        ("a.kt", f"val apiKey: String = settings.apiKeyFor(account{nth})"),
    )


@_negative
def _styles(dice: random.Random) -> tuple[str, str]:
    tag = letters(dice, "lower_alnum", 7)
    return _pick(
        dice,
        ("a.css", f".secret-field__{tag}--active {{ color: #{_hex(dice, 6)}; }}"),
        ("a.html", f'<div class="token-list-item password-field css-{tag}">'),
        ("a.tsx", f'<Input type="password" className="password-input__{tag} mt-4 w-full" />'),
        ("a.scss", f"$token-color-{tag}: rgba({dice.randint(0, 255)}, 12, 40, .5);"),
        ("a.html", f'<input type="password" name="user[password]" id="user_password_{tag}" />'),
    )


@_negative
def _test_vectors(dice: random.Random) -> tuple[str, str]:
    return _pick(
        dice,
        ("a.json", f'  "key": "{_hex(dice, 32)}", "iv": "{_hex(dice, 32)}",'),
        ("a.rsp", f"KEY = {_hex(dice, 64)}"),
        ("a.py", f'PLAINTEXT = bytes.fromhex("{_hex(dice, 64)}")'),
        ("a.go", f'{{in: "{_hex(dice, 32)}", want: "{_hex(dice, 40)}"}},'),
        ("a.c", "static const uint8_t key[] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6};"),
        ("a.rs", f'assert_eq!(sha256("token"), hex("{_hex(dice, 64)}"));'),
    )


@_negative
def _public_keys(dice: random.Random) -> tuple[str, str]:
    return _pick(
        dice,
        ("keys.txt", f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{letters(dice, 'alnum', 43)} me@host"),
        ("a.py", f'PUBLIC_KEY = "{letters(dice, "base64", 43)}="'),
        ("a.txt", "-----BEGIN PUBLIC KEY-----"),
        ("a.txt", f"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A{letters(dice, 'base64', 32)}"),
        ("a.rs", f'verify("age1{letters(dice, "lower_alnum", 58)}");'),
        ("a.json", f'  "publicKeyToken": "{_hex(dice, 16)}",'),
    )


@_negative
def _places(dice: random.Random) -> tuple[str, str]:
    nth = dice.randint(10, 9999)
    return _pick(
        dice,
        ("a.yaml", f"  token_path: /var/run/secrets/app-{nth}/token"),
        ("a.py", f'SECRET_NAME = "projects/p{nth}/secrets/database-{nth}/versions/3"'),
        ("a.js", f'const tokenUrl = "https://auth{nth}.host.io/oauth2/v1/token?page={nth}";'),
        ("a.tf", f'  secret_id = "arn:aws:secretsmanager:eu-west-1:{nth:012d}:secret:db-{nth}"'),
        ("a.md", f"https://registry.host.io:8443/@scope/token-{nth}@1.2.{nth}"),
        ("a.cfg", f"password_file = ./config/credentials-{nth}.txt"),
        ("a.sh", f"git clone git@host.io:team/secret-service-{nth}.git"),
    )


@_negative
def _references(dice: random.Random) -> tuple[str, str]:
    name = f"{letters(dice, 'lower', 6)}_{dice.randint(1, 99)}"
    return _pick(
        dice,
        ("ci.yml", f'  token: "${{{{ secrets.{name.upper()}_TOKEN }}}}"'),
        ("chart.yaml", f'  password: "{{{{ .Values.{name}.database.password }}}}"'),
        ("a.tf", f"  password = var.{name}_database_password"),
        ("pod.yaml", f"  secretKeyRef: {{ name: {name}-credentials, key: api-key }}"),
        ("a.yml", f'  api_key: "%env(resolve:{name.upper()}_API_KEY)%"'),
        ("a.xml", f"  <password>${{{name}.jdbc.password}}</password>"),
        ("a.properties", f"spring.datasource.password=${{{name.upper()}_PASSWORD}}"),
    )


@_negative
def _identifiers(dice: random.Random) -> tuple[str, str]:
    nth = dice.randint(10, 99)
    return _pick(
        dice,
        ("a.py", f'password_field = "id_password_confirmation_{nth}"'),
        ("a.ts", f'const tokenKey = "auth.accessToken.v{nth}.refresh{nth}";'),
        ("a.go", f'const secretLabel = "app.kubernetes.io/managed-by-v{nth}"'),
        ("a.java", f'static final String TOKEN_ATTR = "TokenRepository.CSRF_PARAMETER_{nth}";'),
        ("a.rb", f":secret => 'RailsSecretKeyBaseGenerator{nth}x{nth}',"),
        ("a.json", f'  "credential": "vault-approle-backend-{nth}-{nth}",'),
    )


@_negative
def _language_tokens(dice: random.Random) -> tuple[str, str]:
    nth = dice.randint(0, 50_000)
    return _pick(
        dice,
        ("a.json", f'  "eos_token": "<|endoftext_{nth}|>",'),
        ("a.json", f'  {{"id": {nth}, "token": "##ization{nth}"}},'),
        ("a.py", f'tokens = ["def", "main_{nth}", "(", ")", ":", "INDENT{nth}"]'),
        ("a.rs", f'"unexpected token `{{}}` at line {nth}, expected one of 16 others"'),
        ("a.y", f'%token <str> TOKEN_STRING_{nth} "string literal number {nth}"'),
    )


@_negative
def _expressions(dice: random.Random) -> tuple[str, str]:
    low = dice.randint(6, 12)
    return _pick(
        dice,
        ("a.js", f"const passwordPattern = '^(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9!@#]{{{low},32}}$';"),
        ("a.py", f'TOKEN = re.compile(r"[A-Za-z0-9_]{{{low},40}}\\.[A-Za-z0-9]+")'),
        ("a.toml", f"regex = '''(?i)api[_-]?key.{{0,{low}}}[0-9a-f]{{32}}'''"),
        ("a.sql", f"password VARCHAR({low}) NOT NULL CHECK (length(password) >= {low})"),
    )


@_negative
def _prefixes(dice: random.Random) -> tuple[str, str]:
    nth = dice.randint(1, 999)
    short = letters(dice, "alnum", 8)
    return _pick(
        dice,
        ("a.py", f"from sk_live_view import sk_test_case_{nth}"),
        ("a.py", f'hf_hub_download(repo_id="org/model-{nth}", filename="hf_config.json")'),
        ("a.js", f"npm_config_registry_{nth} = npm_package_json"),
        ("a.md", f"`glpat-{short}` is too short, `ghp_{short}` as well."),
        ("a.c", f"dapi_version_{nth} = AKIA_COUNT + ASIAN_OPTION_{nth};"),
        ("a.txt", f"key-value-store-{nth} pat.match.{nth} SG.module.{nth} xoxb-{nth}"),
        ("a.ts", f'import {{ re_export_{nth}, r8_shrinker, cio_event }} from "lin_api_{nth}";'),
        ("a.json", '  "alg": "eyJhbGciOiJIUzI1NiJ9",'),
        ("a.yml", f"cache-key-{_hex(dice, 32)}: build"),
        ("a.rs", f"let whsec_len = shpat_{nth}.len() + tfp_{nth}; // nvapi-{nth}"),
    )


@_negative
def _records(dice: random.Random) -> tuple[str, str]:
    return _pick(
        dice,
        ("a.json", f'  {{"_id": "{_hex(dice, 24)}", "cursor": "{letters(dice, "alnum", 24)}"}},'),
        ("a.csv", f"{_hex(dice, 32)},{letters(dice, 'alnum', 20)},{dice.randint(0, 10**9)}"),
        ("a.py", f'revision = "{_hex(dice, 12)}"  # the token table'),
        ("a.ndjson", f'{{"trace_id": "{_hex(dice, 32)}", "span": "{_hex(dice, 16)}"}}'),
        ("a.ipynb", f'   "execution_token_count": {dice.randint(10**8, 10**9)},'),
        ("a.svg", f'<path id="{letters(dice, "alnum", 20)}" d="M12.5 3.2L{dice.random()}"/>'),
    )


@_negative
def _versions(dice: random.Random) -> tuple[str, str]:
    a, b, c = (dice.randint(0, 99) for _ in range(3))
    return _pick(
        dice,
        ("a.gradle", f'implementation "org.host.security:token-core:{a}.{b}.{c}-jre{a}.RELEASE"'),
        ("a.json", f'  "@scope/password-strength": "^{a}.{b}.{c}-beta.{c}",'),
        ("a.rb", f"gem 'secret_token_migration_{a}', '~> {b}.{c}.{a}'"),
        ("a.toml", f'secret-service = {{ version = "{a}.{b}.{c}", features = ["rt-tokio-{a}"] }}'),
        (
            "a.html",
            f'<script src="/static/token-{a}{b}.js" integrity="sha384-{letters(dice, "base64", 64)}">',
        ),
    )


@_negative
def _prose(dice: random.Random) -> tuple[str, str]:
    words = " ".join(dice.choices(_WORDS, k=14))
    return _pick(
        dice,
        ("a.md", f"{words.capitalize()}: the secret is '{dice.choice(_WORDS)}'."),
        ("a.py", f"    # password: {words}"),
        ("a.txt", f"Secret: {words}"),
        ("a.rst", f":token: {words}"),
        ("a.md", f'1. Set `password` to "correct horse battery staple {dice.randint(1, 99)}".'),
    )


@_negative
def _numbers(dice: random.Random) -> tuple[str, str]:
    digits = letters(dice, "digits", 24)
    return _pick(
        dice,
        ("a.py", f'token_supply = "{digits}"'),
        ("a.sol", f"uint256 constant SECRET_ORDER = 0x{_hex(dice, 64)};"),
        (
            "a.js",
            f"const passwordExpiry = new Date('2024-{dice.randint(10, 12)}-11T10:20:30.000Z');",
        ),
        ("a.go", f"var tokenBits = []uint64{{{digits[:18]}, {digits[6:]}}}"),
        ("a.yaml", f"  token_ttl: {digits[:9]}"),
    )


@_negative
def _fields(dice: random.Random) -> tuple[str, str]:
    value = letters(dice, "base64", 43)
    return _pick(
        dice,
        ("a.json", f'  "NextToken": "{value}",'),
        ("a.py", f'page_token = "{value}"'),
        ("a.html", f'<input type="hidden" name="authenticity_token" value="{value}=" />'),
        ("a.log", f'cookie path="/" cursor="{letters(dice, "alnum", 32)}" secure'),
        ("a.py", f'public_key_token_fingerprint = "{value}"'),
        ("a.js", f'window.__BUILD__ = "{letters(dice, "alnum", 20)}";'),
    )
