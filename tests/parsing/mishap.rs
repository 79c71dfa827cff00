//! What happens to a body on its way: bytes changed, lost, added or repeated. What becomes of it is in `bodies`.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// What happens to a body on its way.
#[derive(Clone, Debug)]
pub(crate) enum Mishap {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index, usize),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize),
}

pub(crate) fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        4 => (any::<Index>(), 1_u8..).prop_map(|(at, bits)| Mishap::Flip(at, bits)),
        1 => any::<Index>().prop_map(Mishap::Cut),
        1 => (any::<Index>(), 1_usize..50).prop_map(|(at, count)| Mishap::Drop(at, count)),
        1 => (any::<Index>(), vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Mishap::Insert(at, bytes)),
        1 => (any::<Index>(), 1_usize..200).prop_map(|(at, count)| Mishap::Repeat(at, count)),
    ]
}

impl Mishap {
    pub(crate) fn happen_to(&self, body: &mut Vec<u8>) {
        let within = |at: &Index, body: &Vec<u8>| at.index(body.len().max(1)).min(body.len());
        match self {
            Self::Flip(at, bits) => {
                let at = within(at, body);
                body.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits);
            }
            Self::Cut(at) => body.truncate(within(at, body)),
            Self::Drop(at, count) => {
                let at = within(at, body);
                body.drain(at..body.len().min(at + count));
            }
            Self::Insert(at, bytes) => {
                let at = within(at, body);
                body.splice(at..at, bytes.iter().copied());
            }
            Self::Repeat(at, count) => {
                let at = within(at, body);
                let piece = body[at..body.len().min(at + count)].to_vec();
                body.splice(at..at, piece);
            }
        }
    }
}
