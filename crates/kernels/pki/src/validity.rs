//! The days between which a certificate is valid.

use picket_core::Timestamp;
use rcgen::{CertificateParams, date_time_ymd};

use crate::PkiError;

/// Days between which a certificate is valid. Starts the day before, for clocks that are behind.
pub(crate) struct Validity {
    first: jiff::civil::Date,
    last: jiff::civil::Date,
}

impl Validity {
    pub(crate) fn years(now: Timestamp, years: i16) -> Result<Self, PkiError> {
        Self::spanning(now, jiff::Span::new().try_years(years).map_err(|_| PkiError::Date)?)
    }

    pub(crate) fn days(now: Timestamp, days: i64) -> Result<Self, PkiError> {
        Self::spanning(now, jiff::Span::new().try_days(days).map_err(|_| PkiError::Date)?)
    }

    fn spanning(now: Timestamp, span: jiff::Span) -> Result<Self, PkiError> {
        let instant =
            jiff::Timestamp::from_millisecond(now.as_millis()).map_err(|_| PkiError::Date)?;
        let today = instant.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let first = today.yesterday().map_err(|_| PkiError::Date)?;
        let last = today.checked_add(span).map_err(|_| PkiError::Date)?;
        Ok(Self { first, last })
    }

    /// Writes both days into `params`.
    pub(crate) fn write_to(&self, params: &mut CertificateParams) -> Result<(), PkiError> {
        let part = |part: i8| u8::try_from(part).map_err(|_| PkiError::Date);
        let (first, last) = (self.first, self.last);
        params.not_before =
            date_time_ymd(first.year().into(), part(first.month())?, part(first.day())?);
        params.not_after =
            date_time_ymd(last.year().into(), part(last.month())?, part(last.day())?);
        Ok(())
    }

    pub(crate) fn not_before(&self) -> Result<Timestamp, PkiError> {
        midnight(self.first)
    }

    pub(crate) fn not_after(&self) -> Result<Timestamp, PkiError> {
        midnight(self.last)
    }
}

fn midnight(day: jiff::civil::Date) -> Result<Timestamp, PkiError> {
    let midnight = day.to_zoned_datetime(jiff::tz::TimeZone::UTC).map_err(|_| PkiError::Date)?;
    Ok(Timestamp::from_millis(midnight.timestamp().as_millisecond()))
}
