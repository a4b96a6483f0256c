//! The wrapper that says: a policy has passed this.

use std::ops::Deref;

use serde::{Serialize, Serializer};

/// A value that an outlet may write. Only this module's parent makes it, through a policy or [`Released::public`].
#[derive(Debug, Clone, PartialEq)]
pub struct Released<T>(T);

/// Material that holds no patient data and can never hold any: definitions, freshness, counters of our own machinery.
///
/// Implementing it is a decision a reviewer looks for: state in the type's documentation why it is safe.
pub trait HoldsNoPatientData: Serialize {}

impl HoldsNoPatientData for str {}
impl HoldsNoPatientData for String {}
impl<T: HoldsNoPatientData + ?Sized> HoldsNoPatientData for &T {}
impl<T: HoldsNoPatientData> HoldsNoPatientData for Vec<T> {}
impl<T: HoldsNoPatientData> HoldsNoPatientData for Option<T> {}

impl<T> Released<T> {
    /// For the policies of this module only.
    pub(super) const fn by_policy(value: T) -> Self {
        Self(value)
    }
}

impl<T: HoldsNoPatientData> Released<T> {
    /// Releases material that no policy needs to see.
    pub const fn public(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Released<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Serialize> Serialize for Released<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
