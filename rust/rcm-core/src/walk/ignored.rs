//! What ignore rules hide: broken rules, and the warning when next to nothing is left.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ignore::gitignore::{Gitignore, GitignoreBuilder, Glob};
use rustc_hash::FxHashMap;

use crate::cancel::Cancel;
use crate::error::FileFailure;

use super::{WalkOptions, Walked, builder, is_sensitive, relative};

/// Only a walk that finds this few files is compared with one that looks past ignore files.
const FEW: usize = 50;

/// Counting stops here: 1 % of it is [`FEW`].
const ENOUGH: usize = 5_000;

/// The top of the git repository that holds `root`, if any: the nearest folder at or above it with a `.git`.
pub(super) fn enclosing_repository(root: &Path) -> Option<PathBuf> {
    if root.join(".git").exists() {
        return Some(root.to_path_buf());
    }
    let real = root.canonicalize().ok()?;
    real.ancestors().skip(1).find(|folder| folder.join(".git").exists()).map(Path::to_path_buf)
}

/// Appends one failure per ignore rule that could not be understood.
pub(super) fn invalid_rules(error: &ignore::Error, root: &Path, failures: &mut Vec<FileFailure>) {
    match error {
        ignore::Error::Partial(errors) => {
            for error in errors {
                invalid_rules(error, root, failures);
            }
        }
        ignore::Error::WithPath { path, err } if path.starts_with(root) && !err.is_io() => {
            let error = format!("a rule is not valid and was not used: {err}");
            failures.push(FileFailure { path: relative(root, path), error });
        }
        // Rules of files outside the root are not this tree's trouble.
        _ => {}
    }
}

/// The message for a walk whose ignore rules leave nothing, or less than 1 % of the files.
pub(super) fn warning(root: &Path, options: &WalkOptions, cancel: &Cancel, left: usize) -> Option<String> {
    if left > FEW {
        return None;
    }
    let files = files_without_rules(root, options, cancel);
    let total = files.len();
    if total == 0 || left * 100 >= total {
        return None;
    }
    let at_least = if total >= ENOUGH { "at least " } else { "" };
    let culprit = Rules::new(root)
        .most_hiding(&files)
        .map_or_else(String::new, |rule| format!("; most are hidden by {rule}"));
    Some(format!(
        "ignore rules leave {left} of {at_least}{total} files{culprit}\nhint: use --no-ignore to look past ignore files"
    ))
}

/// Up to [`ENOUGH`] files that would be entries if there were no ignore files.
fn files_without_rules(root: &Path, options: &WalkOptions, cancel: &Cancel) -> Vec<PathBuf> {
    let options = WalkOptions { use_ignore: false, ..options.clone() };
    let mut files = Vec::new();
    let walk = builder(root, &options, &Arc::new(Mutex::new(Walked::default()))).build();
    let _ = walk.flatten().try_for_each(|entry| {
        let path = relative(root, entry.path());
        if entry.file_type().is_some_and(|kind| kind.is_file())
            && !is_sensitive(&path)
            && entry.metadata().is_ok_and(|stat| stat.len() <= options.max_file_bytes)
        {
            files.push(path);
        }
        if files.len() >= ENOUGH || cancel.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    files
}

/// The ignore rules of a tree, loaded folder by folder, to tell which one hides a path.
struct Rules {
    /// Top of the repository or the root: rules above it do not count.
    top: PathBuf,
    root: PathBuf,
    global: Gitignore,
    folders: FxHashMap<PathBuf, [Gitignore; 4]>,
}

impl Rules {
    fn new(root: &Path) -> Self {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let top = enclosing_repository(&root).unwrap_or_else(|| root.clone());
        let global = GitignoreBuilder::new(&root).build_global().0;
        Self { top, root, global, folders: FxHashMap::default() }
    }

    /// The rule that hides most of `files`, described: pattern, file and line.
    fn most_hiding(&mut self, files: &[PathBuf]) -> Option<String> {
        let mut hidden: BTreeMap<(PathBuf, String), usize> = BTreeMap::new();
        for file in files {
            if let Some(rule) = self.hiding(file) {
                *hidden.entry(rule).or_default() += 1;
            }
        }
        let ((file, pattern), _) = hidden.into_iter().max_by_key(|(_, count)| *count)?;
        let line = std::fs::read_to_string(&file)
            .ok()
            .and_then(|text| text.lines().position(|line| line.trim_end() == pattern.trim_end()));
        let line = line.map_or_else(String::new, |line| format!(", line {}", line + 1));
        let shown = file.strip_prefix(&self.root).unwrap_or(&file);
        Some(format!("the rule `{}` ({}{line})", pattern.escape_debug(), shown.display()))
    }

    /// The file and pattern of the rule that hides `file`: the topmost folder on its way that is ignored decides.
    fn hiding(&mut self, file: &Path) -> Option<(PathBuf, String)> {
        let path = self.root.join(file);
        let steps: Vec<PathBuf> =
            path.ancestors().take_while(|step| **step != *self.root).map(Path::to_path_buf).collect();
        steps.iter().rev().find_map(|step| self.hiding_itself(step, *step != path))
    }

    fn hiding_itself(&mut self, path: &Path, is_directory: bool) -> Option<(PathBuf, String)> {
        let above: Vec<PathBuf> = path
            .ancestors()
            .skip(1)
            .take_while(|folder| folder.starts_with(&self.top))
            .map(Path::to_path_buf)
            .collect();
        for folder in &above {
            self.folders.entry(folder.clone()).or_insert_with(|| load(folder));
        }
        // Kind of file first, then nearness: the order in which the walker asks them.
        for kind in 0..4 {
            for folder in &above {
                match self.folders[folder][kind].matched(path, is_directory) {
                    ignore::Match::Ignore(rule) => return described(rule),
                    ignore::Match::Whitelist(_) => return None,
                    ignore::Match::None => {}
                }
            }
        }
        match self.global.matched(path, is_directory) {
            ignore::Match::Ignore(rule) => described(rule),
            _ => None,
        }
    }
}

fn load(folder: &Path) -> [Gitignore; 4] {
    [".rcmignore", ".ignore", ".gitignore", ".git/info/exclude"].map(|name| {
        let file = folder.join(name);
        let mut rules = GitignoreBuilder::new(folder);
        if file.is_file() {
            rules.add(file);
        }
        rules.build().unwrap_or_else(|_| Gitignore::empty())
    })
}

fn described(rule: &Glob) -> Option<(PathBuf, String)> {
    Some((rule.from()?.to_path_buf(), rule.original().to_string()))
}
