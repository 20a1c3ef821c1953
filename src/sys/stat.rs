//! What the file system says of an entry, without following links: enough to tell that nobody touched it.
//!
//! The figures come from `os::Folder`, one handle per folder: looking names up below an open folder costs half of
//! looking up absolute paths, and an install has thousands. Windows gives no inode and no change time to the standard
//! library, so there `inode` is 0 and `changed` is the time of creation.

/// What an entry of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A socket, pipe or device.
    Other,
}

/// Figures that change when an entry is written, replaced or renamed. Times are nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// The number of the file in its file system.
    pub inode: u64,
    /// The size in bytes; 0 for a folder, whose size means nothing.
    pub size: u64,
    /// When the content last changed. Programs can set it.
    pub modified: i64,
    /// When content, name, owner or mode last changed. Only the kernel sets it.
    pub changed: i64,
}

/// An entry at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What it is.
    pub shape: Shape,
    /// Whether someone other than us and root may write it: it belongs to another user, or its mode lets the group or
    /// everybody write. Never true on Windows, where profiles are private by their access lists.
    pub exposed: bool,
    /// Its figures.
    pub stamp: Stamp,
}
