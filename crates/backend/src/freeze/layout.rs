//! Layout of a frozen study as bytes, which its script takes apart.

use std::collections::BTreeMap;

use bytes::Bytes;
use cruncher_study::config::StudyConfig;
use serde_json::json;

use super::FrozenContent;
use crate::watch::snapshot_codec;

/// Size of a pack of documents in bytes, unless it is a single larger one: to read a document, its whole pack is unpacked.
const PACK_BYTES: usize = 1 << 20;

/// A frozen study as bytes: pieces, one behind another, which are shared with the owner of the content.
pub(super) struct FrozenLayout {
    /// The length of the header in 4 bytes, the header, the numbers of the snapshot, the chunks.
    pub(super) study: Vec<Bytes>,
    /// Documents.
    pub(super) packs: Vec<Vec<Bytes>>,
}

impl FrozenLayout {
    pub(super) fn of(content: &FrozenContent) -> Self {
        let encoded = snapshot_codec::write(&content.snapshot);
        let (packs, places) = packs(content);
        let header = json!({
            "config": serde_json::to_string(&config(content)).unwrap_or_default(),
            "time": content.snapshot.time,
            "view": view(content),
            "left_out": content.left_out.join(", "),
            "numbers": encoded.numbers.len(),
            "texts": encoded.texts,
            "chunks": content.chunks.iter().map(Bytes::len).collect::<Vec<_>>(),
            "documents": places,
        });
        let header = header.to_string();
        let mut study = u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        study.extend(header.as_bytes());
        study.extend(encoded.numbers.iter().flat_map(|number| number.to_le_bytes()));
        let study = [Bytes::from(study)].into_iter().chain(content.chunks.iter().cloned()).collect();
        Self { study, packs }
    }
}

/// Returns the view shown at first. It must be a place within the page, since a key also stands behind a `#`.
fn view(content: &FrozenContent) -> &str {
    if content.view.starts_with("#/") { &content.view } else { "" }
}

/// Places of documents: the pack, the first byte, and the number of bytes.
type Places<'a> = BTreeMap<&'a str, [usize; 3]>;

fn packs(content: &FrozenContent) -> (Vec<Vec<Bytes>>, Places<'_>) {
    let (mut packs, mut places) = (Vec::<Vec<Bytes>>::new(), Places::new());
    let mut start = 0;
    for (key, json) in &content.documents {
        if packs.is_empty() || start + json.len() > PACK_BYTES {
            packs.push(Vec::new());
            start = 0;
        }
        let number = packs.len() - 1;
        places.insert(key, [number, start, json.len()]);
        packs[number].push(json.clone());
        start += json.len();
    }
    (packs, places)
}

/// Returns a configuration that leads nowhere: a frozen study doesn't tell where its bucket and its queue are.
fn config(content: &FrozenContent) -> StudyConfig {
    StudyConfig {
        v: cruncher_study::PROTOCOL_VERSION,
        study: content.study.clone(),
        region: "frozen".into(),
        bucket: "frozen".into(),
        endpoint_url: Some("https://frozen.invalid".into()),
        queue_url: String::new(),
        dead_letter_queue_url: String::new(),
        lease_secs: 0,
        max_receives: None,
        outputs_limit_bytes: None,
        launch_time: content.launch_time,
        cruncher_version: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(layout: &FrozenLayout) -> serde_json::Value {
        let study = layout.study.concat();
        let length = u32::from_le_bytes(study[..4].try_into().unwrap()) as usize;
        serde_json::from_slice(&study[4..4 + length]).unwrap()
    }

    #[test]
    fn where_the_study_is_stays_untold() {
        let content =
            FrozenContent { study: "prandtl".into(), chunks: vec![vec![1, 2, 3].into()], ..FrozenContent::default() };
        let layout = FrozenLayout::of(&content);
        let header = header(&layout);
        let config = StudyConfig::parse(header["config"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!((config.bucket.as_str(), config.queue_url.as_str()), ("frozen", ""));
        assert_eq!(header["chunks"], json!([3]));
        assert!(layout.study.concat().ends_with(&[1, 2, 3]));
    }

    #[test]
    fn it_opens_on_its_view_and_on_no_other_address() {
        let opened = |view: &str| {
            header(&FrozenLayout::of(&FrozenContent { view: view.into(), ..FrozenContent::default() }))["view"].clone()
        };
        assert_eq!(opened("#/results?batch=soil&x=factor.a\"</script>"), "#/results?batch=soil&x=factor.a\"</script>");
        for view in ["", "#access=eyJyb2xlIjoi", "https://example.org/#/results", "javascript:alert(1)"] {
            assert_eq!(opened(view), "", "{view}");
        }
    }

    #[test]
    fn every_document_is_found_in_its_pack() {
        let sizes = [0, 10, PACK_BYTES - 10, 1, 3 * PACK_BYTES, 7];
        let document = |(number, size): (u8, usize)| (format!("data/{number}"), vec![number; size].into());
        let content = FrozenContent { documents: (0..).zip(sizes).map(document).collect(), ..FrozenContent::default() };
        let layout = FrozenLayout::of(&content);
        let packs: Vec<Vec<u8>> = layout.packs.iter().map(|pack| pack.concat()).collect();
        assert_eq!(packs.iter().map(Vec::len).collect::<Vec<_>>(), [PACK_BYTES, 1, 3 * PACK_BYTES, 7]);
        let header = header(&layout);
        for (key, json) in &content.documents {
            let [pack, start, size]: [usize; 3] = serde_json::from_value(header["documents"][key].clone()).unwrap();
            assert_eq!(packs[pack][start..start + size], **json, "{key}");
        }
    }
}
