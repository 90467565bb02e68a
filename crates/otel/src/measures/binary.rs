//! Metrics in Protocol Buffers. Field numbers are those of the published `.proto` files, version 1.

use super::{Exponential, Head, Histogram, Powers, Raw, Taking, Temporality};
use crate::protobuf::{Broken, Fields, Wire};
use crate::request::binary::{attribute, each_item};
use crate::request::{Origin, VALUES_MAX};

pub(super) fn read(body: &[u8], taking: &mut Taking) -> Result<(), Broken> {
    each_item(body, &mut |origin, item| metric(item, origin, taking))
}

/// Reads the data points of a metric, each at its turn.
fn metric(message: &[u8], origin: &Origin, taking: &mut Taking) -> Result<(), Broken> {
    let mut head = Head::default();
    let mut data = None;
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        match number {
            1 => head.name = wire.text()?,
            3 => head.unit = wire.text()?,
            5 | 7 | 9 | 10 | 11 => data = Some((number, wire.bytes()?)),
            _ => {}
        }
    }
    let Some((kind, data)) = data else {
        return Ok(());
    };
    let (mut temporality, mut is_monotonic) = (Temporality::Unknown, false);
    let mut fields = Fields::of(data);
    while let Some((number, wire)) = fields.next()? {
        match number {
            2 => temporality = Temporality::of(wire.varint()?),
            3 => is_monotonic = wire.varint()? != 0,
            _ => {}
        }
    }
    let of = (origin, &head);
    let mut fields = Fields::of(data);
    while let Some((number, wire)) = fields.next()? {
        if number != 1 {
            continue;
        }
        let point = wire.bytes()?;
        match kind {
            5 => {
                let (raw, value) = number_point(point)?;
                taking.sum(of, &raw, value, (Temporality::Cumulative, false));
            }
            7 => {
                let (raw, value) = number_point(point)?;
                taking.sum(of, &raw, value, (temporality, is_monotonic));
            }
            9 => {
                let (raw, found) = histogram(point)?;
                taking.histogram(of, &raw, found, temporality);
            }
            10 => {
                let (raw, found) = exponential(point)?;
                taking.exponential(of, &raw, found, temporality);
            }
            _ => taking.refuse("a summary, which has no values"),
        }
    }
    Ok(())
}

fn number_point(message: &[u8]) -> Result<(Raw, f64), Broken> {
    let (mut raw, mut value) = (Raw::default(), 0.0);
    let mut room = VALUES_MAX;
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        match number {
            2 => raw.start_ns = wire.fixed64()?,
            3 => raw.time_ns = wire.fixed64()?,
            4 => value = double(wire)?,
            6 => value = whole(wire.fixed64()?.cast_signed()),
            7 => attribute(wire, &mut raw.attributes, &mut room)?,
            8 => raw.is_empty = wire.varint()? & 1 == 1,
            _ => {}
        }
    }
    Ok((raw, value))
}

fn histogram(message: &[u8]) -> Result<(Raw, Histogram), Broken> {
    let (mut raw, mut held) = (Raw::default(), Histogram::default());
    let mut room = VALUES_MAX;
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        match number {
            2 => raw.start_ns = wire.fixed64()?,
            3 => raw.time_ns = wire.fixed64()?,
            4 => held.count = wire.fixed64()?,
            5 => held.sum = Some(double(wire)?),
            6 => eights(wire, &mut held.counts, |bits| bits)?,
            7 => eights(wire, &mut held.bounds, f64::from_bits)?,
            9 => attribute(wire, &mut raw.attributes, &mut room)?,
            10 => raw.is_empty = wire.varint()? & 1 == 1,
            11 => held.least = Some(double(wire)?),
            12 => held.most = Some(double(wire)?),
            _ => {}
        }
    }
    Ok((raw, held))
}

fn exponential(message: &[u8]) -> Result<(Raw, Exponential), Broken> {
    let (mut raw, mut held) = (Raw::default(), Exponential::default());
    let mut room = VALUES_MAX;
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        match number {
            1 => attribute(wire, &mut raw.attributes, &mut room)?,
            2 => raw.start_ns = wire.fixed64()?,
            3 => raw.time_ns = wire.fixed64()?,
            4 => held.count = wire.fixed64()?,
            5 => held.sum = Some(double(wire)?),
            6 => held.scale = zigzag(wire.varint()?),
            7 => held.zero_count = wire.fixed64()?,
            8 => held.positive = powers(wire.bytes()?)?,
            9 => held.negative = powers(wire.bytes()?)?,
            10 => raw.is_empty = wire.varint()? & 1 == 1,
            12 => held.least = Some(double(wire)?),
            13 => held.most = Some(double(wire)?),
            _ => {}
        }
    }
    Ok((raw, held))
}

fn powers(message: &[u8]) -> Result<Powers, Broken> {
    let mut powers = Powers::default();
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        match (number, wire) {
            (1, _) => powers.offset = zigzag(wire.varint()?),
            (2, Wire::Bytes(packed)) => {
                let mut packed = Fields::of(packed);
                while let Some(count) = packed.next_varint()? {
                    powers.counts.push(count);
                }
            }
            (2, _) => powers.counts.push(wire.varint()?),
            _ => {}
        }
    }
    Ok(powers)
}

fn double(wire: Wire<'_>) -> Result<f64, Broken> {
    Ok(f64::from_bits(wire.fixed64()?))
}

/// Numbers of eight bytes, packed or one by one.
fn eights<T>(wire: Wire<'_>, into: &mut Vec<T>, of: impl Fn(u64) -> T) -> Result<(), Broken> {
    match wire {
        Wire::Bytes(packed) => {
            let (eights, []) = packed.as_chunks::<8>() else {
                return Err(Broken);
            };
            into.extend(eights.iter().map(|eight| of(u64::from_le_bytes(*eight))));
        }
        one => into.push(of(one.fixed64()?)),
    }
    Ok(())
}

/// A `sint32`.
fn zigzag(number: u64) -> i32 {
    let half = i32::try_from((number >> 1) & 0x7fff_ffff).unwrap_or_default();
    if number & 1 == 1 { !half } else { half }
}

/// A whole number as values are.
#[expect(clippy::cast_precision_loss, reason = "values are doubles")]
pub(super) fn whole(number: i64) -> f64 {
    number as f64
}
