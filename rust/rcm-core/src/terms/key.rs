//! Fixed-width keys of terms and names. They are stored on disk: changing one changes the format.

/// The 32-bit key of a term in vector segments (FNV-1a).
pub fn term_key(term: &str) -> u32 {
    term.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The 32-bit key of two terms that stand side by side, from their own.
pub fn pair_key(first: u32, second: u32) -> u32 {
    let bytes = [b' '].into_iter().chain(second.to_le_bytes());
    bytes.fold(first, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Low bits of a [`name_key`] that tell spellings of one name apart.
pub const SPELLING_BITS: u32 = 16;

/// The 64-bit key of a defined name in vector segments.
///
/// `getUserName`, `get_user_name`, `GetUserName` and `get-user-name` share all but the low [`SPELLING_BITS`], which are
/// of the name as written. Both parts are FNV-1a; a name without a letter or digit is its own fold.
pub fn name_key(name: &str) -> u64 {
    let mut folded = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).peekable();
    let written = fnv_64(name.bytes());
    if folded.peek().is_none() {
        return written;
    }
    let spelling = (1 << SPELLING_BITS) - 1;
    let mut utf8 = [0; 4];
    let fold = folded.fold(FNV_64, |hash, c| step_64(hash, c.encode_utf8(&mut utf8).bytes()));
    fold & !spelling | written & spelling
}

const FNV_64: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv_64(bytes: impl Iterator<Item = u8>) -> u64 {
    step_64(FNV_64, bytes)
}

fn step_64(hash: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
