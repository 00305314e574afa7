//! What the walk finds, leaves out and says, on small trees built for each case.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcm_core::cancel::Cancel;
use rcm_core::error::Error;
use rcm_core::skip::SkipReason;
use rcm_core::walk::{WalkOptions, Walked, walk};
use rustix::fs::{CWD, Mode, OFlags, mkdirat, mkfifoat, openat};
use tempfile::TempDir;

/// A temporary tree with these files (path, content).
fn tree(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().expect("temporary folder");
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folder");
        fs::write(path, content).expect("file");
    }
    root
}

fn walked(root: &Path, options: &WalkOptions) -> Walked {
    walk(root, options, &Cancel::default()).expect("a walk")
}

fn paths(walked: &Walked) -> Vec<&str> {
    walked.entries.iter().map(|entry| entry.path.to_str().expect("UTF-8")).collect()
}

fn check(files: &[(&str, &str)], options: &WalkOptions, expected: &[&str]) {
    let root = tree(files);
    assert_eq!(paths(&walked(root.path(), options)), expected);
}

fn defaults() -> WalkOptions {
    WalkOptions::default()
}

#[test]
fn entries_are_sorted_by_bytes_and_carry_the_stat() {
    let root = tree(&[("b", "12345"), ("a/z", ""), ("a-b", ""), ("a.rs", ""), ("B", "")]);
    let walked = walked(root.path(), &defaults());
    assert_eq!(paths(&walked), ["B", "a-b", "a.rs", "a/z", "b"]);
    let entry = walked.entries.last().expect("an entry");
    assert_eq!(entry.size, 5);
    assert!(
        entry.mtime_ns > 1_500_000_000_000_000_000 && entry.ctime_ns >= entry.mtime_ns && entry.inode > 0
    );
    assert!(walked.warning.is_none() && walked.failures.is_empty() && walked.skipped.is_empty());
}

#[test]
fn any_number_of_threads_finds_the_same() {
    let files: Vec<String> = (0..300).map(|n| format!("d{}/e{}/f{n}", n % 7, n % 31)).collect();
    let root = tree(&files.iter().map(|path| (path.as_str(), "x")).collect::<Vec<_>>());
    let one = walked(root.path(), &WalkOptions { threads: 1, ..defaults() });
    for threads in [0, 2, 8] {
        assert_eq!(walked(root.path(), &WalkOptions { threads, ..defaults() }).entries, one.entries);
    }
    assert_eq!(one.entries.len(), 300);
}

#[test]
fn ignore_files_of_every_kind_and_depth_are_honoured() {
    let files = [
        (".gitignore", "*.log\n/build\n!keep.log\n"),
        ("sub/.gitignore", "local\n!sub.log\n"),
        (".ignore", "ig\n"),
        (".rcmignore", "rcm/\n"),
        (".git/info/exclude", "excluded\n"),
        ("a.log", ""),
        ("keep.log", ""),
        ("build/x", ""),
        ("sub/build/x", ""),
        ("sub/sub.log", ""),
        ("sub/local", ""),
        ("local", ""),
        ("ig", ""),
        ("rcm/x", ""),
        ("excluded", ""),
    ];
    check(&files, &defaults(), &["keep.log", "local", "sub/build/x", "sub/sub.log"]);
    let all = WalkOptions { use_ignore: false, ..defaults() };
    let root = tree(&files);
    assert_eq!(walked(root.path(), &all).entries.len(), 10);
}

#[test]
fn ignore_files_work_outside_of_git() {
    check(&[(".gitignore", "no\n"), ("no", ""), ("yes", "")], &defaults(), &["yes"]);
}

#[test]
fn parents_rules_count_inside_the_repository_only() {
    let files = [
        (".gitignore", "*.txt\n"),
        ("repo/.gitignore", "*.log\n"),
        ("repo/sub/a.txt", ""),
        ("repo/sub/a.log", ""),
    ];
    let root = tree(&files);
    let sub = root.path().join("repo/sub");
    assert_eq!(paths(&walked(&sub, &defaults())), ["a.log", "a.txt"], "no repository around it");
    fs::create_dir(root.path().join("repo/.git")).expect("folder");
    assert_eq!(paths(&walked(&sub, &defaults())), ["a.txt"]);
}

#[test]
fn a_nested_repository_has_its_own_rules() {
    let files = [
        (".git/HEAD", ""),
        (".gitignore", "*.log\n"),
        ("inner/.git", "gitdir: x"),
        ("inner/a.log", ""),
        ("b.log", ""),
    ];
    check(&files, &defaults(), &["inner/a.log"]);
}

#[test]
fn hidden_files_are_opt_in_and_version_control_never() {
    let files = [
        (".hidden", ""),
        (".dir/x", ""),
        (".git/HEAD", ""),
        (".hg/x", ""),
        (".svn/x", ""),
        (".jj/x", ""),
        ("a", ""),
        ("s/.git", ""),
    ];
    check(&files, &defaults(), &["a"]);
    check(
        &files,
        &WalkOptions { hidden: true, use_ignore: false, ..defaults() },
        &[".dir/x", ".hidden", "a"],
    );
}

#[test]
fn path_rules_are_listed_with_their_reason() {
    let root = tree(&[("big", "123456"), ("fits", "12345"), ("tls/server.pem", "x"), ("id_rsa.pub", "x")]);
    symlink("fits", root.path().join("link")).expect("link");
    symlink("/etc", root.path().join("out")).expect("link");
    symlink("nowhere", root.path().join("dangling")).expect("link");
    symlink(".", root.path().join("loop")).expect("link");
    mkfifoat(CWD, root.path().join("fifo"), Mode::from_raw_mode(0o600)).expect("fifo");
    let _socket = UnixListener::bind(root.path().join("socket")).expect("socket");
    let walked = walked(root.path(), &WalkOptions { max_file_bytes: 5, ..defaults() });
    assert_eq!(paths(&walked), ["fits", "id_rsa.pub"]);
    let expected = [
        ("big", SkipReason::TooLarge),
        ("dangling", SkipReason::Symlink),
        ("fifo", SkipReason::SpecialFile),
        ("link", SkipReason::Symlink),
        ("loop", SkipReason::Symlink),
        ("out", SkipReason::Symlink),
        ("socket", SkipReason::SpecialFile),
        ("tls/server.pem", SkipReason::SensitiveName),
    ];
    assert_eq!(walked.skipped, expected.map(|(path, reason)| (PathBuf::from(path), reason)));
}

#[test]
fn only_a_signed_tag_marks_a_cache() {
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# made by a test\n";
    let root = tree(&[
        ("cache/CACHEDIR.TAG", tag),
        ("cache/x", ""),
        ("fake/CACHEDIR.TAG", "Signature: no"),
        ("fake/x", ""),
    ]);
    fs::create_dir(root.path().join("linked")).expect("folder");
    symlink("../cache/CACHEDIR.TAG", root.path().join("linked/CACHEDIR.TAG")).expect("link");
    fs::write(root.path().join("linked/x"), "").expect("file");
    let result = walked(root.path(), &defaults());
    assert_eq!(paths(&result), ["fake/CACHEDIR.TAG", "fake/x", "linked/x"]);
    assert!(result.skipped.contains(&("cache".into(), SkipReason::CacheDirectory)));
    assert_eq!(
        paths(&walked(&root.path().join("cache"), &defaults())),
        ["CACHEDIR.TAG", "x"],
        "asked for by name"
    );
}

#[test]
fn names_that_are_not_utf_8_are_kept_as_they_are() {
    use std::os::unix::ffi::OsStrExt;
    let root = tree(&[]);
    for name in [&b"\xff\xfe.rs"[..], b"new\nline", b"-dash", b" \x1b[31m"] {
        fs::write(root.path().join(std::ffi::OsStr::from_bytes(name)), "x").expect("file");
    }
    let walked = walked(root.path(), &defaults());
    let names: Vec<&[u8]> = walked.entries.iter().map(|entry| entry.path.as_os_str().as_bytes()).collect();
    assert_eq!(names, [&b" \x1b[31m"[..], b"-dash", b"new\nline", b"\xff\xfe.rs"]);
}

#[test]
fn a_fifo_in_place_of_an_ignore_file_blocks_nothing() {
    let root = tree(&[("a", ""), ("sub/b", "")]);
    mkfifoat(CWD, root.path().join("sub/.gitignore"), Mode::from_raw_mode(0o600)).expect("fifo");
    let result = walked(root.path(), &defaults());
    assert_eq!(paths(&result), ["a"]);
    assert_eq!(result.unreadable, ["sub"].map(PathBuf::from));
    assert_eq!(result.failures.len(), 1);
    let at_the_root = walk(&root.path().join("sub"), &defaults(), &Cancel::default());
    assert!(matches!(at_the_root, Err(Error::Io { .. })));
    let without = walked(root.path(), &WalkOptions { use_ignore: false, ..defaults() });
    assert_eq!(paths(&without), ["a", "sub/b"]);
}

#[test]
fn an_invalid_rule_is_told_and_the_others_hold() {
    let root = tree(&[(".gitignore", "a\n{b\n"), ("a", ""), ("c", "")]);
    let walked = walked(root.path(), &defaults());
    assert_eq!(paths(&walked), ["c"]);
    assert_eq!(walked.failures.len(), 1);
    assert_eq!(walked.failures[0].path, Path::new(".gitignore"));
    assert!(walked.failures[0].error.contains("{b"), "{}", walked.failures[0].error);
    assert!(walked.unreadable.is_empty());
}

/// A path longer than the system takes fails for every user, root too, unlike a folder without permissions.
#[test]
fn a_folder_that_cannot_be_listed_is_a_failure_and_unknown() {
    let root = tree(&[("a", "")]);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let name = "d".repeat(250);
    let mut folder = openat(CWD, root.path(), flags, Mode::empty()).expect("root");
    for _ in 0..20 {
        mkdirat(&folder, &name, Mode::from_raw_mode(0o700)).expect("folder");
        folder = openat(&folder, &name, flags, Mode::empty()).expect("folder");
    }
    let walked = walked(root.path(), &defaults());
    assert_eq!(paths(&walked), ["a"]);
    assert_eq!(walked.failures.len(), 1);
    assert_eq!(walked.unreadable.len(), 1);
    assert!(walked.unreadable[0].starts_with(&name));
    assert_eq!(walked.failures[0].path, walked.unreadable[0]);
}

#[test]
fn a_root_that_is_missing_or_a_file_is_an_error() {
    let root = tree(&[("file", "")]);
    for (path, kind) in
        [("missing", std::io::ErrorKind::NotFound), ("file", std::io::ErrorKind::NotADirectory)]
    {
        match walk(&root.path().join(path), &defaults(), &Cancel::default()) {
            Err(Error::Io { path: about, source }) => {
                assert_eq!(about, root.path().join(path));
                assert_eq!(source.kind(), kind);
            }
            other => panic!("{other:?}"),
        }
    }
    let empty = tree(&[]);
    assert!(walked(empty.path(), &defaults()).entries.is_empty());
}

#[test]
fn the_root_itself_may_be_a_link_or_dotted() {
    let root = tree(&[("real/a", ""), ("real/sub/b", ""), ("real/.gitignore", "c\n"), ("real/c", "")]);
    symlink("real", root.path().join("link")).expect("link");
    assert_eq!(paths(&walked(&root.path().join("link"), &defaults())), ["a", "sub/b"]);
    let dotted = root.path().join("real/sub/..");
    assert_eq!(paths(&walked(&dotted, &defaults())), ["a", "sub/b"]);
    assert_eq!(paths(&walked(&root.path().join("real/"), &defaults())), ["a", "sub/b"]);
}

#[test]
fn stops_on_request() {
    let root = tree(&[("a", "")]);
    let cancel = Cancel::default();
    cancel.cancel();
    assert!(matches!(walk(root.path(), &defaults(), &cancel), Err(Error::Cancelled)));
}

fn check_warning(files: &[(&str, &str)], expected: Option<&[&str]>) {
    let root = tree(files);
    let warning = walked(root.path(), &defaults()).warning;
    match (&warning, expected) {
        (Some(warning), Some(parts)) => {
            for part in parts {
                assert!(warning.contains(part), "{warning}");
            }
        }
        (warning, expected) => assert_eq!(warning.is_some(), expected.is_some(), "{warning:?}"),
    }
}

#[test]
fn warns_with_the_rule_that_hides_everything() {
    let hidden = [(".gitignore", "# generated\n\n/*\n"), ("a.rs", ""), ("src/b.rs", "")];
    check_warning(&hidden, Some(&["0 of 2 files", "`/*`", ".gitignore, line 3", "--no-ignore"]));
    let nested = [("x/.ignore", "*.rs\n"), ("x/a.rs", ""), ("x/y/b.rs", "")];
    check_warning(&nested, Some(&["0 of 2 files", "`*.rs`", "x/.ignore, line 1"]));
    let exclude = [(".git/info/exclude", "src\n"), ("src/a/b.rs", "")];
    check_warning(&exclude, Some(&["`src`", ".git/info/exclude, line 1"]));
}

#[test]
fn warns_when_next_to_nothing_is_left() {
    let names: Vec<String> = (0..250).map(|n| format!("vendor/f{n}")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    files.extend([(".gitignore", "tmp\nvendor/\n"), ("tmp/x", ""), ("a", ""), ("b", "")]);
    check_warning(&files, Some(&["2 of 253 files", "`vendor/`", "line 2"]));
    files.push(("c", ""));
    check_warning(&files, None);
}

#[test]
fn is_silent_when_ignore_rules_are_not_the_cause() {
    check_warning(&[], None);
    check_warning(&[(".gitignore", "*.log\n"), ("a", ""), ("b.log", "")], None);
    check_warning(&[(".hidden", ""), ("only.pem", "")], None);
}

/// The global git file is found through the environment, so the walk runs in a child process with its own.
#[test]
fn the_global_git_ignore_file_counts() {
    const ROOT: &str = "RCM_TEST_ROOT";
    if let Ok(root) = std::env::var(ROOT) {
        assert_eq!(paths(&walked(Path::new(&root), &defaults())), ["a", "sub/anchored"]);
        return;
    }
    let home = tree(&[("git/ignore", "*.swp\n/anchored\n")]);
    let root = tree(&[("a", ""), ("a.swp", ""), ("anchored", ""), ("sub/anchored", "")]);
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "the_global_git_ignore_file_counts"])
        .env(ROOT, root.path())
        .env("XDG_CONFIG_HOME", home.path())
        .env("HOME", home.path())
        .output()
        .expect("a child process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn an_ignore_file_that_leads_out_of_the_tree_is_not_read() {
    let outside = tree(&[("rules", "b\n")]);
    let root =
        tree(&[("a", ""), ("b", ""), ("sub/b", ""), ("shared", "b\n"), ("linked/b", ""), ("linked/c", "")]);
    symlink(outside.path().join("rules"), root.path().join("sub/.gitignore")).expect("link");
    symlink("../shared", root.path().join("linked/.ignore")).expect("link");
    let result = walked(root.path(), &defaults());
    assert_eq!(paths(&result), ["a", "b", "linked/c", "shared"], "a link within the tree counts");
    assert_eq!(result.unreadable, ["sub"].map(PathBuf::from));
    assert!(result.failures[0].error.contains("leads out of the tree"), "{:?}", result.failures);
    symlink(outside.path().join("rules"), root.path().join(".rcmignore")).expect("link");
    let error = walk(root.path(), &defaults(), &Cancel::default()).expect_err("not read").to_string();
    assert!(error.contains(".rcmignore") && error.contains("--no-ignore"), "{error}");
}

#[test]
fn an_ignore_file_of_a_million_rules_is_refused_before_it_is_read() {
    let root = tree(&[("a", ""), ("sub/b", "")]);
    fs::write(root.path().join("sub/.gitignore"), "x*y\n".repeat(1_000_000)).expect("file");
    let result = walked(root.path(), &defaults());
    assert_eq!(paths(&result), ["a"]);
    assert!(result.failures[0].error.contains("512 KiB"), "{:?}", result.failures);
}

#[test]
fn attributes_leave_generated_and_vendored_files_out() {
    let files = [
        (".git/HEAD", ""),
        (
            ".gitattributes",
            "*.pb.rs linguist-generated\nlib/** linguist-vendored\n/gen linguist-generated\n*.rs diff\n",
        ),
        ("sub/.gitattributes", "keep.pb.rs -linguist-generated\nlocal.rs linguist-generated=true\n"),
        ("a.pb.rs", ""),
        ("a.rs", ""),
        ("gen/x.rs", ""),
        ("lib/x/y.rs", ""),
        ("local.rs", ""),
        ("sub/b.pb.rs", ""),
        ("sub/keep.pb.rs", ""),
        ("sub/local.rs", ""),
    ];
    let root = tree(&files);
    let result = walked(root.path(), &defaults());
    assert_eq!(paths(&result), ["a.rs", "gen/x.rs", "local.rs", "sub/keep.pb.rs"]);
    let expected = [
        ("a.pb.rs", SkipReason::Generated),
        ("lib/x/y.rs", SkipReason::Vendored),
        ("sub/b.pb.rs", SkipReason::Generated),
        ("sub/local.rs", SkipReason::Generated),
    ];
    assert_eq!(result.skipped, expected.map(|(path, reason)| (PathBuf::from(path), reason)));
    assert!(result.warning.is_none());
    assert_eq!(
        paths(&walked(&root.path().join("sub"), &defaults())),
        ["keep.pb.rs"],
        "rules above the root count"
    );
    let all = walked(root.path(), &WalkOptions { use_ignore: false, ..defaults() });
    assert_eq!(all.entries.len(), 8, "--no-ignore looks past attributes too");
}

#[test]
fn attributes_that_are_no_file_of_the_tree_mark_nothing() {
    let root = tree(&[("a", ""), ("sub/b", ""), ("rules", "* linguist-generated\n")]);
    symlink("rules", root.path().join(".gitattributes")).expect("link");
    mkfifoat(CWD, root.path().join("sub/.gitattributes"), Mode::from_raw_mode(0o600)).expect("fifo");
    assert_eq!(paths(&walked(root.path(), &defaults())), ["a", "rules", "sub/b"]);
}
