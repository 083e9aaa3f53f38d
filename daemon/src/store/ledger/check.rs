//! Checking the ledger: all of it is read, and what is no frame any more is named and copied to the quarantine.

use std::path::PathBuf;

use super::quarantine::{self, Cause, Stretch};
use super::reader::LedgerReader;
use super::segment::{self, HeaderState};
use super::{LedgerError, LedgerReport};
use crate::store::disk::Access;

impl LedgerReader {
    /// Reads through the whole ledger, copies what is damaged to the quarantine, and says what was found.
    ///
    /// Takes as long as reading every byte takes; made for a worried admin, or with [`check_while`](Self::check_while) for
    /// a quiet hour.
    ///
    /// # Errors
    /// [`LedgerError::Read`].
    pub fn check(&self) -> Result<LedgerReport, LedgerError> {
        let report = self.check_while(|_| true)?;
        Ok(report.expect("it goes on to the end"))
    }

    /// [`check`](Self::check), as long as `goes_on` says so: it is told how many bytes were read since it was asked last, and
    /// may take its time. `None` where it did not.
    ///
    /// # Errors
    /// [`LedgerError::Read`].
    pub fn check_while(
        &self,
        mut goes_on: impl FnMut(u64) -> bool,
    ) -> Result<Option<LedgerReport>, LedgerError> {
        let mut report = LedgerReport::default();
        (report.segments, report.next_seq) =
            self.with_extent(|extent| (extent.segments.len(), extent.next_seq));
        for item in self.frames_from(1) {
            let bytes = match item {
                Ok((_, frame)) => frame.disk_bytes() as u64,
                Err(LedgerError::Damaged(stretch)) => {
                    let bytes = u64::from(stretch.to - stretch.from);
                    report.damage.push(self.quarantined(stretch));
                    bytes
                }
                Err(error) => return Err(error),
            };
            if !goes_on(bytes) {
                return Ok(None);
            }
        }
        report.bad_headers = self.bad_headers()?;
        Ok(Some(report))
    }

    /// The stretch with a copy of it in the quarantine. A copy that cannot be written stops nobody.
    pub fn quarantined(&self, stretch: Stretch) -> Stretch {
        let kept = quarantine::keep(self.disk(), self.state(), &stretch, Cause::Damage).ok();
        Stretch { kept, ..stretch }
    }

    fn bad_headers(&self) -> Result<Vec<PathBuf>, LedgerError> {
        let mut bad = Vec::new();
        for segment in self.with_extent(|extent| extent.segments.clone()) {
            let file = segment::path(&self.state().join("ledger"), segment);
            let header = self.disk().open(&file, Access::Read);
            match header.and_then(|open| segment::check_header(open.as_ref(), segment)) {
                Ok(HeaderState::Good) => {}
                Ok(HeaderState::Bad | HeaderState::Newer(_)) => bad.push(file),
                Err(source) => return Err(LedgerError::Read { file, source }),
            }
        }
        Ok(bad)
    }
}
