//! Lists of cases as bytes, each behind a header: the length of the headers in 4 bytes, the headers as JSON, and the ids of all cases.

use cruncher_study::case::CaseId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Number of bytes of a case's id.
const ID_BYTES: usize = 16;

/// Header with the number of cases that it stands in front of.
#[derive(Serialize, Deserialize)]
struct CountedHeader<H> {
    #[serde(flatten)]
    header: H,
    cases: usize,
}

/// Encodes lists behind `magic`.
pub(crate) fn to_bytes<'a, H: Serialize>(magic: &[u8], lists: impl Iterator<Item = (H, &'a [CaseId])>) -> Vec<u8> {
    let (mut headers, mut ids) = (Vec::new(), Vec::new());
    for (header, cases) in lists {
        headers.push(CountedHeader { header, cases: cases.len() });
        ids.extend(cases.iter().flat_map(CaseId::as_bytes));
    }
    let headers = serde_json::to_vec(&headers).unwrap_or_default();
    let length = u32::try_from(headers.len()).unwrap_or(u32::MAX).to_le_bytes();
    [magic, &length, &headers, &ids].concat()
}

/// Decodes bytes of [`to_bytes`]; `None` if they are something else. It takes memory in proportion to the bytes.
pub(crate) fn from_bytes<H: DeserializeOwned>(magic: &[u8], bytes: &[u8]) -> Option<Vec<(H, Vec<CaseId>)>> {
    let (length, rest) = bytes.strip_prefix(magic)?.split_first_chunk()?;
    let (headers, mut rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let headers: Vec<CountedHeader<H>> = serde_json::from_slice(headers).ok()?;
    let mut lists = Vec::new();
    for CountedHeader { header, cases } in headers {
        let (ids, behind) = rest.split_at_checked(cases.checked_mul(ID_BYTES)?)?;
        let (ids, _) = ids.as_chunks();
        lists.push((header, ids.iter().map(|id| CaseId::from_bytes(*id)).collect()));
        rest = behind;
    }
    rest.is_empty().then_some(lists)
}
