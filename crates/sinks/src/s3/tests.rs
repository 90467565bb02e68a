use super::*;

#[test]
fn placeholder_compiles() {
    assert_eq!(INLINE_BYTES_MAX.bytes(), 102_400);
}
