//! Draws the torrents of a demo movie: which releases there are, their sizes and dates.
//! What a torrent consists of is in `catalogue`.

use rand::Rng;
use rand::rngs::StdRng;

use super::catalogue::Torrent;
use super::draw::{one_in, pick, weighted};

/// Uploads before September 2016 carry neither type nor encoding, those before July 2017 only the type.
const TYPES_SINCE: i64 = 1_472_688_000;
const ENCODINGS_SINCE: i64 = 1_498_867_200;

/// Only movies from before 2022 gain torrents years later: those of newer ones would come from the future.
const OLD_UNTIL: i64 = 1_640_995_200;

const DAY: i64 = 86_400;

/// One release of a movie: quality, type, codec.
type Release = (&'static str, &'static str, &'static str);

/// The releases of a movie in the order they tend to appear; (quality, type) repeats where a second codec comes in.
#[rustfmt::skip]
const RELEASES: [Release; 8] = [
    ("720p", "web", "x264"), ("1080p", "web", "x264"), ("1080p", "web", "x265"), ("720p", "bluray", "x264"),
    ("1080p", "bluray", "x264"), ("2160p", "web", "x265"), ("1080p", "bluray", "x265"), ("2160p", "bluray", "x265"),
];

/// How many torrents a movie has; on average about 3.1.
const COUNTS: &[(usize, u32)] = &[(0, 1), (1, 6), (2, 35), (3, 25), (4, 17), (5, 9), (6, 4), (7, 2), (8, 1)];

/// Draws a movie's torrents; the first is as old as the movie, some come years later.
pub(super) fn draw(rng: &mut StdRng, movie_uploaded_at: i64, runtime: Option<u32>) -> Vec<Torrent> {
    let count = weighted(rng, COUNTS);
    let mut releases = RELEASES;
    if one_in(rng, 3) {
        // A film that came straight to disc has the discs' releases first.
        releases.rotate_left(3);
    }
    if one_in(rng, 25) {
        releases[0] = pick(rng, &[("480p", "web", "x264"), ("3D", "bluray", "x264")]);
    }
    let mut uploaded_at = movie_uploaded_at;
    let minutes = runtime.filter(|minutes| *minutes > 0).unwrap_or(90);
    let mut torrents = Vec::with_capacity(count);
    for &release in releases.iter().take(count) {
        torrents.push(torrent(rng, release, minutes, uploaded_at));
        let is_late = movie_uploaded_at < OLD_UNTIL && one_in(rng, 30);
        uploaded_at += if is_late { rng.random_range(300..1500) * DAY } else { rng.random_range(900..DAY) };
    }
    torrents
}

fn torrent(rng: &mut StdRng, release: Release, minutes: u32, uploaded_at: i64) -> Torrent {
    let (quality, release_type, video_codec) = release;
    let size_bytes = size_bytes(rng, quality, minutes);
    let typed = |value| (uploaded_at >= TYPES_SINCE).then_some(value);
    let encoded = |value| (uploaded_at >= ENCODINGS_SINCE).then_some(value);
    let channels: &[(&str, u32)] =
        if quality == "720p" { &[("2.0", 9), ("5.1", 1)] } else { &[("5.1", 8), ("2.0", 2), ("7.1", 1)] };
    Torrent {
        hash: format!("{:032X}{:08X}", rng.random::<u128>(), rng.random::<u32>()),
        quality,
        release_type: typed(release_type),
        is_repack: encoded(weighted(rng, &[("0", 95), ("1", 3), ("", 2)])),
        video_codec: encoded(video_codec),
        bit_depth: encoded(if video_codec == "x265" { "10" } else { "8" }),
        audio_channels: encoded(weighted(rng, channels)),
        seeds: if one_in(rng, 5) { 100 } else { rng.random_range(0..60) },
        peers: rng.random_range(0..12) * rng.random_range(0..12),
        size: size_text(size_bytes),
        size_bytes,
        uploaded_at,
    }
}

fn size_bytes(rng: &mut StdRng, quality: &str, minutes: u32) -> u64 {
    let bytes_per_minute: u64 = match quality {
        "480p" => 4_500_000,
        "720p" => 9_000_000,
        "2160p" => 48_000_000,
        _ => 17_500_000,
    };
    let typical = bytes_per_minute * u64::from(minutes);
    rng.random_range(typical * 4 / 5..typical * 6 / 5)
}

/// Returns a size as the API writes it: GB of 2^30 bytes or MB of 2^20, two decimals at most and no trailing zeros.
fn size_text(size_bytes: u64) -> String {
    let (unit_bytes, unit) = if size_bytes >= 1 << 30 { (1 << 30, "GB") } else { (1 << 20, "MB") };
    let hundredths = (size_bytes * 100 + unit_bytes / 2) / unit_bytes;
    let number = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_the_api_writes_them() {
        assert_eq!(size_text(1_599_875_318), "1.49 GB");
        assert_eq!(size_text(1_610_612_736), "1.5 GB");
        assert_eq!(size_text(976_717_087), "931.47 MB");
        assert_eq!(size_text(2_147_483_648), "2 GB");
    }
}
