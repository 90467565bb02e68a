//! OTLP in Protocol Buffers. Field numbers are those of the published `.proto` files, version 1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{
    ATTRIBUTES_MAX, Counted, DEPTH_MAX, EVENTS_MAX, Event, LogEvent, Origin, RawSpan, Span, Status,
    VALUES_MAX,
};
use crate::attributes::Attributes;
use crate::protobuf::{Broken, Fields, Wire};

pub(super) fn spans(body: &[u8], visitor: &mut Counted<'_, Span>) -> Result<(), Broken> {
    each_item(body, &mut |origin, item| {
        if visitor.admit() {
            let raw = span(item)?;
            visitor.take(origin, raw);
        }
        Ok(())
    })
}

pub(super) fn logs(body: &[u8], visitor: &mut Counted<'_, LogEvent>) -> Result<(), Broken> {
    each_item(body, &mut |origin, item| {
        if visitor.admit() {
            let (trace, span, event) = log_record(item)?;
            visitor.take(origin, trace, span, event);
        }
        Ok(())
    })
}

pub(crate) type Take<'a> = &'a mut dyn FnMut(&Origin, &[u8]) -> Result<(), Broken>;

/// Requests of all signals have the same shape: groups by resource of groups by scope of items.
pub(crate) fn each_item(body: &[u8], take: Take<'_>) -> Result<(), Broken> {
    let mut request = Fields::of(body);
    while let Some((number, wire)) = request.next()? {
        if number == 1 {
            of_resource(wire.bytes()?, take)?;
        }
    }
    Ok(())
}

fn of_resource(group: &[u8], take: Take<'_>) -> Result<(), Broken> {
    let mut origin = Origin::default();
    let mut room = VALUES_MAX;
    // The resource comes first in what encoders write, but need not.
    let mut fields = Fields::of(group);
    while let Some((number, wire)) = fields.next()? {
        if number == 1 {
            let mut resource = Fields::of(wire.bytes()?);
            while let Some((number, wire)) = resource.next()? {
                if number == 1 {
                    attribute(wire, &mut origin.resource, &mut room)?;
                }
            }
        }
    }
    let mut fields = Fields::of(group);
    while let Some((number, wire)) = fields.next()? {
        if number == 2 {
            of_scope(wire.bytes()?, &mut origin, take)?;
        }
    }
    Ok(())
}

fn of_scope(group: &[u8], origin: &mut Origin, take: Take<'_>) -> Result<(), Broken> {
    origin.scope.clear();
    let mut fields = Fields::of(group);
    while let Some((number, wire)) = fields.next()? {
        if number == 1 {
            let mut scope = Fields::of(wire.bytes()?);
            while let Some((number, wire)) = scope.next()? {
                if number == 1 {
                    origin.scope = wire.text()?;
                }
            }
        }
    }
    let mut fields = Fields::of(group);
    while let Some((number, wire)) = fields.next()? {
        if number == 2 {
            take(origin, wire.bytes()?)?;
        }
    }
    Ok(())
}

fn span(message: &[u8]) -> Result<RawSpan, Broken> {
    let mut span = RawSpan::default();
    let mut room = VALUES_MAX;
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        match number {
            1 => span.trace = wire.bytes()?.to_vec(),
            2 => span.span = wire.bytes()?.to_vec(),
            4 => span.parent = wire.bytes()?.to_vec(),
            5 => span.name = wire.text()?,
            7 => span.start_ns = wire.fixed64()?,
            8 => span.end_ns = wire.fixed64()?,
            9 => attribute(wire, &mut span.attributes, &mut room)?,
            11 if span.events.len() < EVENTS_MAX => {
                span.events.push(event(wire.bytes()?, &mut room)?);
            }
            15 => span.status = status(wire.bytes()?)?,
            _ => {}
        }
    }
    Ok(span)
}

fn status(message: &[u8]) -> Result<Status, Broken> {
    let mut status = Status::default();
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        match number {
            2 => status.message = wire.text()?,
            3 => status.is_error = wire.varint()? == 2,
            _ => {}
        }
    }
    Ok(status)
}

fn event(message: &[u8], room: &mut usize) -> Result<Event, Broken> {
    let mut event = Event::default();
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        match number {
            1 => event.time_ns = wire.fixed64()?,
            2 => event.name = wire.text()?,
            3 => attribute(wire, &mut event.attributes, room)?,
            _ => {}
        }
    }
    Ok(event)
}

fn log_record(message: &[u8]) -> Result<(&[u8], &[u8], Event), Broken> {
    let (mut trace, mut span) = (&[][..], &[][..]);
    let mut event = Event::default();
    let mut observed_ns = 0;
    let mut room = VALUES_MAX;
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        match number {
            1 => event.time_ns = wire.fixed64()?,
            5 => event.body = value(wire.bytes()?, 0, &mut room)?,
            6 => attribute(wire, &mut event.attributes, &mut room)?,
            9 => trace = wire.bytes()?,
            10 => span = wire.bytes()?,
            11 => observed_ns = wire.fixed64()?,
            12 => event.name = wire.text()?,
            _ => {}
        }
    }
    if event.time_ns == 0 {
        event.time_ns = observed_ns;
    }
    Ok((trace, span, event))
}

pub(crate) fn attribute(
    wire: Wire<'_>,
    attributes: &mut Attributes,
    room: &mut usize,
) -> Result<(), Broken> {
    let (key, value) = key_value(wire.bytes()?, 0, room)?;
    if attributes.len() < ATTRIBUTES_MAX {
        attributes.set(key, value);
    }
    Ok(())
}

fn key_value(message: &[u8], depth: usize, room: &mut usize) -> Result<(String, Value), Broken> {
    let (mut key, mut held) = (String::new(), Value::Null);
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        match number {
            1 => key = wire.text()?,
            2 => held = value(wire.bytes()?, depth, room)?,
            _ => {}
        }
    }
    Ok((key, held))
}

/// An `AnyValue` as JSON: bytes are base64, and what JSON has no number for is null. `room` is how many members of lists
/// and maps may still be read.
fn value(message: &[u8], depth: usize, room: &mut usize) -> Result<Value, Broken> {
    if depth > DEPTH_MAX {
        return Err(Broken);
    }
    let mut held = Value::Null;
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        held = match number {
            1 => Value::String(wire.text()?),
            2 => Value::Bool(wire.varint()? != 0),
            3 => Value::from(wire.varint()?.cast_signed()),
            4 => Value::from(f64::from_bits(wire.fixed64()?)),
            5 => array(wire.bytes()?, depth, room)?,
            6 => map(wire.bytes()?, depth, room)?,
            7 => Value::String(STANDARD.encode(wire.bytes()?)),
            _ => held,
        };
    }
    Ok(held)
}

fn array(message: &[u8], depth: usize, room: &mut usize) -> Result<Value, Broken> {
    let mut values = Vec::new();
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        if number == 1 && *room > 0 {
            *room -= 1;
            values.push(value(wire.bytes()?, depth + 1, room)?);
        }
    }
    Ok(Value::Array(values))
}

fn map(message: &[u8], depth: usize, room: &mut usize) -> Result<Value, Broken> {
    let mut members = Map::new();
    let mut fields = Fields::of(message);
    while let Some((number, wire)) = fields.next()? {
        if number == 1 && *room > 0 {
            *room -= 1;
            let (key, value) = key_value(wire.bytes()?, depth + 1, room)?;
            members.insert(key, value);
        }
    }
    Ok(Value::Object(members))
}
