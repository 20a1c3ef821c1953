//! The kernel's keyring of this user: memory that outlives a process, is never swapped and never a file.
//!
//! What is in it is found from any process of the user, with or without a session keyring: a launcher of MCP servers
//! often has none, and what is only linked from the user's keyring may be seen and not read. So the user's keyring is
//! linked from the thread's own first, which makes what it holds ours to read (keyrings(7), "Possession"). The kernel
//! drops a key when its time is over and holds 20,000 bytes for an ordinary user; what it does not take is the caller's
//! to keep elsewhere.

use std::time::Duration;

use linux_keyutils::{Key, KeyError, KeyRing, KeyRingIdentifier, KeySerialId};
use zeroize::Zeroizing;

/// The longest payload of a key of the type `user` (keyrings(7)).
const MAX_KEY: usize = 32_767;

/// `KEY_SPEC_USER_KEYRING`.
const USER: i32 = -4;

/// Keeps some bytes for a time under a name, in place of what was there; whether the kernel took them.
pub(super) fn put(name: &str, bytes: &[u8], lasts: Duration) -> bool {
    let put = || {
        let key = reachable()?.1.add_key(name, bytes)?;
        let seconds = usize::try_from(lasts.as_secs()).unwrap_or(usize::MAX);
        // Nothing stays for ever.
        key.set_timeout(seconds).inspect_err(|_| {
            let _ = key.invalidate();
        })
    };
    bytes.len() <= MAX_KEY && put().is_ok()
}

/// What is kept under a name.
pub(super) fn get(name: &str) -> Option<Zeroizing<Vec<u8>>> {
    let key = find(name).ok()?;
    let mut bytes = Zeroizing::new(vec![0; MAX_KEY]);
    // The length of all there is, of which at most the buffer's was written.
    let length = key.read(&mut *bytes).ok().filter(|length| *length <= MAX_KEY)?;
    bytes.truncate(length);
    Some(bytes)
}

/// Drops what is kept under a name; whether there was something.
pub(super) fn remove(name: &str) -> bool {
    find(name).is_ok_and(|key| key.invalidate().is_ok())
}

/// The names that begin like this.
pub(super) fn names(start: &str) -> Vec<String> {
    let described = |id: &[u8; 4]| {
        let key = Key::from_id(KeySerialId::new(i32::from_ne_bytes(*id)));
        Some(key.metadata().ok()?.get_description().to_owned())
    };
    let Ok(ids) = ids() else { return Vec::new() };
    let (ids, _) = ids.as_chunks();
    ids.iter().filter_map(described).filter(|name| name.starts_with(start)).collect()
}

/// The ids of what the user's keyring holds, as the kernel writes them.
fn ids() -> Result<Vec<u8>, KeyError> {
    reachable()?;
    let ring = Key::from_id(KeySerialId::new(USER));
    let mut bytes = vec![0; 4096];
    loop {
        let length = ring.read(&mut bytes)?;
        if length <= bytes.len() {
            bytes.truncate(length);
            return Ok(bytes);
        }
        bytes.resize(length, 0);
    }
}

fn find(name: &str) -> Result<Key, KeyError> {
    reachable()?.0.search(name)
}

/// The thread's keyring and, linked from it, the user's.
fn reachable() -> Result<(KeyRing, KeyRing), KeyError> {
    let own = KeyRing::from_special_id(KeyRingIdentifier::Thread, true)?;
    let user = KeyRing::from_special_id(KeyRingIdentifier::User, true)?;
    own.link_keyring(user)?;
    Ok((own, user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_found_by_name_until_it_is_removed() {
        let start = format!("hushpipe-test-{}:", std::process::id());
        let name = |name: &str| format!("{start}{name}");
        if !put(&name("a"), b"one", Duration::from_secs(60)) {
            return; // A container may forbid it, and then files are used.
        }
        assert!(put(&name("a"), b"two\0", Duration::from_secs(60)), "in place of the first");
        assert!(put(&name("b"), &[7; MAX_KEY], Duration::from_secs(60)));
        assert!(!put(&name("c"), &[7; MAX_KEY + 1], Duration::from_secs(60)), "too long");
        assert_eq!(get(&name("a")).expect("kept").as_slice(), b"two\0");
        assert_eq!(get(&name("b")).expect("kept").len(), MAX_KEY);
        // From another thread too, as from another process.
        let elsewhere = name("a");
        assert!(std::thread::spawn(move || get(&elsewhere).is_some()).join().expect("ended"));
        let mut kept = names(&start);
        kept.sort();
        assert_eq!(kept, [name("a"), name("b")]);
        assert!(remove(&name("a")) && remove(&name("b")) && !remove(&name("a")));
        assert!(get(&name("a")).is_none() && names(&start).is_empty());
    }
}
