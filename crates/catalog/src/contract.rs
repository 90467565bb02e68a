//! What every catalog must do; each adapter's tests call [`check`].
