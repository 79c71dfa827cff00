//! Single fields, as the API writes them and as it should not.

use super::*;

fn fields(json: &str) -> Fields<'_> {
    Fields::read(json).unwrap()
}

#[test]
fn null_absent_and_blank_texts_are_unknown() {
    let fields = fields(r#"{"null":null,"empty":"","blank":" \t\n\u00a0"}"#);
    for name in ["null", "empty", "blank", "absent"] {
        assert_eq!(fields.text(name), Ok(None), "{name}");
    }
}

#[test]
fn texts_are_kept_verbatim_but_for_nul() {
    let fields = fields(r#"{"a":"  The \/ \u00fc \ud83c\udfac \u202e=cmd|' ","b":"x\u0000y","c":1917,"d":1.50}"#);
    assert_eq!(fields.text("a").unwrap().unwrap(), "  The / ü 🎬 \u{202E}=cmd|' ");
    assert_eq!(fields.text("b").unwrap().unwrap(), "x\u{FFFD}y");
    assert_eq!(fields.text("c").unwrap().unwrap(), "1917");
    assert_eq!(fields.text("d").unwrap().unwrap(), "1.50");
}

#[test]
fn half_a_surrogate_pair_is_no_text() {
    for json in [r#"{"a":"\ud800"}"#, r#"{"a":"x\udc00y"}"#, r#"{"a":"\ud800\ud800"}"#] {
        let reason = fields(json).text("a").unwrap_err();
        assert!(reason.starts_with("a: "), "{reason}");
    }
}

#[test]
fn texts_of_another_type_are_unknown() {
    let fields = fields(r#"{"a":true,"b":[1],"c":{"d":"e"}}"#);
    assert!(["a", "b", "c"].into_iter().all(|name| fields.text(name) == Ok(None)));
}

#[test]
fn only_short_texts_have_a_limit() {
    let json = format!(r#"{{"fits":"{}","long":"{}"}}"#, "x".repeat(2_000), "é".repeat(1_001));
    let fields = fields(&json);
    assert!(fields.short_text("fits").unwrap().is_some());
    assert_eq!(fields.short_text("long").unwrap_err(), "long has more than 2000 bytes");
    assert!(fields.text("long").unwrap().is_some());
}

#[test]
fn whole_numbers_come_in_many_spellings() {
    let fields = fields(r#"{"a":120,"b":"120","c":120.0,"d":"1.2e2","e":" 120 "}"#);
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(fields.count(name, 999), Some(120), "{name}");
    }
}

#[test]
fn numbers_that_make_no_sense_are_unknown() {
    let fields = fields(
        r#"{"a":-1,"b":1000,"c":1e400,"d":7.5,"e":"many","f":true,"g":[],"h":"NaN","i":"","j":null,"k":"\ud800","l":1e300}"#,
    );
    for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "absent"] {
        assert_eq!(fields.count(name, 999), None, "{name}");
    }
}

#[test]
fn large_whole_numbers_lose_nothing() {
    let fields = fields(r#"{"max":9223372036854775807,"over":9223372036854775808}"#);
    assert_eq!(fields.integer("max", 0..=i64::MAX), Some(i64::MAX));
    assert_eq!(fields.integer("over", 0..=i64::MAX), None);
}

#[test]
fn ratings_are_rounded_and_within_ten() {
    let fields = fields(r#"{"a":7.449,"b":"7.4","c":8,"d":10,"zero":0,"e":10.1,"f":-1,"g":"N/A","h":0.04,"i":"0"}"#);
    let known: Vec<_> = ["a", "b", "c", "d"].into_iter().filter_map(|name| fields.rating(name)).collect();
    assert_eq!(known, [7.4, 7.4, 8.0, 10.0]);
    assert!(["zero", "e", "f", "g", "h", "i"].into_iter().all(|name| fields.rating(name).is_none()));
}

#[test]
fn moments_stay_within_four_digit_years() {
    let fields = fields(r#"{"a":1446336000,"b":"1446336000","zero":0,"c":-5,"ms":1446336000000,"last":253402300799}"#);
    assert_eq!(fields.moment("a").unwrap().to_rfc3339(), "2015-11-01T00:00:00+00:00");
    assert_eq!(fields.moment("a"), fields.moment("b"));
    assert_eq!(fields.moment("last").unwrap().to_rfc3339(), "9999-12-31T23:59:59+00:00");
    assert!(["zero", "c", "ms"].into_iter().all(|name| fields.moment(name).is_none()));
}

#[test]
fn flags_come_in_many_spellings() {
    let fields = fields(r#"{"a":"1","b":1,"c":true,"d":"0","e":0,"f":false,"g":"","h":null,"i":"maybe","j":[1]}"#);
    let read: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map(|name| fields.flag(name)).to_vec();
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(read, [yes, yes, yes, no, no, no, None, None, None, None]);
}

#[test]
fn lists_are_bounded() {
    let json = format!(r#"{{"fits":[{}0],"long":[{}0],"not":{{}},"null":null}}"#, "0,".repeat(999), "0,".repeat(1_000));
    let fields = fields(&json);
    assert_eq!(fields.list("fits").unwrap().len(), 1_000);
    assert_eq!(fields.list("long").unwrap_err(), ListProblem::TooLong);
    assert_eq!(fields.list("not").unwrap_err(), ListProblem::NotAList);
    assert!(fields.list("null").unwrap().is_empty() && fields.list("absent").unwrap().is_empty());
}

#[test]
fn objects_are_bounded_and_the_last_of_a_repeated_field_stands() {
    let many: Vec<_> = (0..=1_000).map(|number| format!(r#""f{number}":0"#)).collect();
    assert!(Fields::read(&format!("{{{}}}", many.join(","))).unwrap_err().starts_with("more than 1000 fields"));
    assert_eq!(fields(r#"{"a":"1","\u0061":"2"}"#).text("a").unwrap().unwrap(), "2");
    assert!(Fields::read("[1]").unwrap_err().contains("expected an object"));
}
