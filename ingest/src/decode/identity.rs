//! Who a record is about: a pseudonym as sent, or an NHS number that becomes one here and goes no further.

use std::borrow::Cow;

use homeward_contract::identity::{NhsNumber, PseudonymKeys, is_pseudonym};
use homeward_contract::reject::RejectCode;

use super::fault::Fault;
use super::field;
use super::scalar::Scalar;

/// The three items that say it, with their names for faults.
pub(super) struct Identity<'v, 'a> {
    /// Names of the pseudonym, of its key's version and of the NHS number.
    pub(super) names: [&'static str; 3],
    pub(super) pseudonym: &'v mut Scalar<'a>,
    pub(super) key_version: &'v mut Scalar<'a>,
    pub(super) nhs_number: &'v mut Scalar<'a>,
}

/// What is known of the person.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    pub(super) pseudonym: Option<Cow<'a, str>>,
    /// There with the pseudonym only.
    pub(super) key_version: Option<i64>,
    /// An NHS number came that is none.
    pub(super) is_invalid_number: bool,
}

impl<'a> Identity<'_, 'a> {
    /// Reads them; a valid NHS number counts more than a pseudonym beside it.
    pub(super) fn read(self, keys: &PseudonymKeys) -> Result<Known<'a>, Fault> {
        let [pseudonym, key_version, nhs_number] = self.names;
        let mut known = Known::default();
        let versions = 0..=i64::from(i32::MAX);
        let version = field::whole(key_version, self.key_version, versions, RejectCode::MissingKeyVersion)?;
        if let Some(sent) = field::text(pseudonym, self.pseudonym)? {
            if !is_pseudonym(&sent) {
                return Err(Fault::new(RejectCode::BadPseudonym));
            }
            known.pseudonym = Some(sent);
            known.key_version = Some(version.ok_or_else(|| Fault::new(RejectCode::MissingKeyVersion))?);
        }
        if !self.nhs_number.is_null() {
            // A number of the wrong shape is an absent number, not a broken record: absence is legal.
            let sent = field::text(nhs_number, self.nhs_number).ok().flatten();
            match sent.and_then(|sent| NhsNumber::parse(&sent).ok()) {
                Some(number) => {
                    known.pseudonym = Some(Cow::Owned(keys.nhs(&number)));
                    known.key_version = Some(i64::from(keys.version()));
                }
                None => known.is_invalid_number = true,
            }
        }
        Ok(known)
    }
}
