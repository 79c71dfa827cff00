//! Reads the safetensors format: named arrays of numbers in one file, described by a JSON header.
//!
//! Strict, for a damaged file must be an error and never a panic or a wrong number: the arrays must fill the file
//! without gaps or overlaps, as the format demands. What the arrays mean is the models' concern.
//! Source: <https://huggingface.co/docs/safetensors>.

use std::collections::BTreeMap;

/// Longest header accepted; the format's own limit.
const MAX_HEADER_BYTES: usize = 100_000_000;

/// An opened file.
#[derive(Debug)]
pub(super) struct SafeTensors<'a> {
    tensors: BTreeMap<String, Header>,
    data: &'a [u8],
}

/// What the file's header says about one array.
#[derive(Debug, serde::Deserialize)]
struct Header {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

impl<'a> SafeTensors<'a> {
    /// Opens a file that is in memory. Its arrays are checked for place and size, not yet for what they hold.
    pub(super) fn open(file: &'a [u8]) -> Result<Self, String> {
        let (length, rest) = file.split_first_chunk::<8>().ok_or("it is too short for a header")?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_HEADER_BYTES {
            return Err(format!("its header claims {length} bytes; is it a safetensors file?"));
        }
        let (header, data) = rest.split_at_checked(length).ok_or("it ends within its header")?;
        let mut fields: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(header).map_err(|error| format!("its header is damaged: {error}"))?;
        fields.remove("__metadata__");
        let read = |(name, value)| match serde_json::from_value::<Header>(value) {
            Ok(header) => Ok((name, header)),
            Err(error) => Err(format!("its header is damaged at {name:?}: {error}")),
        };
        let tensors = fields.into_iter().map(read).collect::<Result<_, _>>()?;
        let opened = Self { tensors, data };
        opened.check_places()?;
        Ok(opened)
    }

    /// Returns the names of the arrays.
    #[cfg(feature = "local-embeddings")]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Returns the bytes of an array of 8-bit integers with the given number of columns, row after row.
    pub(super) fn bytes_of_i8(&self, name: &str, columns: usize) -> Result<&'a [u8], String> {
        let (header, bytes) = self.find(name, "I8")?;
        match header.shape[..] {
            [_, found] if found == columns => Ok(bytes),
            _ => Err(format!("array {name} has shape {:?}, not [_, {columns}]", header.shape)),
        }
    }

    /// Returns an array of 32-bit floats, all of them finite.
    pub(super) fn f32s(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let (header, bytes) = self.find(name, "F32")?;
        if header.shape != shape {
            return Err(format!("array {name} has shape {:?}, not {shape:?}", header.shape));
        }
        let (words, _) = bytes.as_chunks::<4>();
        let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        match values.iter().position(|value| !value.is_finite()) {
            Some(place) => Err(format!("array {name} holds no number at {place}")),
            None => Ok(values),
        }
    }

    fn find(&self, name: &str, dtype: &str) -> Result<(&Header, &'a [u8]), String> {
        let header = self.tensors.get(name).ok_or_else(|| format!("it has no array {name}"))?;
        if header.dtype != dtype {
            return Err(format!("array {name} is of type {}, not {dtype}", header.dtype));
        }
        let (begin, end) = header.data_offsets;
        let bytes = self.data.get(begin..end).ok_or_else(|| format!("array {name} lies outside the file"))?;
        Ok((header, bytes))
    }

    /// Checks that the arrays lie one behind the other from the first byte of the data to the last, each of the size
    /// that its shape demands.
    fn check_places(&self) -> Result<(), String> {
        let mut arrays: Vec<_> = self.tensors.iter().collect();
        arrays.sort_by_key(|(_, header)| header.data_offsets);
        let mut end = 0;
        for (name, header) in arrays {
            let (begin, next) = header.data_offsets;
            let size = header.size_bytes().ok_or_else(|| format!("array {name} has a size beyond reason"))?;
            if begin != end || next.checked_sub(begin) != Some(size) {
                return Err(format!("array {name} is not where its header says"));
            }
            end = next;
        }
        let is_whole = end == self.data.len();
        if is_whole { Ok(()) } else { Err(format!("it has {} bytes of data, not {end}", self.data.len())) }
    }
}

impl Header {
    /// Bytes that an array of this type and shape takes; `None` if there is no such type or no such number.
    fn size_bytes(&self) -> Option<usize> {
        let width = match self.dtype.as_str() {
            "BOOL" | "U8" | "I8" => 1,
            "U16" | "I16" | "F16" | "BF16" => 2,
            "U32" | "I32" | "F32" => 4,
            "U64" | "I64" | "F64" => 8,
            _ => return None,
        };
        self.shape.iter().try_fold(width, |size: usize, &length| size.checked_mul(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
    }

    fn small() -> Vec<u8> {
        let header = r#"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
            "e":{"dtype":"I8","shape":[2,3],"data_offsets":[8,14]}}"#;
        file(header, &[0, 0, 128, 63, 0, 0, 0, 192, 1, 2, 3, 4, 5, 255])
    }

    #[test]
    fn reads_arrays_by_name_type_and_shape() {
        let bytes = small();
        let opened = SafeTensors::open(&bytes).unwrap();
        assert_eq!(opened.f32s("w", &[2]).unwrap(), [1.0, -2.0]);
        assert_eq!(opened.bytes_of_i8("e", 3).unwrap(), [1, 2, 3, 4, 5, 255]);
        assert_eq!(opened.f32s("w", &[1, 2]).unwrap_err(), "array w has shape [2], not [1, 2]");
        assert_eq!(opened.bytes_of_i8("e", 2).unwrap_err(), "array e has shape [2, 3], not [_, 2]");
        assert_eq!(opened.f32s("e", &[2, 3]).unwrap_err(), "array e is of type I8, not F32");
        assert_eq!(opened.f32s("x", &[2]).unwrap_err(), "it has no array x");
    }

    #[test]
    fn a_file_cut_short_anywhere_is_refused() {
        let bytes = small();
        assert!((0..bytes.len()).all(|length| SafeTensors::open(&bytes[..length]).is_err()));
        assert!(SafeTensors::open(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn no_damaged_byte_makes_it_panic_or_holds_a_number_that_is_none() {
        let bytes = small();
        for place in 0..bytes.len() {
            for byte in (0..=255).step_by(5) {
                let mut damaged = bytes.clone();
                damaged[place] = byte;
                let Ok(opened) = SafeTensors::open(&damaged) else { continue };
                let numbers = opened.f32s("w", &[2]).unwrap_or_default();
                assert!(numbers.iter().all(|number| number.is_finite()));
                let _ = opened.bytes_of_i8("e", 3);
            }
        }
    }

    #[test]
    fn lying_headers_are_refused() {
        let lies = [
            r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
            r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
            r#"{"w":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#,
            r#"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
            r#"{"w":{"dtype":"F32","shape":[18446744073709551615,4],"data_offsets":[0,4]}}"#,
            r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            r#"{"w":{"shape":[1],"data_offsets":[0,4]}}"#,
            r#"{"w":7}"#,
            "[]",
            "",
        ];
        for lie in lies {
            assert!(SafeTensors::open(&file(lie, &[0; 4])).is_err(), "{lie}");
        }
        assert!(SafeTensors::open(&u64::MAX.to_le_bytes()).is_err());
    }
}
