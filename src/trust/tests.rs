//! Records are found again, hold no value, and differ where what is accepted differs.

use super::*;
