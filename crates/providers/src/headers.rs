//! Headers as this crate reads them: pairs of name and value, names in any case.

/// Something with headers. Names are compared without regard to ASCII case; values that are no text are left out.
pub trait Headers {
    /// Shows every header once.
    fn each(&self, visit: &mut dyn FnMut(&str, &str));
}

impl<N: AsRef<str>, V: AsRef<str>> Headers for Vec<(N, V)> {
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        self.as_slice().each(visit);
    }
}

impl<N: AsRef<str>, V: AsRef<str>, const LENGTH: usize> Headers for [(N, V); LENGTH] {
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        self.as_slice().each(visit);
    }
}

impl<N: AsRef<str>, V: AsRef<str>> Headers for &[(N, V)] {
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        for (name, value) in *self {
            visit(name.as_ref(), value.as_ref());
        }
    }
}

/// No headers at all.
impl Headers for () {
    fn each(&self, _visit: &mut dyn FnMut(&str, &str)) {}
}
