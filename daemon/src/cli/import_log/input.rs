//! Where a log comes from: a file or standard input, plain or packed with xz.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};

use lzma_rust2::XzReader;

use super::ImportLogError;

/// The six bytes every .xz file begins with.
const XZ_MAGIC: [u8; 6] = [0xFD, b'7', b'z', b'X', b'Z', 0x00];

/// What unpacking may take. The strongest usual setting, `xz -9`, takes 65 MiB.
const XZ_MEMORY_KIB: u32 = 128 * 1024;

/// Opens a log by its path; `-` is standard input.
pub fn open(path: &str) -> Result<Box<dyn Read>, ImportLogError> {
    if path == "-" {
        return Ok(Box::new(io::stdin()));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(source) => Err(ImportLogError::Open { path: path.into(), source }),
    }
}

/// The log's text. Packed input is known by how it begins, whatever the file is called.
pub(super) fn unpacked<'a>(mut input: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut head = Vec::with_capacity(XZ_MAGIC.len());
    input.by_ref().take(XZ_MAGIC.len() as u64).read_to_end(&mut head)?;
    let packed = head == XZ_MAGIC;
    let whole = Cursor::new(head).chain(input);
    if packed {
        Ok(Box::new(XzReader::new_mem_limit(BufReader::new(whole), true, XZ_MEMORY_KIB)))
    } else {
        Ok(Box::new(whole))
    }
}
