//! The gateway from outside: real sockets on both sides, every byte and its moment chosen by the test, and a
//! recorder whose disk is as slow or as full as the test wants it.

mod ledger;
mod scene;
mod upstream;

mod bedrock;
mod capture;
mod encrypted;
mod hangup;
mod limits;
mod refuse;
mod request;
mod routing;
mod stream;
mod trouble;
mod upgraded;
mod whole;
mod wire;
