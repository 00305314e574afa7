//! The languages, as data: one row says how files of a language are recognised and what its grammar calls things.

use std::borrow::Cow;

use tree_sitter_language::LanguageFn;

use super::mask;

/// What files of a language are mostly for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Programs.
    Code,
    /// Prose and pages.
    Docs,
    /// Settings and data.
    Config,
}

/// What a grammar's hand-written scanner has to remember: tree-sitter gives it 1,024 bytes and stops the process
/// when that is too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScannerState {
    /// Nothing that grows, or the scanner itself sees to it that it fits.
    Small,
    /// The open levels of indentation, checked late.
    Indents,
    /// The open block collections, checked late.
    Blocks,
    /// The names of open heredocs, checked late.
    Heredocs,
}

/// One row of the table. Node kinds are the grammar's own names.
pub struct Language {
    /// The stable name used in results and JSON.
    pub name: &'static str,
    /// The compiled-in grammar.
    pub grammar: LanguageFn,
    /// What counts as a definition and as a reference (`queries/<name>.scm`).
    pub query: &'static str,
    /// File name extensions, lower case, without the dot.
    pub extensions: &'static [&'static str],
    /// Whole file names.
    pub file_names: &'static [&'static str],
    /// Interpreter names on a `#!` line, without version numbers.
    pub shebangs: &'static [&'static str],
    /// What joins the parts of a qualified name.
    pub separator: &'static str,
    /// What its files are mostly for.
    pub class: Class,
    /// Nodes that document the definition that follows them.
    pub comments: &'static [&'static str],
    /// Beginnings of comments that document what is around them, not what follows.
    pub inner_comments: &'static [&'static str],
    /// Sibling nodes before a definition that belong to it: attributes, decorators, type signatures.
    pub attributes: &'static [&'static str],
    /// Nodes around a definition that belong to it: export statement, decorated definition, template.
    pub wrappers: &'static [&'static str],
    /// Whether a function may be written in several definitions that follow one another.
    pub clauses: bool,
    /// Whether the query finds declarations in function bodies too, which are no definitions.
    pub locals: bool,
    /// Overwrites what the grammar cannot read with blanks of the same length.
    pub mask: Option<fn(&str) -> Cow<'_, str>>,
    /// What the scanner remembers.
    pub scanner_state: ScannerState,
}

impl Language {
    /// What the grammar is given of a text: as long, with blanks for what it cannot read.
    pub fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.mask.map_or(Cow::Borrowed(text), |mask| mask(text))
    }
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Language").field(&self.name).finish()
    }
}

/// The name of what has no row.
pub const TEXT: &str = "text";

/// The row called `name`.
pub fn by_name(name: &str) -> Option<&'static Language> {
    LANGUAGES.iter().find(|language| language.name == name)
}

/// What joins the parts of a qualified name in the language called `name`.
pub fn separator(name: &str) -> &'static str {
    by_name(name).map_or(".", |language| language.separator)
}

/// What files of the language called `name` are mostly for; [`TEXT`] is docs.
pub fn class(name: &str) -> Class {
    by_name(name).map_or(Class::Docs, |language| language.class)
}

const DOT: &str = ".";
const COLONS: &str = "::";
const HEADINGS: &str = " > ";
const SCRIPT_WRAPPERS: &[&str] =
    &["export_statement", "lexical_declaration", "variable_declaration", "expression_statement"];
const TYPED_SCRIPT_WRAPPERS: &[&str] = &[
    "export_statement",
    "ambient_declaration",
    "lexical_declaration",
    "variable_declaration",
    "expression_statement",
];

/// A query put together from files, for languages that share most of one.
macro_rules! query {
    ($($name:literal),*) => { concat!($(include_str!(concat!("../../queries/", $name, ".scm"))),*) };
}

/// Fills the columns that are empty in most rows.
macro_rules! language {
    ($name:literal, $grammar:expr, $separator:expr, $class:ident { $($field:ident: $value:expr),* $(,)? }) => {
        Language {
            $($field: $value,)*
            ..Language {
                name: $name,
                grammar: $grammar,
                query: query!($name),
                extensions: &[],
                file_names: &[],
                shebangs: &[],
                separator: $separator,
                class: Class::$class,
                comments: &["comment"],
                inner_comments: &[],
                attributes: &[],
                wrappers: &[],
                clauses: false,
                locals: false,
                mask: None,
                scanner_state: ScannerState::Small,
            }
        }
    };
}

/// All rows. The first row that claims an extension has it; `h` is decided by content (`detect`).
pub static LANGUAGES: [Language; 26] = [
    language!(
        "rust",
        tree_sitter_rust::LANGUAGE,
        COLONS,
        Code {
            extensions: &["rs"],
            shebangs: &["rust-script"],
            comments: &["line_comment", "block_comment"],
            inner_comments: &["//!", "/*!"],
            attributes: &["attribute_item"],
        }
    ),
    language!(
        "python",
        tree_sitter_python::LANGUAGE,
        DOT,
        Code {
            extensions: &["py", "pyi", "pyw", "bzl", "star"],
            file_names: &["SConstruct", "SConscript", "wscript", "BUILD", "BUILD.bazel", "WORKSPACE"],
            shebangs: &["python", "pypy"],
            wrappers: &["decorated_definition"],
            scanner_state: ScannerState::Indents,
        }
    ),
    language!(
        "javascript",
        tree_sitter_javascript::LANGUAGE,
        DOT,
        Code {
            extensions: &["js", "mjs", "cjs", "jsx"],
            query: query!("javascript", "script", "tsx"),
            file_names: &["Jakefile"],
            shebangs: &["node", "nodejs"],
            attributes: &["decorator"],
            wrappers: SCRIPT_WRAPPERS,
        }
    ),
    language!(
        "typescript",
        tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        DOT,
        Code {
            query: query!("typescript", "script"),
            extensions: &["ts", "mts", "cts"],
            shebangs: &["ts-node", "tsx", "deno", "bun"],
            attributes: &["decorator"],
            wrappers: TYPED_SCRIPT_WRAPPERS,
            clauses: true,
        }
    ),
    language!(
        "tsx",
        tree_sitter_typescript::LANGUAGE_TSX,
        DOT,
        Code {
            query: query!("typescript", "script", "tsx"),
            extensions: &["tsx"],
            attributes: &["decorator"],
            wrappers: TYPED_SCRIPT_WRAPPERS,
            clauses: true,
        }
    ),
    language!(
        "go",
        tree_sitter_go::LANGUAGE,
        DOT,
        Code { extensions: &["go"], wrappers: &["type_declaration", "const_declaration", "var_declaration"] }
    ),
    language!(
        "java",
        tree_sitter_java::LANGUAGE,
        DOT,
        Code { extensions: &["java"], comments: &["line_comment", "block_comment"] }
    ),
    language!(
        "kotlin",
        tree_sitter_kotlin_ng::LANGUAGE,
        DOT,
        Code {
            extensions: &["kt", "kts"],
            shebangs: &["kotlin"],
            comments: &["line_comment", "block_comment"],
            attributes: &["annotation"],
            mask: Some(mask::constructor_visibility),
        }
    ),
    language!(
        "c",
        tree_sitter_c::LANGUAGE,
        COLONS,
        Code {
            extensions: &["c"],
            attributes: &["attribute_declaration"],
            locals: true,
            mask: Some(mask::macros)
        }
    ),
    language!(
        "cpp",
        tree_sitter_cpp::LANGUAGE,
        COLONS,
        Code {
            extensions: &[
                "cpp", "cc", "cxx", "c++", "hpp", "hh", "hxx", "h++", "ipp", "inl", "tpp", "txx", "cppm",
                "ixx", "cu", "cuh", "ino",
            ],
            attributes: &["attribute_declaration"],
            wrappers: &["template_declaration"],
            locals: true,
            mask: Some(mask::macros),
        }
    ),
    language!("csharp", tree_sitter_c_sharp::LANGUAGE, DOT, Code { extensions: &["cs", "csx"] }),
    language!(
        "ruby",
        tree_sitter_ruby::LANGUAGE,
        COLONS,
        Code {
            extensions: &["rb", "rake", "gemspec", "ru", "podspec", "jbuilder"],
            file_names: &[
                "Gemfile",
                "Rakefile",
                "Vagrantfile",
                "Podfile",
                "Fastfile",
                "Guardfile",
                "Capfile",
                "Brewfile",
                "Dangerfile",
            ],
            shebangs: &["ruby", "jruby"],
            scanner_state: ScannerState::Heredocs,
        }
    ),
    language!(
        "php",
        tree_sitter_php::LANGUAGE_PHP,
        COLONS,
        Code { extensions: &["php", "phtml", "inc"], shebangs: &["php"] }
    ),
    language!(
        "swift",
        tree_sitter_swift::LANGUAGE,
        DOT,
        Code { extensions: &["swift"], shebangs: &["swift"], comments: &["comment", "multiline_comment"] }
    ),
    language!(
        "scala",
        tree_sitter_scala::LANGUAGE,
        DOT,
        Code {
            extensions: &["scala", "sc", "sbt", "mill"],
            shebangs: &["scala", "scala-cli", "amm"],
            comments: &["comment", "block_comment"],
        }
    ),
    language!(
        "lua",
        tree_sitter_lua::LANGUAGE,
        DOT,
        Code { extensions: &["lua", "rockspec"], file_names: &[".luacheckrc"], shebangs: &["lua", "luajit"] }
    ),
    language!(
        "bash",
        tree_sitter_bash::LANGUAGE,
        DOT,
        Code {
            extensions: &["sh", "bash", "zsh", "ksh", "bats", "ebuild"],
            file_names: &[
                ".bashrc",
                ".bash_profile",
                ".bash_aliases",
                ".zshrc",
                ".zshenv",
                ".zprofile",
                ".profile",
                ".envrc",
                "PKGBUILD",
                "APKBUILD",
            ],
            shebangs: &["sh", "bash", "zsh", "ksh", "dash", "ash", "bats"],
        }
    ),
    language!(
        "haskell",
        tree_sitter_haskell::LANGUAGE,
        DOT,
        Code {
            extensions: &["hs", "hs-boot", "hsc"],
            shebangs: &["runghc", "runhaskell", "stack"],
            comments: &["comment", "haddock", "pragma"],
            clauses: true,
        }
    ),
    language!(
        "elixir",
        tree_sitter_elixir::LANGUAGE,
        DOT,
        Code { extensions: &["ex", "exs"], file_names: &["mix.lock"], shebangs: &["elixir"], clauses: true }
    ),
    language!(
        "zig",
        tree_sitter_zig::LANGUAGE,
        DOT,
        Code { extensions: &["zig", "zon"], inner_comments: &["//!"] }
    ),
    language!(
        "html",
        tree_sitter_html::LANGUAGE,
        DOT,
        Docs { extensions: &["html", "htm", "xhtml", "vue", "svelte"] }
    ),
    language!(
        "css",
        tree_sitter_css::LANGUAGE,
        " ",
        Code { extensions: &["css", "scss", "less", "pcss"], comments: &["comment", "js_comment"] }
    ),
    language!(
        "json",
        tree_sitter_json::LANGUAGE,
        DOT,
        Config {
            extensions: &["json", "jsonc", "json5", "geojson", "webmanifest", "ipynb"],
            file_names: &["composer.lock", "Pipfile.lock", ".babelrc", ".eslintrc", ".swcrc"],
        }
    ),
    language!(
        "yaml",
        tree_sitter_yaml::LANGUAGE,
        DOT,
        Config {
            extensions: &["yaml", "yml", "cff"],
            file_names: &[".clang-format", ".clang-tidy", ".clangd"],
            scanner_state: ScannerState::Blocks,
        }
    ),
    language!(
        "toml",
        tree_sitter_toml_ng::LANGUAGE,
        DOT,
        Config {
            extensions: &["toml"],
            file_names: &["Cargo.lock", "Pipfile", "poetry.lock", "uv.lock", "pdm.lock"],
        }
    ),
    language!(
        "markdown",
        tree_sitter_md::LANGUAGE,
        HEADINGS,
        Docs { extensions: &["md", "markdown", "mdown", "mkd", "mdx"], comments: &[] }
    ),
];
