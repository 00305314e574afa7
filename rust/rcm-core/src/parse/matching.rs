//! Where the patterns of a language match in a syntax tree.

use tree_sitter::{Node, TreeCursor};

use super::budget::Budget;
use super::guard::MAX_DEPTH;
use super::pattern::{ChildPattern, Kind, NodePattern, Patterns, Predicate, Test};

/// Nodes looked at for one call of the budget, as in tree-sitter.
const NODES_PER_CALL: u32 = 100;

/// A node with the capture that it is.
pub type Capture<'tree> = (usize, Node<'tree>);

/// A child with what its parent knows of it.
struct Child<'tree> {
    node: Node<'tree>,
    kind: u16,
    field: u16,
    named: bool,
}

/// Calls `found` with the index of the pattern and the captures, outer before inner, of each match under `root`
/// down to [`MAX_DEPTH`], in the order of their roots, within `budget`.
pub fn each_match<'tree>(
    patterns: &Patterns,
    text: &str,
    root: Node<'tree>,
    budget: &mut Budget,
    found: &mut dyn FnMut(usize, &[Capture<'tree>]),
) {
    let mut matcher = Matcher {
        patterns,
        text: text.as_bytes(),
        budget,
        looked_at: 0,
        cursor: root.walk(),
        captured: Vec::new(),
        found,
    };
    let mut cursor = root.walk();
    let mut depth = 0;
    loop {
        matcher.root(cursor.node());
        if matcher.must_stop() {
            return;
        }
        if depth < MAX_DEPTH && cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
            depth -= 1;
        }
    }
}

struct Matcher<'a, 'tree> {
    patterns: &'a Patterns,
    text: &'a [u8],
    budget: &'a mut Budget,
    looked_at: u32,
    /// Over the children of one node at a time.
    cursor: TreeCursor<'tree>,
    captured: Vec<Capture<'tree>>,
    found: &'a mut dyn FnMut(usize, &[Capture<'tree>]),
}

impl<'a, 'tree> Matcher<'a, 'tree> {
    /// Finds the matches whose root is `node`.
    fn root(&mut self, node: Node<'tree>) {
        self.looked_at += 1;
        let patterns = self.patterns;
        let mut children = None;
        for &nth in patterns.rooted_at(node.kind_id()) {
            let pattern = &patterns.list[nth];
            let mut done = |matcher: &mut Self| {
                if pattern.predicates.iter().all(|predicate| matcher.holds(predicate)) {
                    (matcher.found)(nth, &matcher.captured);
                }
            };
            let children = match &pattern.root.children[..] {
                [] => &[],
                _ => &children.get_or_insert_with(|| self.children(node))[..],
            };
            self.within(&pattern.root, node, children, &mut done);
        }
    }

    /// Goes on with `then` for each way in which `node`, of the right kind, matches.
    fn node(&mut self, pattern: &'a NodePattern, node: Node<'tree>, then: &mut dyn FnMut(&mut Self)) {
        let children = if pattern.children.is_empty() { Vec::new() } else { self.children(node) };
        self.within(pattern, node, &children, then);
    }

    fn within(
        &mut self,
        pattern: &'a NodePattern,
        node: Node<'tree>,
        children: &[Child<'tree>],
        then: &mut dyn FnMut(&mut Self),
    ) {
        if pattern.without.iter().any(|&field| node.child_by_field_id(field).is_some()) {
            return;
        }
        let before = self.captured.len();
        self.captured.extend(pattern.captures.iter().map(|&capture| (capture, node)));
        self.siblings(&pattern.children, children, then);
        self.captured.truncate(before);
    }

    /// Goes on with `then` for each way in which `wanted` are among `children`, in order.
    fn siblings(
        &mut self,
        wanted: &'a [ChildPattern],
        children: &[Child<'tree>],
        then: &mut dyn FnMut(&mut Self),
    ) {
        let Some((first, others)) = wanted.split_first() else { return then(self) };
        for (at, child) in children.iter().enumerate() {
            self.looked_at += 1;
            if self.must_stop() {
                return;
            }
            let later = &children[at + 1..];
            let placed = first.field.is_none_or(|field| field == child.field);
            for pattern in first.either.iter().filter(|pattern| placed && pattern.kind.is_of(child)) {
                if !(first.last && later.iter().any(|child| child.named)) {
                    self.node(pattern, child.node, &mut |matcher| matcher.siblings(others, later, then));
                }
            }
            if first.next && child.named {
                return;
            }
        }
    }

    fn children(&mut self, node: Node<'tree>) -> Vec<Child<'tree>> {
        let cursor = &mut self.cursor;
        cursor.reset(node);
        let mut children = Vec::with_capacity(node.child_count() as usize);
        let mut more = cursor.goto_first_child();
        while more {
            let node = cursor.node();
            children.push(Child {
                node,
                kind: node.kind_id(),
                field: cursor.field_id().map_or(0, std::num::NonZeroU16::get),
                named: node.is_named(),
            });
            more = cursor.goto_next_sibling();
        }
        self.looked_at += children.len() as u32;
        children
    }

    fn holds(&self, predicate: &Predicate) -> bool {
        let text = |node: Node<'tree>| &self.text[node.byte_range()];
        let captured = |wanted: usize| {
            self.captured.iter().filter(move |(capture, _)| *capture == wanted).map(|&(_, node)| text(node))
        };
        captured(predicate.capture).all(|text| {
            predicate.wanted
                == match &predicate.test {
                    Test::Same(other) => captured(*other).all(|other| other == text),
                    Test::OneOf(texts) => texts.iter().any(|one| one.as_bytes() == text),
                    Test::Like(pattern) => pattern.is_match(text),
                }
        })
    }

    /// Tells the budget of what was looked at; whether that was too much.
    fn must_stop(&mut self) -> bool {
        while self.looked_at >= NODES_PER_CALL && !self.budget.was_exceeded() {
            self.looked_at -= NODES_PER_CALL;
            let _ = self.budget.spend();
        }
        self.budget.was_exceeded()
    }
}

impl Kind {
    fn is_of(self, child: &Child<'_>) -> bool {
        match self {
            Self::Exactly(kind) => kind == child.kind,
            Self::Named => child.named && !child.node.is_error(),
            Self::Any => !child.node.is_error(),
        }
    }
}
