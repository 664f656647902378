//! A snapshot as a row of numbers and a row of texts, the form in which a worker or a frozen study hands it to the page.
//!
//! JSON would do as well, but code that reads it is large, and the page that reads a snapshot is the first view.

use std::collections::BTreeMap;
use std::vec::IntoIter;

use cruncher_study::accounting::{BatchAccount, CaseCounts, SubmissionAccount, total};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::diagnosis::{PoolLook, QueueCounts};
use cruncher_study::error_groups::ErrorPart;
use cruncher_study::ledger::CaseFinish;
use cruncher_study::pool::{Pool, shown};
use cruncher_study::responses::{ResponseBins, ResponseSummary};

use super::snapshot::Snapshot;

/// Numbers and texts, each in the order in which they are read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EncodedSnapshot {
    /// Counts and times.
    pub numbers: Vec<f64>,
    /// Names, and documents as JSON.
    pub texts: Vec<String>,
}

/// Writes a snapshot down.
#[must_use]
pub fn write(snapshot: &Snapshot) -> EncodedSnapshot {
    let mut encoded = EncodedSnapshot::default();
    let QueueCounts { waiting, leased, delayed } = snapshot.queue;
    let flags = u64::from(snapshot.is_checked) + 2 * u64::from(snapshot.has_changed);
    encoded.numbers.push(snapshot.time);
    encoded.counts([flags, waiting, leased, delayed, snapshot.dead_letters, snapshot.missing]);
    encoded.counts([snapshot.workers_beyond, snapshot.unreadable_beyond, snapshot.unread, snapshot.files_bytes]);
    encoded.texts.push(snapshot.halt_reason.clone().unwrap_or_default());
    encoded.json(&snapshot.control);
    encoded.count(snapshot.pools.len());
    for PoolLook { pool, queue, dead_letters } in &snapshot.pools {
        encoded.texts.push(shown(pool.as_ref()).to_owned());
        encoded.counts([queue.waiting, queue.leased, queue.delayed, *dead_letters]);
    }
    encoded.count(snapshot.workers.len());
    snapshot.workers.iter().for_each(|worker| encoded.json(worker));
    encoded.count(snapshot.batches.len());
    snapshot.batches.iter().for_each(|account| encoded.account(account));
    encoded.count(snapshot.error_parts.len());
    snapshot.error_parts.iter().for_each(|part| encoded.error_part(part));
    encoded.count(snapshot.unreadable.len());
    encoded.texts.extend(snapshot.unreadable.iter().flat_map(|(key, reason)| [key.clone(), reason.clone()]));
    encoded
}

impl EncodedSnapshot {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 of anything")]
    fn counts<const N: usize>(&mut self, counts: [u64; N]) {
        self.numbers.extend(counts.map(|count| count as f64));
    }

    fn count(&mut self, count: usize) {
        self.counts([count as u64]);
    }

    fn case_counts(&mut self, counts: &CaseCounts) {
        let CaseCounts { cases, queued, unsent, running, done, empty, failed, cancelled, dead, lost, withdrawn } =
            *counts;
        self.counts([cases, queued, unsent, running, done, empty, failed, cancelled, dead, lost, withdrawn]);
    }

    fn account(&mut self, account: &BatchAccount) {
        self.texts.push(account.batch.to_string());
        self.numbers.extend([account.submit_time, account.touch_time]);
        self.case_counts(&account.counts);
        self.count(account.levels.len());
        for (level, counts) in &account.levels {
            self.counts([u64::from(*level)]);
            self.case_counts(counts);
        }
        self.count(account.pools.len());
        for (pool, counts) in &account.pools {
            self.texts.push(shown(pool.as_ref()).to_owned());
            self.case_counts(counts);
        }
        self.count(account.finishes.len());
        let numbers = |finish: &CaseFinish| [finish.end_time, finish.duration_secs.unwrap_or(f64::NAN)];
        self.numbers.extend(account.finishes.iter().flat_map(numbers));
        self.count(account.submissions.len());
        account.submissions.iter().for_each(|submission| self.submission(submission));
        self.count(usize::from(account.response.is_some()));
        account.response.iter().for_each(|response| self.response(response));
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 2^53 widths of a bin")]
    fn response(&mut self, response: &ResponseSummary) {
        let ResponseSummary { name, numbers, others, least, most, far, bins } = response;
        self.texts.push(name.clone());
        self.counts([*numbers, *others, *far]);
        self.numbers.extend([*least, *most, f64::from(bins.exponent), bins.first as f64]);
        self.count(bins.counts.len());
        bins.counts.iter().for_each(|count| self.counts([*count]));
    }

    fn submission(&mut self, submission: &SubmissionAccount) {
        self.texts.extend([submission.id.clone(), submission.model.clone()]);
        self.numbers.push(submission.time);
        self.counts([u64::from(submission.is_withdrawn), submission.version as u64]);
        self.case_counts(&submission.counts);
    }

    fn json(&mut self, document: &impl serde::Serialize) {
        self.texts.push(serde_json::to_string(document).unwrap_or_default());
    }

    fn error_part(&mut self, part: &ErrorPart) {
        self.texts.extend([part.signature.clone(), part.batch.to_string(), part.error.clone()]);
        self.numbers.extend([part.first_time, part.last_time]);
        self.count(part.final_cases);
        self.count(part.cases.len());
        self.texts.extend(part.cases.iter().map(CaseId::to_string));
        self.count(part.workers.len());
        self.texts.extend(part.workers.iter().cloned());
    }
}

/// Reads a snapshot; `None` if it isn't one.
#[must_use]
pub fn read(encoded: EncodedSnapshot) -> Option<Snapshot> {
    let mut reel = Reel { numbers: encoded.numbers.into_iter(), texts: encoded.texts.into_iter() };
    let time = reel.number()?;
    let flags = reel.count()?;
    let queue = QueueCounts { waiting: reel.count()?, leased: reel.count()?, delayed: reel.count()? };
    let (dead_letters, missing) = (reel.count()?, reel.count()?);
    let (workers_beyond, unreadable_beyond, unread) = (reel.count()?, reel.count()?, reel.count()?);
    let files_bytes = reel.count()?;
    let halt_reason = reel.text().map(|reason| (!reason.is_empty()).then_some(reason))?;
    // Read as bytes, like every other document: the page has one JSON parser.
    let control = serde_json::from_slice(reel.text()?.as_bytes()).ok()?;
    let pools = reel.many(|reel| {
        let queue = QueueCounts { waiting: reel.count()?, leased: reel.count()?, delayed: reel.count()? };
        let pool = Pool::parse_choice(&reel.text()?).ok()?;
        Some(PoolLook { pool, queue, dead_letters: reel.count()? })
    })?;
    let workers = reel.many(|reel| serde_json::from_slice(reel.text()?.as_bytes()).ok())?;
    let batches = reel.many(Reel::account)?;
    let error_parts = reel.many(Reel::error_part)?;
    let mut unreadable = BTreeMap::new();
    for _ in 0..reel.count()? {
        unreadable.insert(reel.text()?, reel.text()?);
    }
    let total = total(&batches);
    let (is_checked, has_changed) = (flags & 1 > 0, flags & 2 > 0);
    Some(Snapshot {
        time,
        queue,
        dead_letters,
        pools,
        missing,
        halt_reason,
        files_bytes,
        total,
        batches,
        workers,
        workers_beyond,
        error_parts,
        control,
        unreadable,
        unreadable_beyond,
        unread,
        is_checked,
        has_changed,
    })
}

/// Rest of an encoded snapshot that is still to be read.
struct Reel {
    numbers: IntoIter<f64>,
    texts: IntoIter<String>,
}

impl Reel {
    fn number(&mut self) -> Option<f64> {
        self.numbers.next()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was written as a count")]
    fn count(&mut self) -> Option<u64> {
        self.number().map(|number| number as u64)
    }

    fn text(&mut self) -> Option<String> {
        self.texts.next()
    }

    fn many<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.count()?).map(|_| one(self)).collect()
    }

    fn batch(&mut self) -> Option<Batch> {
        Batch::parse(&self.text()?).ok()
    }

    fn case_counts(&mut self) -> Option<CaseCounts> {
        Some(CaseCounts {
            cases: self.count()?,
            queued: self.count()?,
            unsent: self.count()?,
            running: self.count()?,
            done: self.count()?,
            empty: self.count()?,
            failed: self.count()?,
            cancelled: self.count()?,
            dead: self.count()?,
            lost: self.count()?,
            withdrawn: self.count()?,
        })
    }

    fn counted_pool(&mut self) -> Option<(Option<Pool>, CaseCounts)> {
        Some((Pool::parse_choice(&self.text()?).ok()?, self.case_counts()?))
    }

    #[expect(clippy::cast_possible_truncation, reason = "a level was written")]
    fn account(&mut self) -> Option<BatchAccount> {
        let (batch, submit_time, touch_time) = (self.batch()?, self.number()?, self.number()?);
        let counts = self.case_counts()?;
        let levels = self.many(|reel| Some((reel.count()? as u32, reel.case_counts()?)))?;
        let pools = self.many(Self::counted_pool)?;
        let finishes = self.many(Self::finish)?;
        let submissions = self.many(Self::submission)?;
        let response = self.many(Self::response)?.pop();
        Some(BatchAccount { batch, counts, levels, pools, finishes, submit_time, touch_time, submissions, response })
    }

    #[expect(clippy::cast_possible_truncation, reason = "they were written as whole numbers")]
    fn response(&mut self) -> Option<ResponseSummary> {
        let (name, numbers, others, far) = (self.text()?, self.count()?, self.count()?, self.count()?);
        let (least, most) = (self.number()?, self.number()?);
        let (exponent, first) = (self.number()? as i32, self.number()? as i64);
        let bins = ResponseBins { exponent, first, counts: self.many(Self::count)? };
        Some(ResponseSummary { name, numbers, others, least, most, far, bins })
    }

    fn submission(&mut self) -> Option<SubmissionAccount> {
        let (id, model, time) = (self.text()?, self.text()?, self.number()?);
        let (is_withdrawn, version) = (self.count()? > 0, usize::try_from(self.count()?).ok()?);
        Some(SubmissionAccount { id, time, model, version, counts: self.case_counts()?, is_withdrawn })
    }

    fn finish(&mut self) -> Option<CaseFinish> {
        let (end_time, duration_secs) = (self.number()?, self.number()?);
        Some(CaseFinish { end_time, duration_secs: (!duration_secs.is_nan()).then_some(duration_secs) })
    }

    #[expect(clippy::cast_possible_truncation, reason = "it was written as a usize")]
    fn error_part(&mut self) -> Option<ErrorPart> {
        let (signature, batch, error) = (self.text()?, self.batch()?, self.text()?);
        let (first_time, last_time) = (self.number()?, self.number()?);
        let final_cases = self.count()? as usize;
        let cases = self.many(|reel| CaseId::parse(&reel.text()?).ok())?;
        let workers = self.many(Self::text)?;
        Some(ErrorPart { signature, batch, error, cases, final_cases, workers, first_time, last_time })
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::heartbeat::Heartbeat;

    use super::*;

    fn snapshot() -> Snapshot {
        let counts = CaseCounts {
            cases: 9,
            queued: 1,
            unsent: 1,
            running: 1,
            done: 4,
            empty: 3,
            failed: 1,
            cancelled: 1,
            dead: 0,
            lost: 1,
            withdrawn: 2,
        };
        let batch = Batch::parse("prandtl/level-03").unwrap();
        let heartbeat: Heartbeat = serde_json::from_str(
            r#"{"v": 1, "worker": "w", "computer": "c", "host": "node7", "os": "linux", "pid": 1, "version": "Python 3.11",
            "cruncher_version": "0.1.0", "software": "python", "start_time": 1.0, "time": 2.0, "state": "crashed", "case": null,
            "counts": {}, "median_secs": 7.5, "message": "no memory", "traceback": null}"#,
        )
        .unwrap();
        let part = ErrorPart {
            signature: "00ff".into(),
            batch: batch.clone(),
            error: "ValueError: negative cohesion".into(),
            cases: vec![CaseId::from_bytes([7; 16])],
            final_cases: 1,
            workers: ["w".to_owned(), "v".to_owned()].into(),
            first_time: 5.0,
            last_time: 6.0,
        };
        let levels = vec![(2, counts), (11, CaseCounts::default())];
        let submission = SubmissionAccount {
            id: "00f1e2d3c4b5a697".into(),
            time: 1.25,
            model: "models/00/footing.py".into(),
            version: 2,
            counts,
            is_withdrawn: true,
        };
        let response = ResponseSummary {
            name: "end_load".into(),
            numbers: 4,
            others: 1,
            least: -1e308,
            most: 3.5,
            far: 1,
            bins: ResponseBins { exponent: -1, first: -7, counts: vec![1, 0, 2] },
        };
        let finishes = [(3.0, None), (4.0, Some(0.5))];
        let finishes = finishes.map(|(end_time, duration_secs)| CaseFinish { end_time, duration_secs }).into();
        Snapshot {
            time: 1_790_000_000.25,
            queue: QueueCounts { waiting: 1, leased: 2, delayed: 3 },
            dead_letters: 1,
            missing: 4,
            halt_reason: Some("the first 20 attempts all failed".into()),
            total: counts,
            batches: vec![BatchAccount {
                batch,
                counts,
                levels,
                pools: vec![(None, counts), (Pool::parse("gpu").ok(), counts)],
                finishes,
                submit_time: 1.5,
                touch_time: 4.0,
                submissions: vec![submission],
                response: Some(response),
            }],
            workers: vec![heartbeat],
            error_parts: vec![part],
            unreadable: [("k".to_owned(), "no JSON".to_owned())].into(),
            is_checked: true,
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_snapshot_is_read_back() {
        let written = snapshot();
        assert_eq!(format!("{:?}", read(write(&written)).unwrap()), format!("{written:?}"));
    }

    #[test]
    fn an_encoding_that_ends_early_is_no_snapshot() {
        let whole = write(&snapshot());
        for numbers in 0..whole.numbers.len() {
            let encoded = EncodedSnapshot { numbers: whole.numbers[..numbers].to_vec(), texts: whole.texts.clone() };
            assert!(read(encoded).is_none(), "{numbers} numbers");
        }
        for texts in 0..whole.texts.len() {
            let encoded = EncodedSnapshot { numbers: whole.numbers.clone(), texts: whole.texts[..texts].to_vec() };
            assert!(read(encoded).is_none(), "{texts} texts");
        }
    }
}
