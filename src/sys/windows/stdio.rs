//! Our own stdin and stdout as asynchronous ends. Windows polls no inherited handle, so both go through threads.

use std::io::{self, Write};

use tokio::io::{AsyncReadExt, AsyncWriteExt, Stdin, Stdout};

/// The client's end that we read from.
pub struct Reader(Stdin);

impl Reader {
    /// Takes over standard input.
    ///
    /// # Errors
    /// Never here.
    pub fn stdin() -> io::Result<Self> {
        Ok(Self(tokio::io::stdin()))
    }

    /// Reads some bytes; 0 is the end of the stream.
    ///
    /// # Errors
    /// What the system says.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).await
    }

    /// A future that ends when the client has closed its end: Windows tells only at the next read, so never.
    ///
    /// # Errors
    /// Never here.
    pub fn hangup(&self) -> io::Result<impl Future<Output = ()> + use<>> {
        Ok(std::future::pending())
    }
}

/// The client's end that we write to.
pub struct Writer(Stdout);

impl Writer {
    /// Takes over standard output.
    ///
    /// # Errors
    /// Never here.
    pub fn stdout() -> io::Result<Self> {
        Ok(Self(tokio::io::stdout()))
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// What the system says; `BrokenPipe` when the client no longer reads.
    pub async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    /// A future that ends when nobody can read what we write: Windows tells only at the next write, so never.
    ///
    /// # Errors
    /// Never here.
    pub fn hangup(&self) -> io::Result<impl Future<Output = ()> + use<>> {
        Ok(std::future::pending())
    }
}

/// Writes to our stderr, blocking as long as its reader wants: call from a thread of its own.
///
/// # Errors
/// What the system says.
pub fn write_stderr(bytes: &[u8]) -> io::Result<()> {
    io::stderr().lock().write_all(bytes)
}
