//! Word pieces and their ids, made for a quick load and greedy longest match.

use super::definition::Tokens;
use super::words::MAX_WORD_BYTES;

/// Tokens in one buffer, found through an open-addressing table.
#[derive(Debug)]
pub(super) struct Vocabulary {
    /// The tokens' bytes, one after another, by id.
    bytes: Vec<u8>,
    /// Where the token of each id begins in `bytes`, and the end of the last one.
    starts: Vec<u32>,
    /// (upper half of the hash, id) or [`EMPTY`]; a power of two, at most half full.
    slots: Vec<(u32, u32)>,
    longest: usize,
}

const EMPTY: (u32, u32) = (0, u32::MAX);
const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;

fn extend(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

impl Vocabulary {
    /// Takes the tokens in any order; one without a place is held by no text.
    ///
    /// Errors say what is wrong: ids that are not 0 to n - 1, or a single byte without a token.
    pub(super) fn new(tokens: &Tokens) -> Result<Self, String> {
        let by_id = sorted_by_id(tokens)?;
        let mut vocabulary = Self {
            bytes: Vec::with_capacity(tokens.bytes.len()),
            starts: vec![0],
            slots: vec![EMPTY; (tokens.places.len() * 2).next_power_of_two()],
            longest: 0,
        };
        for (id, token) in by_id.into_iter().enumerate() {
            let token = token.unwrap_or_default();
            vocabulary.bytes.extend_from_slice(token);
            let end = u32::try_from(vocabulary.bytes.len())
                .map_err(|_| "vocabulary is larger than 4 GiB".to_owned())?;
            vocabulary.starts.push(end);
            if !token.is_empty() && token.len() <= MAX_WORD_BYTES {
                vocabulary.insert(token, id as u32)?;
            }
        }
        match (0..=u8::MAX).find(|&byte| vocabulary.find(&[byte], extend(HASH_START, byte)).is_none()) {
            Some(byte) => Err(format!("no token for the single byte 0x{byte:02X}")),
            None => Ok(vocabulary),
        }
    }

    /// Number of tokens.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Appends the ids of the longest known pieces of `word`, from the left.
    pub(super) fn pieces(&self, word: &[u8], out: &mut Vec<u32>) {
        let mut rest = word;
        let mut hashes = [0; MAX_WORD_BYTES];
        while !rest.is_empty() {
            let reach = rest.len().min(self.longest);
            let mut hash = HASH_START;
            for (place, &byte) in hashes.iter_mut().zip(&rest[..reach]) {
                hash = extend(hash, byte);
                *place = hash;
            }
            let found =
                (1..=reach).rev().find_map(|len| Some((len, self.find(&rest[..len], hashes[len - 1])?)));
            let Some((len, id)) = found else {
                debug_assert!(false, "every single byte is a token");
                return;
            };
            out.push(id);
            rest = &rest[len..];
        }
    }

    fn insert(&mut self, token: &[u8], id: u32) -> Result<(), String> {
        let hash = token.iter().fold(HASH_START, |hash, &byte| extend(hash, byte));
        if self.find(token, hash).is_some() {
            return Err(format!("the token of id {id} occurs twice"));
        }
        let mut at = self.slot(hash);
        while self.slots[at] != EMPTY {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = ((hash >> 32) as u32, id);
        self.longest = self.longest.max(token.len());
        Ok(())
    }

    fn find(&self, token: &[u8], hash: u64) -> Option<u32> {
        let tag = (hash >> 32) as u32;
        let mut at = self.slot(hash);
        loop {
            match self.slots[at] {
                EMPTY => return None,
                (found, id) if found == tag && self.token(id) == token => return Some(id),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }

    fn slot(&self, hash: u64) -> usize {
        // FNV's low bits alone spread short words badly.
        (hash ^ (hash >> 29)) as usize & (self.slots.len() - 1)
    }

    fn token(&self, id: u32) -> &[u8] {
        let id = id as usize;
        &self.bytes[self.starts[id] as usize..self.starts[id + 1] as usize]
    }
}

fn sorted_by_id(tokens: &Tokens) -> Result<Vec<Option<&[u8]>>, String> {
    let count = tokens.places.len();
    let mut by_id = vec![None; count];
    for (place, id) in &tokens.places {
        match by_id.get_mut(*id as usize) {
            Some(token @ None) => *token = Some(place.clone().map(|place| &tokens.bytes[place])),
            Some(Some(_)) => return Err(format!("two tokens have the id {id}")),
            None => return Err(format!("id {id} in a vocabulary of {count} tokens")),
        }
    }
    Ok(by_id.into_iter().flatten().collect())
}
