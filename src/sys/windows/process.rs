//! Processes on Windows: a job for the server's tree, which ends with us however we end.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::{ExitStatus, Stdio};

use tokio::process::Child;
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlShutdown};
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation,
    SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NO_WINDOW, CREATE_SUSPENDED, OpenThread, ResumeThread, THREAD_SUSPEND_RESUME,
};

use crate::sys::command::{Order, Started, Streams};

/// Windows writes no core files by itself and lets only administrators and ourselves read our memory.
pub fn harden() {}

/// Whether there are handles enough to begin a session: Windows has no limit of its own for a process.
///
/// # Errors
/// None here.
pub fn check_descriptors() -> io::Result<()> {
    Ok(())
}

/// Waits until standard input can be read, or has ended. Not needed here, see [`check_descriptors`].
pub fn input_within(_limit: std::time::Duration) -> bool {
    true
}

/// Makes a helper's command die with us: nothing to do, a console's Ctrl-C reaches it, and what is left behind is
/// harmless.
pub fn end_with_us(_command: &mut std::process::Command) {}

/// Starts the server. Windows needs no process beside ours: a job ends with its last handle, however we end.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Nothing to start here.
    ///
    /// # Errors
    /// Never here.
    pub fn start() -> io::Result<Self> {
        Ok(Self(()))
    }

    /// Starts the server: suspended, so that it is in its job before it can start anything.
    ///
    /// # Errors
    /// What the system says.
    pub fn spawn(self, order: &Order<'_>) -> io::Result<Started> {
        let (streams, child, job) = start(order)?;
        Ok(Started { streams, process: Process { child, job } })
    }
}

#[expect(clippy::disallowed_methods, reason = "the one door to starting servers")]
fn start(order: &Order<'_>) -> io::Result<(Streams, Child, Job)> {
    let mut command = tokio::process::Command::new(order.program);
    command.args(order.args).env_clear().envs(order.env.iter()).current_dir(order.cwd);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.creation_flags(CREATE_SUSPENDED | CREATE_NO_WINDOW).kill_on_drop(true);
    let mut child = command.spawn()?;
    let job = Job::of(&child)?;
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(stdin), Some(stdout), Some(stderr)) => {
            Ok((Streams { stdin, stdout, stderr }, child, job))
        }
        _ => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

/// A running server. Dropped, its whole tree ends.
#[derive(Debug)]
pub struct Process {
    child: Child,
    job: Job,
}

impl Process {
    /// Waits until the server has ended, and ends what is left of its tree. May be dropped and called again.
    pub async fn wait(&mut self) -> ExitStatus {
        let status = self.child.wait().await;
        self.kill();
        // Waiting fails only where the handle is no process; then it has ended in no way that has a code.
        status.unwrap_or_default()
    }

    /// Starts another server in place of this one, which has ended: [`wait`](Self::wait) has said so.
    ///
    /// # Errors
    /// As [`Guard::spawn`].
    pub fn spawn_again(&mut self, order: &Order<'_>) -> io::Result<Streams> {
        let (streams, child, job) = start(order)?;
        (self.child, self.job) = (child, job);
        Ok(streams)
    }

    /// Windows has no way to ask a process without a window to end; its closed stdin is what asks it.
    pub fn terminate(&self) {}

    /// Ends every process of the job.
    #[expect(unsafe_code, reason = "job objects have no safe wrapper")]
    pub fn kill(&self) {
        // SAFETY: the handle is open as long as this value. A refusal means that nothing is left to end.
        unsafe { TerminateJobObject(self.job.0.as_raw_handle() as HANDLE, 1) };
    }
}

/// The server's job. The last handle that closes ends every process in it.
#[derive(Debug)]
struct Job(OwnedHandle);

impl Job {
    /// Puts a started server into a job of its own and lets it run.
    #[expect(unsafe_code, reason = "job objects have no safe wrapper")]
    fn of(child: &Child) -> io::Result<Self> {
        let (Some(process), Some(pid)) = (child.raw_handle(), child.id()) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        // SAFETY: no attributes and no name; a handle that comes back is ours alone.
        let job = unsafe { owned(CreateJobObjectW(std::ptr::null(), std::ptr::null()))? };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let handle = job.as_raw_handle() as HANDLE;
        // SAFETY: the pointer and the size are those of one live structure of the kind named.
        check(unsafe {
            SetInformationJobObject(
                handle,
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>() as u32,
            )
        })?;
        // SAFETY: both handles are open: the job above, the process in `child`.
        check(unsafe { AssignProcessToJobObject(handle, process as HANDLE) })?;
        resume(pid)?;
        Ok(Self(job))
    }
}

/// Lets the one thread of a process that was started suspended run.
#[expect(unsafe_code, reason = "threads of another process have no safe wrapper")]
fn resume(pid: u32) -> io::Result<()> {
    // SAFETY: integers only; a handle that comes back is ours alone.
    let threads = unsafe { owned(CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0))? };
    let snapshot = threads.as_raw_handle() as HANDLE;
    let mut entry =
        THREADENTRY32 { dwSize: size_of::<THREADENTRY32>() as u32, ..THREADENTRY32::default() };
    // SAFETY: `entry` is one live structure that says its own size, as both calls ask.
    let mut more = unsafe { Thread32First(snapshot, &raw mut entry) };
    while more != 0 {
        if entry.th32OwnerProcessID == pid {
            // SAFETY: integers only; a handle that comes back is ours alone, and open while it is used.
            unsafe {
                let thread = owned(OpenThread(THREAD_SUSPEND_RESUME, 0, entry.th32ThreadID))?;
                ResumeThread(thread.as_raw_handle() as HANDLE);
            }
        }
        // SAFETY: as above.
        more = unsafe { Thread32Next(snapshot, &raw mut entry) };
    }
    Ok(())
}

/// # Safety
/// `handle` is the result of a call that gives its caller the ownership.
#[expect(unsafe_code, reason = "taking over a handle")]
unsafe fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is a handle, and the caller vouches that it is ours.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle.cast()) })
}

fn check(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Windows has no way to ask a process without a window to end; its closed stdin is what asks it.
pub fn ask_to_end(_pid: u32) {}

/// The console events by which a client or a person ends us.
pub struct Signals {
    c: CtrlC,
    r#break: CtrlBreak,
    close: CtrlClose,
    shutdown: CtrlShutdown,
}

impl Signals {
    /// Starts listening; from here on these events no longer end the process by themselves.
    ///
    /// # Errors
    /// The handler could not be installed.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::windows;
        Ok(Self {
            c: windows::ctrl_c()?,
            r#break: windows::ctrl_break()?,
            close: windows::ctrl_close()?,
            shutdown: windows::ctrl_shutdown()?,
        })
    }

    /// Waits for the next of them.
    pub async fn recv(&mut self) {
        tokio::select! {
            _ = self.c.recv() => {}
            _ = self.r#break.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}

/// A future that ends when the process that started us is gone. Here it never does: the client's closed pipes tell.
pub fn parent_gone() -> impl Future<Output = ()> {
    std::future::pending()
}

/// Left to the system.
pub fn release_program() {}

/// The exit code that tells how a server ended.
pub fn exit_code(status: std::process::ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// How a server ended, as words.
pub fn describe(status: std::process::ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "ended".to_owned(),
    }
}
