//! AWS Signature Version 4: signing requests, and checking the signature of a caller.
