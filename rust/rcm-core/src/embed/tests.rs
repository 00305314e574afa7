use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::definition::{byte_of, expected};
use super::{StaticTable, Tokenizer};

const WORDS: [&str; 6] = ["get", "user", "name", "http", "naïve", "ключ"];
const TOKENS: usize = 257 + WORDS.len();
const DIM: usize = 4;

fn tokenizer_json(words: &[&str]) -> Value {
    let alphabet: HashMap<u8, char> =
        (0..0x144).filter_map(char::from_u32).filter_map(|c| Some((byte_of(c)?, c))).collect();
    let mut vocab = Map::from_iter([("[UNK]".to_owned(), json!(0))]);
    for byte in 0..=u8::MAX {
        vocab.insert(alphabet[&byte].to_string(), json!(u32::from(byte) + 1));
    }
    for (at, word) in words.iter().enumerate() {
        vocab.insert(word.bytes().map(|byte| alphabet[&byte]).collect(), json!(257 + at));
    }
    let mut file = expected();
    file["model"]["vocab"] = Value::Object(vocab);
    file
}

fn tokenizer() -> Tokenizer {
    Tokenizer::parse(tokenizer_json(&WORDS).to_string().as_bytes()).unwrap()
}

fn ids(text: &str) -> Vec<u32> {
    let mut out = Vec::new();
    tokenizer().encode(text, &mut out);
    out
}

fn byte_ids(text: &str) -> Vec<u32> {
    text.bytes().map(|byte| u32::from(byte) + 1).collect()
}

/// Row of id i: i in column i % 4 (int8), times the weight.
fn int8_rows() -> Vec<u8> {
    (0..TOKENS * DIM).map(|at| if at / DIM % DIM == at % DIM { (at / DIM % 100) as u8 } else { 0 }).collect()
}

fn weights() -> Vec<u8> {
    (0..TOKENS).flat_map(|id| if id == 257 { 0.5_f32 } else { 1.0 }.to_le_bytes()).collect()
}

type Tensor = (&'static str, Dtype, Vec<usize>, Vec<u8>);

fn good_tensors() -> Vec<Tensor> {
    vec![
        ("embeddings", Dtype::I8, vec![TOKENS, DIM], int8_rows()),
        ("weights", Dtype::F32, vec![TOKENS], weights()),
    ]
}

fn safetensors(tensors: &[Tensor]) -> Vec<u8> {
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, data)| (*name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
    serialize(views, None).unwrap()
}

fn folder(tensors: &[Tensor]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.safetensors"), safetensors(tensors)).unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer_json(&WORDS).to_string()).unwrap();
    std::fs::write(folder.path().join("config.json"), r#"{"normalize": true, "max_length": null}"#).unwrap();
    folder
}

fn error(folder: &Path) -> String {
    let message = StaticTable::load(folder, None).unwrap_err().to_string();
    message.replace(&folder.display().to_string(), "")
}

#[test]
fn words_are_cut_at_capitals_and_separators() {
    let get_user_name = [257, 258, 259];
    for text in ["getUserName", "GetUserName", "get_user-name", "GET USER\u{a0}NAME", "“get”,user…name"]
    {
        assert_eq!(ids(text), get_user_name, "{text}");
    }
    assert_eq!(ids("HTTPName"), [260, 259]);
    assert_eq!(ids("HttpUSER2Get"), [260, 258, 51, 257]);
    assert_eq!(ids(" \n—"), [0; 0]);
}

#[test]
fn unknown_words_fall_into_the_longest_pieces() {
    assert_eq!(ids("username"), [258, 259]);
    assert_eq!(ids("usernamé"), [vec![258], byte_ids("namé")].concat());
}

#[test]
fn text_beyond_ascii_is_normalised_first() {
    assert_eq!(ids("Naïve NAI\u{308}VE Ключ"), [261, 261, 262]);
    assert_eq!(ids("ＧｅｔＵｓｅｒ\u{212a}"), [vec![257, 258], byte_ids("k")].concat());
    assert_eq!(ids("日本🎉"), byte_ids("日本"));
    assert_eq!(ids("get\u{338}\nuser"), [vec![257], byte_ids("\u{338}"), vec![258]].concat());
}

#[test]
fn characters_unknown_to_the_library_stay_as_they_are() {
    // U+32FF is a square era name since Unicode 12.1; U+32FE is a circled kana, taken apart in every version.
    assert_eq!(ids("\u{32ff}"), byte_ids("\u{32ff}"));
    assert_eq!(ids("\u{32fe}"), byte_ids("ヲ"));
}

#[test]
fn over_long_words_are_unknown() {
    assert_eq!(ids(&"x".repeat(100)), byte_ids(&"x".repeat(100)));
    assert_eq!(ids(&"x".repeat(101)), [0]);
    assert_eq!(ids(&"é".repeat(51)), [0]);
    assert_eq!(ids(&format!("{} get", "x".repeat(1_000))), [0, 257]);
}

#[test]
fn another_kind_of_tokenizer_is_refused_with_the_difference() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut file = tokenizer_json(&WORDS);
        change(&mut file);
        Tokenizer::parse(file.to_string().as_bytes()).unwrap_err()
    };
    for (change, reason) in [
        (
            &(|file: &mut Value| file["model"]["type"] = json!("BPE")) as &dyn Fn(&mut Value),
            "another kind of tokenizer: model.type is \"BPE\", not \"WordPiece\"",
        ),
        (
            &|file| file["normalizer"]["normalizers"][0]["type"] = json!("NFC"),
            "another kind of tokenizer: normalizer.normalizers[0].type is \"NFC\", not \"NFKC\"",
        ),
        (
            &|file| file["truncation"] = json!({"max_length": 512}),
            "another kind of tokenizer: truncation is {\"max_length\":512}, not null",
        ),
        (&|file| file["model"]["extra"] = json!(1), "another kind of tokenizer: model.extra is not known"),
        (
            &|file| {
                file["model"].as_object_mut().unwrap().remove("vocab");
            },
            "another kind of tokenizer: model.vocab is missing",
        ),
        (&|file| file["model"]["vocab"]["get"] = json!(258), "two tokens have the id 258"),
        (&|file| file["model"]["vocab"]["get"] = json!(900), "id 900 in a vocabulary of 263 tokens"),
        (
            &|file| {
                let vocab = file["model"]["vocab"].as_object_mut().unwrap();
                let id = vocab.remove("x").unwrap();
                vocab.insert("xyz".to_owned(), id);
            },
            "no token for the single byte 0x78",
        ),
    ] {
        assert_eq!(refused(change), reason);
    }
    assert!(refused(&|file| *file = json!([])).starts_with("not a tokenizer: invalid type"));
    assert!(refused(&|file| file["model"]["vocab"]["[UNK]"] = json!(3)).contains("0 is the id of [UNK]"));
}

#[test]
fn damaged_json_never_panics() {
    let whole = tokenizer_json(&WORDS).to_string().into_bytes();
    for end in 0..whole.len() {
        assert!(Tokenizer::parse(&whole[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_text_becomes_the_normalised_mean_of_its_rows() {
    let folder = folder(&good_tensors());
    let table = StaticTable::load(folder.path(), None).unwrap();
    assert_eq!(table.dim(), DIM);
    // Rows: get (257) is 57 * 0.5 in column 1, user (258) is 58 in column 2.
    let norm = (28.5_f32 * 28.5 + 58.0 * 58.0).sqrt();
    let vector = table.embed("getUser");
    for (found, wanted) in vector.iter().zip([0.0, 28.5 / norm, 58.0 / norm, 0.0]) {
        assert!((found - wanted).abs() < 1e-6, "{vector:?}");
    }
    assert_eq!(table.embed(""), [0.0; DIM]);
    assert_eq!(table.embed(&"x".repeat(101)), [0.0; DIM]);
}

#[test]
fn fields_are_normalised_before_they_are_added() {
    let folder = folder(&good_tensors());
    let table = StaticTable::load(folder.path(), None).unwrap();
    let vector = table.embed_fields(&[(1.0, "get get get"), (0.5, "user"), (0.7, "")]);
    let norm = 1.25_f32.sqrt();
    for (found, wanted) in vector.iter().zip([0.0, 1.0 / norm, 0.5 / norm, 0.0]) {
        assert!((found - wanted).abs() < 1e-6, "{vector:?}");
    }
}

#[test]
fn float_tables_give_the_same_vectors() {
    let mut tensors = good_tensors();
    let floats = int8_rows().iter().flat_map(|&byte| f32::from(byte.cast_signed()).to_le_bytes()).collect();
    tensors[0] = ("embeddings", Dtype::F32, vec![TOKENS, DIM], floats);
    let (int8, float) = (folder(&good_tensors()), folder(&tensors));
    let (int8, float) =
        (StaticTable::load(int8.path(), None).unwrap(), StaticTable::load(float.path(), None).unwrap());
    assert_eq!(int8.embed("getUserName of http"), float.embed("getUserName of http"));
    assert_ne!(int8.digest(), float.digest());
}

#[test]
fn the_digest_covers_each_file() {
    let folder = folder(&good_tensors());
    let first = StaticTable::load(folder.path(), None).unwrap().digest();
    assert_eq!(first, StaticTable::load(folder.path(), None).unwrap().digest());
    std::fs::write(folder.path().join("config.json"), r#"{"normalize":true}"#).unwrap();
    assert_ne!(first, StaticTable::load(folder.path(), None).unwrap().digest());
}

#[test]
fn wrong_tensors_are_refused_with_file_and_reason() {
    let nan = weights().into_iter().take(TOKENS * 4 - 4).chain(f32::NAN.to_le_bytes()).collect::<Vec<_>>();
    for (at, tensor, reason) in [
        (0, ("rows", Dtype::I8, vec![TOKENS, DIM], int8_rows()), "tensor embeddings is missing"),
        (
            0,
            ("embeddings", Dtype::U8, vec![TOKENS, DIM], int8_rows()),
            "tensor embeddings is U8, not I8 or F32",
        ),
        (
            0,
            ("embeddings", Dtype::I8, vec![TOKENS * DIM], int8_rows()),
            "tensor embeddings has the shape [1052], not [tokens, dim]",
        ),
        (
            0,
            ("embeddings", Dtype::I8, vec![TOKENS * 2, DIM / 2], int8_rows()),
            "tensor embeddings has 526 rows for a vocabulary of 263 tokens",
        ),
        (
            0,
            ("embeddings", Dtype::I8, vec![TOKENS, 0], Vec::new()),
            "tensor embeddings has 0 columns, not 1 to 8192",
        ),
        (
            1,
            ("weights", Dtype::F32, vec![1, TOKENS], weights()),
            "tensor weights has the shape [1, 263], not [263]",
        ),
        (1, ("weights", Dtype::I32, vec![TOKENS], weights()), "tensor weights is I32, not F32"),
        (1, ("weights", Dtype::F32, vec![TOKENS], nan), "tensor weights has NaN at 262"),
    ] {
        let mut tensors = good_tensors();
        tensors[at] = tensor;
        assert_eq!(error(folder(&tensors).path()), format!("/model.safetensors: {reason}"));
    }
}

#[test]
fn missing_and_truncated_files_are_named() {
    for name in ["model.safetensors", "tokenizer.json", "config.json"] {
        let folder = folder(&good_tensors());
        let path = folder.path().join(name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(error(folder.path()).starts_with(&format!("/{name}: not a ")), "{}", error(folder.path()));
        std::fs::remove_file(&path).unwrap();
        assert!(error(folder.path()).starts_with(&format!("/{name}: cannot be read: ")));
    }
}

#[test]
fn truncated_tensors_never_panic() {
    let whole = safetensors(&good_tensors());
    let folder = folder(&good_tensors());
    for end in (0..whole.len()).step_by(7) {
        std::fs::write(folder.path().join("model.safetensors"), &whole[..end]).unwrap();
        assert!(StaticTable::load(folder.path(), None).is_err(), "{end}");
    }
}

#[test]
fn the_configuration_must_ask_for_normalised_vectors() {
    let folder = folder(&good_tensors());
    for (config, reason) in
        [("{}", "normalize is missing, not true"), (r#"{"normalize": 1}"#, "normalize is 1, not true")]
    {
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        assert_eq!(error(folder.path()), format!("/config.json: {reason}"));
    }
}
