//! Random numbers from the operating system.

/// Returns a number below `count`, each as likely as the others.
pub(super) fn below(count: usize) -> usize {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    let count = u128::try_from(count.max(1)).expect("a usize has at most 128 bits");
    // The remainder of 128 bits prefers no number to a degree that could be measured.
    usize::try_from(u128::from_le_bytes(bytes) % count).expect("it is below a usize")
}

/// Returns the id of a new room: 128 bits, in hexadecimal.
pub(super) fn room_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_number_below_the_count_is_drawn() {
        let drawn: HashSet<usize> = (0..1000).map(|_| below(3)).collect();
        assert_eq!(drawn, HashSet::from([0, 1, 2]));
        assert_eq!(room_id().len(), 32);
    }
}
