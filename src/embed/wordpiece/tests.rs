//! Cutting texts, against ids on record from version 0.23.3 of the `tokenizers` package for Python
//! (`BertWordPieceTokenizer("vocab.txt", lowercase=True)`, without special tokens).

use std::iter::repeat_n;

use super::WordPiece;

const VOCABULARY: &str = include_str!("../../../assets/static-embedding/vocab.txt");

fn ids(text: &str) -> Vec<u32> {
    WordPiece::read(VOCABULARY).unwrap().ids(text)
}

#[test]
fn cuts_plain_titles() {
    let cases: [(&str, &[u32]); 6] = [
        ("", &[]),
        ("   \t\n", &[]),
        (
            "The Lord of the Rings: The Fellowship of the Ring",
            &[1996, 2935, 1997, 1996, 7635, 1024, 1996, 7881, 1997, 1996, 3614],
        ),
        (
            "don't stop-believing... it's 3.14%!",
            &[2123, 1005, 1056, 2644, 1011, 8929, 1012, 1012, 1012, 2009, 1005, 1055, 1017, 1012, 2403, 1003, 999],
        ),
        (
            "$9.99 + £5 = €15 ~ `code` ^_^ |pipe|",
            &[
                1002, 1023, 1012, 5585, 1009, 27813, 1027, 1574, 16068, 1066, 1036, 3642, 1036, 1034, 1035, 1034, 1064,
                8667, 1064,
            ],
        ),
        (
            "supercalifragilisticexpialidocious",
            &[3565, 9289, 10128, 29181, 24411, 4588, 10288, 19312, 21273, 10085, 6313],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(ids(text), expected, "{text:?}");
    }
}

#[test]
fn takes_accents_off_and_folds_case_in_every_script() {
    let cases: [(&str, &[u32]); 9] = [
        (
            "Amélie Poulain — le fabuleux destin",
            &[25285, 13433, 7068, 2378, 1517, 3393, 6904, 8569, 2571, 5602, 4078, 7629],
        ),
        ("Ame\u{301}lie", &[25285]),
        ("Crème BRÛLÉE naïve façade", &[13675, 21382, 7987, 9307, 2063, 15743, 8508]),
        ("İstanbul'da ŞİMŞEK", &[9960, 1005, 4830, 18135, 5937]),
        ("ΟΔΥΣΣΕΥΣ", &[1169, 29722, 29735, 29733, 29733, 29723, 29735, 29733]),
        (
            "Москва слезам не верит",
            &[
                1191, 14150, 29747, 23925, 25529, 10260, 1196, 29436, 15290, 29744, 10260, 29745, 1192, 15290, 1182,
                15290, 16856, 10325, 22919,
            ],
        ),
        ("naïve\u{301}\u{301} Z\u{335}\u{351}a\u{34a}l\u{30b}g\u{342}o", &[15743, 23564, 2140, 3995]),
        ("हिन्दी सिनेमा", &[1339, 29877, 29863, 29861, 29878, 1338, 29877, 29863, 29867, 29876]),
        ("שלום", &[1266, 29799, 29792, 29800]),
    ];
    for (text, expected) in cases {
        assert_eq!(ids(text), expected, "{text:?}");
    }
}

#[test]
fn cuts_ideographs_apart_and_keeps_other_scripts_together() {
    let cases: [(&str, &[u32]); 7] = [
        ("千と千尋の神隠し", &[1784, 1666, 1784, 100, 1671, 1925, 100, 1657]),
        ("七人の侍 (1954)", &[100, 1756, 1671, 1765, 1006, 4051, 1007]),
        ("기생충", &[1455, 30019, 29997, 30007, 30025, 30001, 30014, 30025]),
        ("ト・ト〜ー", &[1714, 1738, 1714, 1645, 1739]),
        ("豈\u{f900}\u{2f800}x", &[100, 100, 100, 1060]),
        ("ไทย", &[100]),
        ("🎬 film 🍿night", &[100, 2143, 100]),
    ];
    for (text, expected) in cases {
        assert_eq!(ids(text), expected, "{text:?}");
    }
}

#[test]
fn drops_what_cannot_be_seen_and_splits_at_odd_marks() {
    let cases: [(&str, &[u32]); 6] = [
        ("zero\u{200b}width\u{ad}soft\u{feff}bom", &[5717, 9148, 11927, 7898, 15794, 5092, 2213]),
        ("tab\tnew\nline\u{a0}nbsp\u{2028}sep\u{3000}wide", &[21628, 2047, 2240, 1050, 5910, 2361, 19802, 2898]),
        ("a\0b\u{7}c\u{fffd}d\u{85}e", &[5925, 3207]),
        (
            "“quoted” ‘words’ «ici» – dash…",
            &[1523, 9339, 1524, 1520, 2616, 1521, 1077, 24582, 2072, 1090, 1516, 11454, 1529],
        ),
        ("ﬁnal ½ ² ™ ǅ ß ẞ", &[1984, 12032, 1092, 1082, 1580, 100, 1096, 1096]),
        ("\u{37e}\u{1fef}\u{212a}\u{2126}", &[1025, 1036, 1047, 29739]),
    ];
    for (text, expected) in cases {
        assert_eq!(ids(text), expected, "{text:?}");
    }
}

#[test]
fn words_of_more_than_100_characters_are_unknown() {
    let expected: Vec<u32> = [22038].into_iter().chain(repeat_n(20348, 49)).collect();
    assert_eq!(ids(&"x".repeat(100)), expected);
    assert_eq!(ids(&"x".repeat(101)), [100]);
    // Characters count, not bytes, and those that are left of them.
    let expected: Vec<u32> = [25212].into_iter().chain(repeat_n(4402, 49)).collect();
    assert_eq!(ids(&"é".repeat(100)), expected);
    assert_eq!(ids(&"e\u{301}".repeat(100)), expected);
}

#[test]
fn damaged_vocabularies_are_refused() {
    for (vocabulary, reason) in [
        ("", "has no [UNK]"),
        ("a\nb\n", "has no [UNK]"),
        ("[UNK]\na\n\nb\n", "line 3"),
        ("[UNK]\na\n##a\na\n", "line 4"),
    ] {
        let error = WordPiece::read(vocabulary).unwrap_err();
        assert!(error.contains(reason), "{vocabulary:?}: {error}");
    }
}
