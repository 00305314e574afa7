//! Fixed-width keys of terms and names. They are stored on disk: changing one changes the format.

/// The 32-bit key of a term in vector segments (FNV-1a).
pub fn term_key(term: &str) -> u32 {
    term.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The 64-bit key of a defined name in vector segments (FNV-1a, as written).
pub fn name_key(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
