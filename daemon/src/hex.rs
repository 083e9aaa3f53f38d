//! Bytes in hex.

/// The bytes in lower-case hex. Each request with a token comes by here: the standard library's formatting takes longer than
/// a sum of what was shown.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(
        bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf].map(|digit| DIGITS[usize::from(digit)])),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_two_digits_in_lower_case() {
        assert_eq!(hex(&[]), "");
        assert_eq!(hex(&[0x00, 0x0f, 0xf0, 0xff]), "000ff0ff");
        let all: Vec<u8> = (0..=255).collect();
        for (digits, byte) in hex(&all).as_bytes().chunks(2).zip(all) {
            assert_eq!(digits, format!("{byte:02x}").as_bytes());
        }
    }
}
