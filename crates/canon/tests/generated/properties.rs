//! What holds for every document

use crate::documents::{Choices, mutate, text, value, write};
use countersign_canon::{
    Digest, ErrorKind, Limits, Object, Value, canonicalize, canonicalize_with, digest, parse,
    require_canonical,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn however_a_value_is_written_its_canonical_form_is_the_same(value in value(), seed: u64) {
        let canonical = value.to_canonical();
        let mut choices = Choices(seed);
        for _ in 0..4 {
            let written = write(&value, &mut choices);
            prop_assert_eq!(&canonicalize(written.as_bytes()).unwrap(), &canonical, "{}", written);
            prop_assert_eq!(&parse(written.as_bytes()).unwrap(), &value, "{}", written);
            prop_assert_eq!(digest(written.as_bytes()).unwrap(), canonical.digest());
        }
    }

    #[test]
    fn canonical_output_is_acceptable_input_and_stays_as_it_is(value in value()) {
        let canonical = value.to_canonical();
        prop_assert_eq!(&canonicalize(canonical.as_bytes()).unwrap(), &canonical);
        prop_assert_eq!(&require_canonical(canonical.as_bytes()).unwrap(), &canonical);
        prop_assert_eq!(&canonical.value(), &value);
        prop_assert_eq!(canonical.digest(), Digest::of(canonical.as_bytes()));
        prop_assert_eq!(digest(canonical.as_bytes()).unwrap(), canonical.digest());
    }

    #[test]
    fn require_canonical_accepts_exactly_what_does_not_change(value in value(), seed: u64) {
        let written = write(&value, &mut Choices(seed));
        let canonical = canonicalize(written.as_bytes()).unwrap();
        match require_canonical(written.as_bytes()) {
            Ok(same) => prop_assert_eq!(same.as_str(), written),
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::NotCanonical);
                let (at, written) = (error.offset(), written.as_bytes());
                prop_assert_eq!(&written[..at], &canonical.as_bytes()[..at]);
                prop_assert_ne!(written.get(at), canonical.as_bytes().get(at));
            }
        }
    }

    #[test]
    fn the_readers_agree_on_damaged_documents_and_never_panic(value in value(), seed: u64) {
        let mut choices = Choices(seed);
        let written = write(&value, &mut choices);
        for _ in 0..8 {
            let damaged = mutate(&written, &mut choices);
            match canonicalize(&damaged) {
                Ok(canonical) => {
                    let value = parse(&damaged).unwrap();
                    prop_assert_eq!(&value.to_canonical(), &canonical);
                    prop_assert_eq!(digest(&damaged).unwrap(), canonical.digest());
                    prop_assert_eq!(&require_canonical(canonical.as_bytes()).unwrap(), &canonical);
                }
                Err(error) => {
                    prop_assert!(error.offset() <= damaged.len());
                    prop_assert!(error.kind() != ErrorKind::Internal);
                    prop_assert_eq!(parse(&damaged), Err(error));
                    prop_assert_eq!(digest(&damaged), Err(error));
                    prop_assert_eq!(require_canonical(&damaged), Err(error));
                }
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(canonical) = canonicalize(&bytes) {
            prop_assert_eq!(&canonicalize(canonical.as_bytes()).unwrap(), &canonical);
        }
    }

    #[test]
    fn every_prefix_of_a_container_is_refused(value in value(), seed: u64) {
        let written = write(&Value::from(vec![value]), &mut Choices(seed));
        let whole = written.trim_end().len();
        for cut in (0..whole).step_by(1 + whole / 60) {
            prop_assert!(canonicalize(&written.as_bytes()[..cut]).is_err());
        }
    }

    #[test]
    fn tighter_limits_refuse_or_change_nothing(value in value(), seed: u64, bytes in 0..400_usize, depth in 0..6_usize) {
        let written = write(&value, &mut Choices(seed));
        let limits = Limits::DEFAULT.with_max_bytes(bytes).with_max_depth(depth);
        match canonicalize_with(written.as_bytes(), limits) {
            Ok(canonical) => {
                prop_assert!(written.len() <= bytes);
                prop_assert_eq!(&canonicalize_with(canonical.as_bytes(), limits).unwrap(), &canonical);
                prop_assert_eq!(canonical, value.to_canonical());
            }
            Err(error) if error.kind() == ErrorKind::TooLarge => {
                prop_assert!(written.len().max(value.to_canonical().as_bytes().len()) > bytes);
            }
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::TooDeep),
        }
    }

    #[test]
    fn a_repeated_key_is_refused_wherever_it_is(
        keys in proptest::collection::hash_set(text(), 1..40),
        again in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        seed: u64,
    ) {
        let mut choices = Choices(seed);
        let mut keys: Vec<String> = keys.into_iter().collect();
        let repeated = keys[again.index(keys.len())].clone();
        let at = at.index(keys.len() + 1);
        let first = keys.iter().position(|key| *key == repeated).unwrap();
        keys.insert(at, repeated);
        let later = if at <= first { first + 1 } else { at };
        let mut document = String::from("{");
        let mut offset = 0;
        for (index, key) in keys.iter().enumerate() {
            document.push_str(if index > 0 { "," } else { "" });
            let written = write(&Value::from(key.as_str()), &mut choices);
            if index == later {
                offset = document.len() + written.len() - written.trim_start().len();
            }
            document.push_str(&written);
            document.push_str(":1");
        }
        document.push('}');
        let error = canonicalize(document.as_bytes()).unwrap_err();
        prop_assert_eq!((error.kind(), error.offset()), (ErrorKind::DuplicateKey, offset), "{}", document);
    }

    #[test]
    fn objects_keep_the_order_of_utf16_code_units(keys in proptest::collection::vec(text(), 0..40)) {
        let object: Object = keys.iter().map(|key| (key.as_str(), 1)).collect();
        let mut expected: Vec<Vec<u16>> = keys.iter().map(|key| key.encode_utf16().collect()).collect();
        expected.sort();
        expected.dedup();
        let actual: Vec<Vec<u16>> = object.keys().map(|key| key.encode_utf16().collect()).collect();
        prop_assert_eq!(actual, expected);
        for key in &keys {
            prop_assert_eq!(object.get(key), Some(&Value::from(1)));
        }
    }
}
