//! Whole numbers that are sent to the panel.
//!
//! What does not even fit the number's type is refused here, in words that name the field's own bounds. What fits it and
//! is out of bounds is left to the rules, which tell every wrong field at once.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::rules::{PORTS, TOKEN_DAYS};

type Port = Whole<u16, { *PORTS.start() as u64 }, { *PORTS.end() as u64 }>;
type Days = Whole<u32, { *TOKEN_DAYS.start() as u64 }, { *TOKEN_DAYS.end() as u64 }>;

/// A port.
pub(crate) fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    Port::deserialize(deserializer).map(|port| port.0)
}

/// A port that was sent; see [`crate::patch::sent`].
pub(crate) fn sent_port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    port(deserializer).map(Some)
}

/// A port, or null for none.
pub(crate) fn port_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    Ok(Option::<Port>::deserialize(deserializer)?.map(|port| port.0))
}

/// The days that a token is good for, or null for ever.
pub(crate) fn days_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Ok(Option::<Days>::deserialize(deserializer)?.map(|days| days.0))
}

struct Whole<T, const LEAST: u64, const MOST: u64>(T);

impl<'de, T: TryFrom<u64>, const LEAST: u64, const MOST: u64> Deserialize<'de> for Whole<T, LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(WholeVisitor(PhantomData))
    }
}

struct WholeVisitor<T, const LEAST: u64, const MOST: u64>(PhantomData<T>);

impl<T: TryFrom<u64>, const LEAST: u64, const MOST: u64> Visitor<'_> for WholeVisitor<T, LEAST, MOST> {
    type Value = Whole<T, LEAST, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {LEAST} to {MOST}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let fits = T::try_from(number).map(Whole);
        fits.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }
}
