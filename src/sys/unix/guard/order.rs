//! An order on its way to the guard: strings, each ended by NUL as `execve(2)` wants them, and descriptors beside them.
//!
//! The strings hold the server's secrets. Both sides clear their copy when they are done with it; the guard hands its own
//! to the kernel as it is and makes no other.

use std::ffi::{CStr, OsStr};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use zeroize::Zeroizing;

use crate::sys::command::Order;

/// Begins an order, and carries the descriptors. Different from every command: one for the server before may have come too
/// late and stand in front of it.
const BEGIN: [u8; 1] = *b"O";

/// How many descriptors one message may carry beside the three of stdio (`SCM_MAX_FD` is 253).
const MAX_KEPT: usize = 250;

/// Sends an order with the server's ends of its three streams.
pub(super) fn send(
    mut control: &UnixStream,
    order: &Order<'_>,
    stdio: &[OwnedFd],
) -> io::Result<()> {
    if order.keep_open.len() > MAX_KEPT {
        let what = format!("more than {MAX_KEPT} secrets are delivered as files");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let strings = Zeroizing::new(strings(order)?);
    let fds: Vec<RawFd> =
        stdio.iter().map(AsRawFd::as_raw_fd).chain(order.keep_open.iter().copied()).collect();
    let rights = [ControlMessage::ScmRights(&fds)];
    let begin = [IoSlice::new(&BEGIN)];
    sendmsg::<()>(control.as_raw_fd(), &begin, &rights, MsgFlags::empty(), None)?;
    control.write_all(&(strings.len() as u64).to_le_bytes())?;
    control.write_all(&strings)
}

/// Program, folder, the numbers of the descriptors to keep, the number of arguments, the arguments, the environment.
fn strings(order: &Order<'_>) -> io::Result<Vec<u8>> {
    let keep: Vec<_> = order.keep_open.iter().map(ToString::to_string).collect();
    let head = [order.program.as_os_str(), order.cwd.as_os_str()];
    let numbers = [keep.join(" "), order.args.len().to_string()];
    let args = order.args.iter().map(std::ffi::OsString::as_os_str);
    let one = |text: &OsStr| -> Vec<u8> { text.as_bytes().to_vec() };
    let plain = head.into_iter().chain(numbers.iter().map(OsStr::new)).chain(args).map(one);
    let size = order.env.iter().map(|(name, value)| name.len() + value.len() + 2).sum::<usize>();
    // Made once at its full size: a vector that grows leaves copies of the secrets behind.
    let plain: Vec<_> = plain.collect();
    let mut bytes =
        Vec::with_capacity(size + plain.iter().map(|text| text.len() + 1).sum::<usize>());
    let mut push = |parts: &[&[u8]]| {
        if parts.iter().any(|part| part.contains(&0)) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a string holds a NUL byte"));
        }
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        bytes.push(0);
        Ok(())
    };
    plain.iter().try_for_each(|text| push(&[text]))?;
    order
        .env
        .iter()
        .try_for_each(|(name, value)| push(&[name.as_bytes(), b"=", value.as_bytes()]))?;
    Ok(bytes)
}

/// An order as it arrived.
pub(super) struct Received {
    strings: Zeroizing<Vec<u8>>,
    /// The server's stdin, stdout and stderr, then the descriptors to keep.
    pub(super) fds: Vec<OwnedFd>,
}

/// An order taken apart.
pub(super) struct Parts<'a> {
    /// The program, the first argument of itself.
    pub(super) program: &'a CStr,
    /// The working directory.
    pub(super) cwd: &'a CStr,
    /// The numbers that the descriptors behind the first three must have.
    pub(super) keep: Vec<RawFd>,
    /// The arguments, the program first.
    pub(super) args: Vec<&'a CStr>,
    /// The environment.
    pub(super) env: Vec<&'a CStr>,
}

impl Received {
    /// Takes the strings apart; `None` where they are not what [`send`] sends.
    pub(super) fn parts(&self) -> Option<Parts<'_>> {
        let mut strings = self.strings.split_inclusive(|byte| *byte == 0);
        let mut next = || strings.next().and_then(|text| CStr::from_bytes_with_nul(text).ok());
        let (program, cwd) = (next()?, next()?);
        let numbers = next()?.to_str().ok()?.split_whitespace();
        let keep = numbers.map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let count: usize = next()?.to_str().ok()?.parse().ok()?;
        let args = (0..count).map(|_| next());
        let args = std::iter::once(Some(program)).chain(args).collect::<Option<_>>()?;
        let env = std::iter::from_fn(next).collect();
        Some(Parts { program, cwd, keep, args, env })
    }
}

/// Waits for an order; `None` where we ended without one.
#[expect(unsafe_code, reason = "taking over descriptors")]
pub(super) fn receive(mut control: &UnixStream) -> io::Result<Option<Received>> {
    let mut begin = [0];
    let mut fds = Vec::new();
    while begin != BEGIN {
        let mut space = nix::cmsg_space!([RawFd; MAX_KEPT + 3]);
        let mut into = [IoSliceMut::new(&mut begin)];
        let message =
            recvmsg::<()>(control.as_raw_fd(), &mut into, Some(&mut space), MsgFlags::empty())?;
        for part in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(received) = part {
                // SAFETY: the kernel made these descriptors for us with this message.
                fds.extend(received.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
            }
        }
        if message.bytes == 0 {
            return Ok(None);
        }
    }
    // Not all systems can ask for this with the message. Left open, the server would hold each of them twice.
    for fd in &fds {
        fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    let mut length = [0; size_of::<u64>()];
    control.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_le_bytes(length)).map_err(io::Error::other)?;
    let mut strings = Zeroizing::new(vec![0; length]);
    control.read_exact(&mut strings)?;
    Ok(Some(Received { strings, fds }))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::*;
    use crate::sys::env::ScrubbedEnv;

    #[test]
    fn an_order_arrives_as_it_was_given() {
        let (ours, its) = UnixStream::pair().unwrap();
        let mut env = ScrubbedEnv::empty();
        env.set("A", "1");
        env.set("B", OsStr::from_bytes(b"\xff=\n"));
        let args = ["", "a b", "x\u{fe0f}"].map(OsString::from);
        let kept = tempfile::tempfile().unwrap();
        let keep_open = [kept.as_raw_fd()];
        let (program, cwd) = (Path::new("/bin/true"), Path::new("/"));
        let order = Order { program, args: &args, env: &env, cwd, keep_open: &keep_open };
        let stdio = [(); 3].map(|()| OwnedFd::from(tempfile::tempfile().unwrap()));
        send(&ours, &order, &stdio).unwrap();
        let received = receive(&its).unwrap().unwrap();
        let parts = received.parts().unwrap();
        assert_eq!((parts.program, parts.cwd), (c"/bin/true", c"/"));
        assert_eq!(parts.args, [c"/bin/true", c"", c"a b", c"x\u{fe0f}"]);
        assert_eq!(parts.env, [c"A=1", c"B=\xff=\n"]);
        assert_eq!((parts.keep.as_slice(), received.fds.len()), (keep_open.as_slice(), 4));
        (&ours).write_all(b"TK").unwrap();
        send(&ours, &order, &stdio).unwrap();
        assert_eq!(
            receive(&its).unwrap().unwrap().fds.len(),
            4,
            "behind commands that came too late"
        );
        drop(ours);
        assert!(receive(&its).unwrap().is_none());
    }

    #[test]
    fn a_nul_byte_is_refused() {
        let mut env = ScrubbedEnv::empty();
        env.set("A", "1\0B=2");
        let (program, cwd) = (Path::new("/bin/true"), Path::new("/"));
        let order = Order { program, args: &[], env: &env, cwd, keep_open: &[] };
        assert_eq!(strings(&order).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
