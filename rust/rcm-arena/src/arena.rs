//! Memory that is handed out in pieces and taken back all at once.
#![allow(unsafe_code)]
// Blocks are aligned to a pointer.
#![allow(clippy::cast_ptr_alignment)]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::{self, NonNull};

/// Blocks are multiples of this; so is their alignment, and that of what a caller gets is half of it.
const UNIT: usize = 16;
/// Before each block: its class. Tree-sitter's values need no more than the alignment of a pointer.
const HEADER: usize = 8;
/// Up to so many units each size has a class of its own; above, each power of two.
const FINE: usize = 64;
/// Blocks are of at most so many units, 64 KiB.
const MOST_UNITS: usize = 4_096;
const CLASSES: usize = FINE + 1 + (MOST_UNITS.ilog2() - FINE.ilog2()) as usize;
/// The first chunk; each further one is as large as all before it, up to [`LARGEST_CHUNK`].
const FIRST_CHUNK: usize = 1 << 20;
const LARGEST_CHUNK: usize = 16 << 20;

/// A chunk of memory that blocks are cut from.
#[derive(Debug)]
struct Chunk {
    start: NonNull<u8>,
    bytes: usize,
}

/// Blocks of up to 64 KiB less a header, cut from chunks and used again by size.
#[derive(Debug)]
pub struct Arena {
    chunks: Vec<Chunk>,
    /// What is left of the last chunk.
    next: *mut u8,
    left: usize,
    /// Blocks given back, by class, each with the address of the next in its first bytes.
    free: [*mut u8; CLASSES],
}

/// The class of the smallest block for so many bytes, and its size; none if that is too large.
fn class_of(bytes: usize) -> Option<(usize, usize)> {
    let units = bytes.checked_add(HEADER)?.div_ceil(UNIT);
    if units <= FINE {
        return Some((units, units * UNIT));
    }
    let units = units.checked_next_power_of_two().filter(|&units| units <= MOST_UNITS)?;
    Some((FINE + (units.ilog2() - FINE.ilog2()) as usize, units * UNIT))
}

/// How many bytes a block of a class holds.
fn capacity(class: usize) -> usize {
    let units = if class <= FINE { class } else { FINE << (class - FINE) };
    units * UNIT - HEADER
}

impl Arena {
    pub const fn new() -> Self {
        Self { chunks: Vec::new(), next: ptr::null_mut(), left: 0, free: [ptr::null_mut(); CLASSES] }
    }

    /// A block of at least so many bytes, aligned to eight; none if that is more than a block can hold.
    pub fn take(&mut self, bytes: usize) -> Option<NonNull<u8>> {
        let (class, size) = class_of(bytes)?;
        let block = self.free[class];
        if !block.is_null() {
            // SAFETY: `give_back` wrote the address of the next one there.
            self.free[class] = unsafe { block.cast::<*mut u8>().read() };
            return NonNull::new(block);
        }
        if self.left < size {
            self.grow();
        }
        let block = self.next;
        // SAFETY: a chunk holds the largest block, so `size` bytes from `next` on are within the last chunk and nobody
        // else's; it is aligned to `UNIT`, as all sizes are multiples of it.
        unsafe {
            self.next = block.add(size);
            self.left -= size;
            block.cast::<usize>().write(class);
            NonNull::new(block.add(HEADER))
        }
    }

    fn grow(&mut self) {
        let all: usize = self.chunks.iter().map(|chunk| chunk.bytes).sum();
        let bytes = all.clamp(FIRST_CHUNK, LARGEST_CHUNK);
        let layout = layout(bytes);
        // SAFETY: the size is not zero.
        let Some(start) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        self.chunks.push(Chunk { start, bytes });
        (self.next, self.left) = (start.as_ptr(), bytes);
    }

    /// Whether a block is of this arena.
    pub fn owns(&self, block: NonNull<u8>) -> bool {
        let address = block.as_ptr().addr();
        self.chunks.iter().rev().any(|chunk| {
            let start = chunk.start.as_ptr().addr();
            (start..start + chunk.bytes).contains(&address)
        })
    }

    /// How many bytes a block holds.
    ///
    /// # Safety
    ///
    /// It is a block of this arena, taken and not given back.
    pub unsafe fn capacity(block: NonNull<u8>) -> usize {
        // SAFETY: `take` wrote it.
        capacity(unsafe { block.as_ptr().sub(HEADER).cast::<usize>().read() })
    }

    /// Takes a block back, for another one of its size.
    ///
    /// # Safety
    ///
    /// It is a block of this arena, taken and not given back; nobody uses it any more.
    pub unsafe fn give_back(&mut self, block: NonNull<u8>) {
        let block = block.as_ptr();
        // SAFETY: the class stands before the block, which has room for an address.
        unsafe {
            let class = block.sub(HEADER).cast::<usize>().read();
            block.cast::<*mut u8>().write(self.free[class]);
            self.free[class] = block;
        }
    }

    /// Takes all blocks back; the first chunk is kept for the next ones.
    ///
    /// # Safety
    ///
    /// Nobody uses any of them any more.
    pub unsafe fn empty(&mut self) {
        self.release(1);
        self.free = [ptr::null_mut(); CLASSES];
        (self.next, self.left) =
            self.chunks.first().map_or((ptr::null_mut(), 0), |chunk| (chunk.start.as_ptr(), chunk.bytes));
    }

    fn release(&mut self, keep: usize) {
        for chunk in self.chunks.drain(keep.min(self.chunks.len())..) {
            // SAFETY: it was allocated with this layout, and is forgotten here.
            unsafe { dealloc(chunk.start.as_ptr(), layout(chunk.bytes)) };
        }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.release(0);
    }
}

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, UNIT).expect("chunks are of a few megabytes")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_block_holds_what_was_asked_for_and_is_of_its_class() {
        for bytes in (0..3_000).chain([16_000, 32_760, 32_761, 65_528]) {
            let (class, size) = class_of(bytes).unwrap();
            assert_eq!(capacity(class), size - HEADER, "{bytes}");
            assert!(capacity(class) >= bytes.max(size_of::<usize>()) && class < CLASSES, "{bytes}");
        }
        assert_eq!(class_of(65_529), None);
        assert_eq!(class_of(usize::MAX), None);
    }

    #[test]
    fn what_is_given_back_is_used_again_and_emptying_keeps_one_chunk() {
        let mut arena = Arena::new();
        let block = arena.take(100).unwrap();
        unsafe { arena.give_back(block) };
        assert_eq!(arena.take(97), Some(block), "of the same class");
        for _ in 0..100 {
            arena.take(60_000).unwrap();
        }
        assert!(arena.chunks.len() > 1);
        unsafe { arena.empty() };
        assert_eq!(arena.chunks.len(), 1);
        assert_eq!(arena.take(1_000), Some(block), "from the beginning");
    }

    proptest! {
        /// Blocks in use never overlap: each keeps the byte that it was filled with.
        #[test]
        fn blocks_do_not_overlap(steps in prop::collection::vec((0..70_000_usize, any::<prop::sample::Index>(), 0..8), 1..400)) {
            let mut arena = Arena::new();
            let mut used: Vec<(NonNull<u8>, usize, u8)> = Vec::new();
            for (nth, (bytes, which, what)) in steps.into_iter().enumerate() {
                match what {
                    0 => {
                        used.clear();
                        unsafe { arena.empty() };
                    }
                    1 | 2 if !used.is_empty() => {
                        let (block, ..) = used.swap_remove(which.index(used.len()));
                        unsafe { arena.give_back(block) };
                    }
                    _ => {
                        let bytes = if what < 6 { bytes % 300 } else { bytes };
                        if let Some(block) = arena.take(bytes) {
                            prop_assert!(arena.owns(block) && block.as_ptr().addr() % HEADER == 0);
                            unsafe {
                                let room = Arena::capacity(block);
                                prop_assert!(room >= bytes);
                                block.as_ptr().write_bytes(nth as u8, room);
                                used.push((block, room, nth as u8));
                            }
                        } else {
                            prop_assert!(bytes > 65_528);
                        }
                    }
                }
                for &(block, room, byte) in &used {
                    let kept = unsafe { std::slice::from_raw_parts(block.as_ptr(), room) };
                    prop_assert!(kept.iter().all(|&one| one == byte));
                }
            }
        }
    }
}
