//! A writer of PNG files for tests, so that a golden SVG can be looked at. Runs of pixels are compressed, nothing else is.

use std::collections::BTreeMap;

use crate::raster::Image;

/// The image as a data URI, in at most 256 colours.
pub(crate) fn uri(image: &Image) -> String {
    format!("data:image/png;base64,{}", base64(&png(image)))
}

fn png(image: &Image) -> Vec<u8> {
    let mut colours = BTreeMap::new();
    for pixel in image.rgba.chunks_exact(4) {
        colours.insert(pixel.to_vec(), 0_u8);
    }
    assert!(colours.len() <= 256, "{} colours", colours.len());
    for (index, code) in colours.values_mut().enumerate() {
        *code = u8::try_from(index).unwrap();
    }
    // Each pixel as its difference to the one above.
    let (mut rows, mut above) = (Vec::new(), vec![0_u8; image.width_px]);
    for row in image.rgba.chunks_exact(4 * image.width_px) {
        rows.push(2);
        for (above, pixel) in above.iter_mut().zip(row.chunks_exact(4)) {
            rows.push(colours[pixel].wrapping_sub(*above));
            *above = colours[pixel];
        }
    }
    let mut file = vec![0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    let side = |side: usize| u32::try_from(side).unwrap().to_be_bytes();
    chunk(&mut file, *b"IHDR", &[&side(image.width_px)[..], &side(image.height_px), &[8, 3, 0, 0, 0]].concat());
    chunk(&mut file, *b"PLTE", &colours.keys().flat_map(|colour| colour[..3].to_vec()).collect::<Vec<u8>>());
    chunk(&mut file, *b"tRNS", &colours.keys().map(|colour| colour[3]).collect::<Vec<u8>>());
    chunk(&mut file, *b"IDAT", &deflated(&rows));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    file.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
    let start = file.len();
    file.extend(name);
    file.extend(content);
    let sum = crc(&file[start..]);
    file.extend(sum.to_be_bytes());
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

fn adler(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

/// The lengths of runs at which the symbols from 257 on begin.
const LENGTHS: [usize; 29] =
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

/// Bits, the lowest of each byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    length: usize,
}

impl Bits {
    fn push(&mut self, value: u32, bits: u32) {
        for bit in 0..bits {
            if self.length.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= u8::from(value >> bit & 1 == 1) << (self.length % 8);
            self.length += 1;
        }
    }

    /// A symbol of the fixed code of RFC 1951, 3.2.6.
    fn symbol(&mut self, symbol: u32) {
        let (code, bits) = match symbol {
            0..=143 => (0x30 + symbol, 8),
            144..=255 => (0x190 + symbol - 144, 9),
            256..=279 => (symbol - 256, 7),
            _ => (0xc0 + symbol - 280, 8),
        };
        self.push(code.reverse_bits() >> (32 - bits), bits);
    }

    /// Repeats the last byte, as often as possible up to `length` times. Says how often.
    fn repeat(&mut self, length: usize) -> usize {
        let (symbol, least) = (257..).zip(LENGTHS).filter(|(_, least)| *least <= length).last().unwrap();
        self.symbol(symbol);
        self.push(0, if (265..285).contains(&symbol) { (symbol - 261) / 4 } else { 0 });
        self.push(0, 5);
        least
    }
}

/// RFC 1950 and 1951: literals, and copies of the byte before.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x78, 0x01], length: 16 };
    bits.push(0b011, 3);
    for run in bytes.chunk_by(|byte, next| byte == next) {
        bits.symbol(u32::from(run[0]));
        let mut left = run.len() - 1;
        while left >= 3 {
            left -= bits.repeat(left);
        }
        (0..left).for_each(|_| bits.symbol(u32::from(run[0])));
    }
    bits.symbol(256);
    bits.bytes.extend(adler(bytes).to_be_bytes());
    bits.bytes
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
        for index in 0..4 {
            let letter = char::from(LETTERS[bits >> (18 - 6 * index) & 63]);
            text.push(if index <= three.len() { letter } else { '=' });
        }
    }
    text
}
