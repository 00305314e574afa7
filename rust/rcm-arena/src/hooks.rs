//! What tree-sitter calls for memory.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::Once;

use tree_sitter::{Allocator, set_allocator};

use crate::arena::Arena;

thread_local! {
    static THREAD: Thread = const {
        Thread {
            arena: RefCell::new(Arena::new()),
            large: RefCell::new(Vec::new()),
            is_lent: Cell::new(false),
            is_open: Cell::new(false),
        }
    };
}

/// The memory of one thread.
struct Thread {
    arena: RefCell<Arena>,
    /// Blocks too large for the arena, which the system gave; they go when it is emptied.
    large: RefCell<Vec<NonNull<c_void>>>,
    /// Whether there is a [`Lease`].
    is_lent: Cell<bool>,
    /// Whether what is asked for is taken from the arena.
    is_open: Cell<bool>,
}

/// The right to take memory from this thread's arena. When it is dropped the arena is emptied.
pub struct Lease {
    /// A parse within a parse has none, and takes from the system.
    is_given: bool,
}

impl Lease {
    /// Leases this thread's arena.
    ///
    /// # Safety
    ///
    /// Whatever tree-sitter allocates in [`Self::within`] is not used after the lease is dropped.
    pub unsafe fn new() -> Self {
        static HOOKED: Once = Once::new();
        HOOKED.call_once(|| {
            let allocator = Allocator { malloc, calloc, realloc, free };
            // SAFETY: `free` and `realloc` take what `malloc` of the system gave, so blocks from before are in good hands.
            // Threads that use tree-sitter without this crate may see the old functions or these.
            unsafe { set_allocator(Some(allocator)) };
        });
        Self { is_given: THREAD.with(|thread| !thread.is_lent.replace(true)) }
    }

    /// Runs `work` with the arena open.
    pub fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        self.with(true, work)
    }

    /// Runs `work`, which may be anything, with the arena closed.
    pub fn outside<R>(&self, work: impl FnOnce() -> R) -> R {
        self.with(false, work)
    }

    fn with<R>(&self, open: bool, work: impl FnOnce() -> R) -> R {
        /// Puts the state back, also when `work` panics.
        struct Restore(bool);
        impl Drop for Restore {
            fn drop(&mut self) {
                THREAD.with(|thread| thread.is_open.set(self.0));
            }
        }
        let _restore = Restore(THREAD.with(|thread| thread.is_open.replace(open && self.is_given)));
        work()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_given {
            return;
        }
        THREAD.with(|thread| {
            thread.is_lent.set(false);
            // SAFETY: whoever made the lease has promised that nobody uses these any more.
            unsafe { thread.arena.borrow_mut().empty() };
            for block in thread.large.take() {
                // SAFETY: the same; the system gave it, and it has not been freed, or it would not be listed.
                unsafe { libc::free(block.as_ptr()) };
            }
        });
    }
}

/// What `work` makes of this thread's memory; none while the thread ends.
fn with<R>(work: impl FnOnce(&Thread) -> R) -> Option<R> {
    THREAD.try_with(work).ok()
}

unsafe extern "C" fn malloc(bytes: usize) -> *mut c_void {
    let is_open = with(|thread| thread.is_open.get()).unwrap_or_default();
    if !is_open {
        // SAFETY: as for any `malloc`.
        return unsafe { libc::malloc(bytes) };
    }
    with(|thread| {
        if let Some(block) = thread.arena.borrow_mut().take(bytes) {
            return block.as_ptr().cast();
        }
        // SAFETY: as for any `malloc`.
        let block = unsafe { libc::malloc(bytes) };
        thread.large.borrow_mut().extend(NonNull::new(block));
        block
    })
    .unwrap_or(ptr::null_mut())
}

unsafe extern "C" fn calloc(count: usize, bytes: usize) -> *mut c_void {
    let Some(all) = count.checked_mul(bytes) else { return ptr::null_mut() };
    // SAFETY: a block of `malloc` has `all` bytes, if it gave one.
    unsafe {
        let block = malloc(all);
        if !block.is_null() {
            block.write_bytes(0, all);
        }
        block
    }
}

unsafe extern "C" fn realloc(block: *mut c_void, bytes: usize) -> *mut c_void {
    let Some(old) = NonNull::new(block) else {
        // SAFETY: no block yet.
        return unsafe { malloc(bytes) };
    };
    if !is_of_arena(old) {
        let is_listed = with(|thread| unlist(thread, old)).unwrap_or_default();
        // SAFETY: the system gave it.
        let new = unsafe { libc::realloc(block, bytes) };
        if is_listed {
            let kept = NonNull::new(new).unwrap_or(old);
            with(|thread| thread.large.borrow_mut().push(kept));
        }
        return new;
    }
    // SAFETY: it is a block of the arena and in use, or tree-sitter would not name it.
    unsafe {
        let room = Arena::capacity(old.cast());
        if bytes <= room {
            return block;
        }
        let new = malloc(bytes);
        if !new.is_null() {
            ptr::copy_nonoverlapping(block.cast::<u8>(), new.cast::<u8>(), room);
            free(block);
        }
        new
    }
}

unsafe extern "C" fn free(block: *mut c_void) {
    let Some(old) = NonNull::new(block) else { return };
    if is_of_arena(old) {
        // SAFETY: it was in use until now, or tree-sitter would not free it.
        with(|thread| unsafe { thread.arena.borrow_mut().give_back(old.cast()) });
        return;
    }
    with(|thread| unlist(thread, old));
    // SAFETY: the system gave it.
    unsafe { libc::free(block) };
}

fn is_of_arena(block: NonNull<c_void>) -> bool {
    with(|thread| thread.arena.borrow().owns(block.cast())).unwrap_or_default()
}

/// Takes a block off the list of large ones, if it is there.
fn unlist(thread: &Thread, block: NonNull<c_void>) -> bool {
    let mut large = thread.large.borrow_mut();
    let at = large.iter().rposition(|&one| one == block);
    at.is_some_and(|at| {
        large.swap_remove(at);
        true
    })
}
