//! Patterns: what the query of a language asks of a syntax tree.
//!
//! The notation is that of tree-sitter's queries, as far as ours go: nodes with children, fields, absent fields,
//! alternatives, anchors, captures and the text predicates; no quantifiers, no supertypes, no root of any kind.
//! tree-sitter compiles a query by walking the parse table, up to 0.4 s for one language, and runs it as a set of
//! states that every node of the tree is offered to: together they took as long as parsing. Patterns are read in
//! microseconds and looked at only where their root's kind occurs. Tests hold both equal (`parse/tests.rs`).

use regex::bytes::Regex;
use rustc_hash::FxHashMap;
use tree_sitter::Language;

/// The patterns of one language.
#[derive(Debug)]
pub struct Patterns {
    /// In the order of the source.
    pub list: Vec<Pattern>,
    /// Names of the captures; a capture is an index into them.
    pub captures: Vec<String>,
    by_root: Vec<Vec<usize>>,
}

/// What a match looks like.
#[derive(Debug)]
pub struct Pattern {
    /// Its outermost node.
    pub root: NodePattern,
    /// What holds for the text of what was captured.
    pub predicates: Vec<Predicate>,
}

/// One node of a pattern.
#[derive(Debug, Clone)]
pub struct NodePattern {
    /// The kind it has.
    pub kind: Kind,
    /// Fields that it has not.
    pub without: Vec<u16>,
    /// What it is captured as.
    pub captures: Vec<usize>,
    /// Children that it has in this order, others between them.
    pub children: Vec<ChildPattern>,
}

/// A child of a node of a pattern.
#[derive(Debug, Clone)]
pub struct ChildPattern {
    /// No named child comes before it, since the one before it in the pattern.
    pub next: bool,
    /// No named child comes after it.
    pub last: bool,
    /// The field that it is in.
    pub field: Option<u16>,
    /// What it may look like.
    pub either: Vec<NodePattern>,
}

/// What kind a node may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The one with this number in the grammar.
    Exactly(u16),
    /// Any that has a name: `(_)`.
    Named,
    /// Any at all: `_`.
    Any,
}

/// What holds, or does not, for the text of every node with a capture.
#[derive(Debug)]
pub struct Predicate {
    /// The capture.
    pub capture: usize,
    /// Whether the test succeeds.
    pub wanted: bool,
    /// The test.
    pub test: Test,
}

/// A test of a text.
#[derive(Debug)]
pub enum Test {
    /// The same as the text of another capture.
    Same(usize),
    /// One of these.
    OneOf(Vec<String>),
    /// Like this.
    Like(Regex),
}

impl Patterns {
    /// Reads the patterns in `source` with the kinds and fields of `grammar`.
    ///
    /// # Errors
    /// What cannot be read, and the 1-based line.
    pub fn new(grammar: &Language, source: &str) -> Result<Self, String> {
        let mut reader = Reader { grammar, source, at: 0, captures: FxHashMap::default() };
        let list = reader.patterns().map_err(|what| format!("line {}: {what}", reader.line()))?;
        let mut by_root = vec![Vec::new(); grammar.node_kind_count()];
        for (nth, pattern) in list.iter().enumerate() {
            match pattern.root.kind {
                Kind::Exactly(kind) => by_root[usize::from(kind)].push(nth),
                Kind::Named | Kind::Any => return Err("the root of a pattern has a kind".to_owned()),
            }
        }
        let mut captures = vec![String::new(); reader.captures.len()];
        for (name, number) in reader.captures {
            captures[number] = name;
        }
        Ok(Self { list, captures, by_root })
    }

    /// The patterns whose root has this kind, in order.
    pub fn rooted_at(&self, kind: u16) -> &[usize] {
        self.by_root.get(usize::from(kind)).map_or(&[], Vec::as_slice) // errors have a kind above all others
    }
}

struct Reader<'a> {
    grammar: &'a Language,
    source: &'a str,
    at: usize,
    captures: FxHashMap<String, usize>,
}

impl<'a> Reader<'a> {
    fn patterns(&mut self) -> Result<Vec<Pattern>, String> {
        let mut list = Vec::new();
        while self.peek().is_some() {
            let mut predicates = Vec::new();
            let mut roots = self.node(&mut predicates)?;
            let root = roots.pop().filter(|_| roots.is_empty()).ok_or("a pattern begins with `(`")?;
            list.push(Pattern { root, predicates });
        }
        Ok(list)
    }

    /// A node, or alternatives of one, with the captures behind it.
    fn node(&mut self, predicates: &mut Vec<Predicate>) -> Result<Vec<NodePattern>, String> {
        let mut either = match self.peek() {
            Some('(') => vec![self.parenthesised(predicates)?],
            Some('[') => self.alternatives(predicates)?,
            Some('"') => {
                let name = self.string()?;
                vec![NodePattern::of(self.kind(&name, false)?)]
            }
            Some('_') => {
                self.word();
                vec![NodePattern::of(Kind::Any)]
            }
            other => return Err(format!("expected a node, found {other:?}")),
        };
        while self.take('@') {
            let name = self.word();
            let capture = self.capture(name);
            for node in &mut either {
                node.captures.push(capture);
            }
        }
        Ok(either)
    }

    /// `(kind ...)`, or a group `((kind ...) (#predicate))`.
    fn parenthesised(&mut self, predicates: &mut Vec<Predicate>) -> Result<NodePattern, String> {
        self.expect('(')?;
        let mut node = if self.peek() == Some('(') {
            self.node(predicates)?.remove(0)
        } else {
            let name = self.word();
            NodePattern::of(if name == "_" { Kind::Named } else { self.kind(name, true)? })
        };
        let mut next = false;
        while !self.take(')') {
            if self.take('.') {
                next = true;
            } else if self.take('!') {
                let field = self.field_called_next()?;
                node.without.push(field);
            } else if self.source[self.at..].starts_with("(#") {
                predicates.push(self.predicate()?);
            } else {
                let child = self.child(next, predicates)?;
                node.children.push(child);
                next = false;
            }
        }
        if next {
            node.children.last_mut().ok_or("an anchor without a child")?.last = true;
        }
        Ok(node)
    }

    fn child(&mut self, next: bool, predicates: &mut Vec<Predicate>) -> Result<ChildPattern, String> {
        let named_field = self.peek().is_some_and(char::is_alphabetic);
        let field = if named_field {
            let field = self.field_called_next()?;
            self.expect(':')?;
            Some(field)
        } else {
            None
        };
        Ok(ChildPattern { next, last: false, field, either: self.node(predicates)? })
    }

    fn alternatives(&mut self, predicates: &mut Vec<Predicate>) -> Result<Vec<NodePattern>, String> {
        self.expect('[')?;
        let mut either = Vec::new();
        while !self.take(']') {
            either.extend(self.node(predicates)?);
        }
        Ok(either)
    }

    fn predicate(&mut self) -> Result<Predicate, String> {
        self.expect('(')?;
        self.expect('#')?;
        let name = self.word();
        self.expect('@')?;
        let of = self.word();
        let capture = self.capture(of);
        let (wanted, name) = name.strip_prefix("not-").map_or((true, name), |name| (false, name));
        let test = if self.take('@') {
            let other = self.word();
            Test::Same(self.capture(other))
        } else {
            let mut texts = Vec::new();
            while self.peek() == Some('"') {
                texts.push(self.string()?);
            }
            match (name, &*texts) {
                ("eq?", [_]) | ("any-of?", [_, ..]) => Test::OneOf(texts),
                ("match?", [text]) => Test::Like(Regex::new(text).map_err(|error| error.to_string())?),
                _ => return Err(format!("no predicate #{name} with {} texts", texts.len())),
            }
        };
        self.expect(')')?;
        Ok(Predicate { capture, wanted, test })
    }

    fn capture(&mut self, name: &str) -> usize {
        let next = self.captures.len();
        *self.captures.entry(name.to_owned()).or_insert(next)
    }

    fn kind(&self, name: &str, named: bool) -> Result<Kind, String> {
        let kind = self.grammar.id_for_node_kind(name, named);
        if kind == 0 || self.grammar.node_kind_is_supertype(kind) {
            return Err(format!("no kind of node {name:?}"));
        }
        Ok(Kind::Exactly(kind))
    }

    fn field_called_next(&mut self) -> Result<u16, String> {
        let name = self.word();
        let field = self.grammar.field_id_for_name(name).ok_or_else(|| format!("no field {name:?}"))?;
        Ok(field.get())
    }

    /// Letters, digits and what else names have: `definition.struct`, `any-of?`.
    fn word(&mut self) -> &'a str {
        self.peek();
        let rest = &self.source[self.at..];
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '?');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect('"')?;
        let mut text = String::new();
        let mut characters = self.source[self.at..].char_indices();
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += offset + 1;
                    return Ok(text);
                }
                '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => text.push(character),
            }
        }
        Err("a text without end".to_owned())
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(format!("expected {wanted:?}, found {:?}", self.peek())) }
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// The next character that is no white space and in no comment.
    fn peek(&mut self) -> Option<char> {
        loop {
            let rest = &self.source[self.at..];
            let next = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
            self.at += next;
            if !rest[next..].starts_with(';') {
                return rest[next..].chars().next();
            }
            self.at += rest[next..].find('\n').unwrap_or(rest.len() - next);
        }
    }

    fn line(&self) -> usize {
        self.source[..self.at].matches('\n').count() + 1
    }
}

impl NodePattern {
    fn of(kind: Kind) -> Self {
        Self { kind, without: Vec::new(), captures: Vec::new(), children: Vec::new() }
    }
}
