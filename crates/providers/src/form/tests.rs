//! Forms whole, cut, hostile, and in any chunking.

use proptest::prelude::*;

use super::*;

/// Fields as (name, value), and files by their kinds, in order.
fn read(mut form: Form, chunks: &mut dyn Iterator<Item = &[u8]>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for chunk in chunks {
        form.push(chunk, &mut |item| {
            found.push(match item {
                Item::Field { name, value } => (name.to_owned(), value.to_owned()),
                Item::File(kinds) => ("file".to_owned(), format!("{kinds:?}")),
            });
        });
    }
    found
}

fn check(content_type: &str, body: &[u8], expected: &[(&str, &str)]) {
    for size in [1, 2, 3, 5, 17, usize::MAX] {
        let form = Form::of_content_type(content_type).unwrap();
        let found = read(form, &mut body.chunks(size));
        let found: Vec<_> = found
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(found, expected, "chunks of {size}");
    }
}

const TYPE: &str = "multipart/form-data; boundary=xyz";

#[test]
fn fields_stand_before_and_behind_files() {
    let audio = format!("{:?}", DataKinds::AUDIO);
    check(
        TYPE,
        b"--xyz\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nships,\r\nharbours\r\n\
          --xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b.wav\"\r\nContent-Type: audio/wav\r\n\r\n\
          RIFF\r\n--xy\r\n\r\r\n--name=\"model\"\x00\xff\r\n\
          --xyz \t\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION: form-data; name=model\r\n\r\nwhisper-1\r\n\
          --xyz\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\n\r\n\
          --xyz--\r\n\r\n--xyz\r\nContent-Disposition: form-data; name=\"late\"\r\n\r\nno\r\n--xyz--",
        &[
            ("prompt", "ships,\r\nharbours"),
            ("file", &audio),
            ("model", "whisper-1"),
            ("user", ""),
        ],
    );
}

#[test]
fn boundaries_may_be_quoted_and_bodies_may_have_preambles() {
    check(
        "Multipart/Form-Data; charset=\"utf-8;\"; Boundary=\"a b\\\"'():=?\"",
        b"to be ignored\r\n--a b\"'():=?\r\nContent-Disposition: form-data; name=\"n\\\"a;=m\\\\e\"\r\n\r\nv\r\n--a b\"'():=?--",
        &[("n\"a;=m\\e", "v")],
    );
}

#[test]
fn the_first_line_may_stand_in_for_the_content_type() {
    let body =
        b"--xyz\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--xyz--\r\n";
    for size in [1, 4, usize::MAX] {
        let found = read(Form::of_first_line(), &mut body.chunks(size));
        assert_eq!(found, [("model".to_owned(), "whisper-1".to_owned())]);
    }
}

/// Half a name would be another name.
#[test]
fn a_field_that_was_cut_does_not_count() {
    check(
        TYPE,
        b"--xyz\r\nContent-Disposition: form-data; name=\"language\"\r\n\r\nen\r\n\
          --xyz\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngpt-4o-tran",
        &[("language", "en")],
    );
}

#[test]
fn what_is_no_form_is_none() {
    for content_type in [
        "",
        "application/json",
        "application/json; boundary=x",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\r\n\"",
        "multipart/mixed; boundary=x",
    ] {
        assert!(
            Form::of_content_type(content_type).is_none(),
            "{content_type}"
        );
    }
    check(TYPE, b"{\"model\":\"m\"}", &[]);
    check(TYPE, b"", &[]);
    assert_eq!(
        read(Form::of_first_line(), &mut [&b"-1"[..]].into_iter()),
        []
    );
    assert_eq!(
        read(Form::of_first_line(), &mut [&b"--\r\n\r\n"[..]].into_iter()),
        []
    );
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut form = Form::of_content_type(TYPE).unwrap();
    let mut longest = 0;
    let mut show = |item: Item<'_>| {
        if let Item::Field { value, .. } = item {
            longest = longest.max(value.len());
        }
    };
    form.push(b"--xyz\r\n", &mut show);
    for _ in 0..1_000 {
        form.push(&[b'h'; 1_000], &mut show);
    }
    assert!(form.line.capacity() <= 2 * LINE_BYTES_MAX);
    form.push(b"\r\ncontent-disposition: x; name=v\r\n\r\n", &mut show);
    for _ in 0..1_000 {
        form.push(&[b'v'; 1_000], &mut show);
    }
    assert!(form.part.value.capacity() <= 2 * VALUE_BYTES_MAX);
    form.push(b"\r\n--xyz--", &mut show);
    assert_eq!(longest, VALUE_BYTES_MAX);
}

/// A field or a file; neither holds the boundary, as senders see to.
fn part() -> impl Strategy<Value = (String, Option<Vec<u8>>, String)> {
    let file = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
    (
        "[a-z_]{1,8}",
        file,
        "[ -~\r\n]{0,12}(\r\n-{0,3})?[ -~]{0,4}",
    )
}

const PIECES: &[&[u8]] = &[
    b"\r\n--b",
    b"--b\r\n",
    b"--",
    b"-",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"content-disposition: form-data; name=\"m\"",
    b"; filename=\"\\",
    b"v\xff",
];

proptest! {
    #[test]
    fn every_field_comes_back_however_it_is_cut(parts in proptest::collection::vec(part(), 0..5), size in 1usize..30) {
        let mut body = Vec::new();
        let mut expected = Vec::new();
        for (name, file, text) in &parts {
            body.extend_from_slice(b"--==b==\r\nContent-Disposition: form-data; name=\"");
            body.extend_from_slice(name.as_bytes());
            if let Some(file) = file {
                body.extend_from_slice(b"\"; filename=\"f\"\r\n\r\n");
                body.extend_from_slice(file);
                expected.push(("file".to_owned(), format!("{:?}", DataKinds::NONE)));
            } else {
                body.extend_from_slice(b"\"\r\n\r\n");
                body.extend_from_slice(text.as_bytes());
                expected.push((name.clone(), text.clone()));
            }
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--==b==--\r\n");
        let form = Form::of_content_type("multipart/form-data; boundary===b==").unwrap();
        prop_assert_eq!(read(form, &mut body.chunks(size)), expected);
    }

    #[test]
    fn nothing_panics_and_chunking_never_matters(
        pieces in proptest::collection::vec(
            proptest::sample::select(PIECES),
            0..24,
        ),
        header in ".{0,40}",
        size in 1usize..9,
    ) {
        let body = pieces.concat();
        for form in [|| Form::of_content_type("multipart/form-data;boundary=b").unwrap(), Form::of_first_line] {
            let whole = read(form(), &mut [&body[..]].into_iter());
            prop_assert_eq!(read(form(), &mut body.chunks(size)), whole);
        }
        let _ = Form::of_content_type(&format!("multipart/form-data;{header}"));
        parameter(&header, "name");
    }
}
