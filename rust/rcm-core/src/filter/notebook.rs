//! Jupyter notebooks: the cells as the code that a person wrote, outputs left out, every line where it is in the file.
//!
//! Jupyter writes each line of a cell as one JSON string on a line of its own, so the text that comes out here has
//! as many lines as the file: a line of a code cell decoded, a line of a prose cell behind `# `, all others empty.
//! What is not laid out so, is no valid JSON or not in Python stays the JSON text that it is.

use std::borrow::Cow;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Notebook<'a> {
    #[serde(borrow)]
    cells: Vec<Cell<'a>>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Cell<'a> {
    cell_type: String,
    #[serde(borrow)]
    source: Vec<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    kernelspec: Option<Named>,
    language_info: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    language: String,
    #[serde(default)]
    name: String,
}

impl Metadata {
    /// A notebook that names no language is Python, as Jupyter takes it.
    fn is_python(&self) -> bool {
        let kernel = self.kernelspec.as_ref().map(|kernel| kernel.language.as_str());
        let info = self.language_info.as_ref().map(|info| info.name.as_str());
        let language = info.or(kernel).unwrap_or_default();
        language.is_empty() || language.to_ascii_lowercase().contains("python")
    }
}

/// Whether the file at `path` is named as a notebook.
pub(super) fn is_notebook(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ipynb"))
}

/// The cells of a Python notebook, line for line; none if `json` is not laid out as Jupyter does.
pub(super) fn cells(json: &str) -> Option<String> {
    let notebook: Notebook<'_> = serde_json::from_str(json).ok()?;
    if !notebook.metadata.is_python() {
        return None;
    }
    let mut text = String::with_capacity(json.len() / 4);
    let mut at = 0;
    for cell in &notebook.cells {
        let prefix = if cell.cell_type == "code" { "" } else { "# " };
        for line in &cell.source {
            let raw = line.get();
            // The slices lie in `json`, so this is the offset of one in it.
            let start = (raw.as_ptr() as usize).checked_sub(json.as_ptr() as usize)?;
            let breaks = json.get(at..start)?.bytes().filter(|&byte| byte == b'\n').count();
            let decoded: Cow<'_, str> = serde_json::from_str(raw).ok()?;
            let decoded = decoded.strip_suffix('\n').unwrap_or(&decoded);
            if decoded.contains('\n') || breaks == 0 {
                return None; // two lines of a cell on one line of the file
            }
            text.extend(std::iter::repeat_n('\n', breaks));
            text.push_str(prefix);
            text.push_str(decoded);
            at = start;
        }
    }
    text.extend(json.get(at..)?.bytes().filter(|&byte| byte == b'\n').map(char::from));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notebook(language: &str, cells: &str) -> String {
        format!(
            "{{\n \"cells\": [\n{cells}\n ],\n \"metadata\": {{\n  \"language_info\": {{\"name\": \"{language}\"}}\n }},\n \
             \"nbformat\": 4\n}}\n"
        )
    }

    const CELLS: &str = r##"  {
   "cell_type": "markdown",
   "source": [
    "# Load the *data*\n",
    "from \"disk\""
   ]
  },
  {
   "cell_type": "code",
   "outputs": [
    {"data": {"image/png": "iVBORw0KGgo"}}
   ],
   "source": [
    "def load(path):\n",
    "\treturn open(path)\n"
   ]
  }"##;

    #[test]
    fn cells_stay_on_their_lines_and_outputs_go() {
        let json = notebook("python", CELLS);
        let text = cells(&json).expect("a notebook as Jupyter writes it");
        assert_eq!(text.lines().count(), json.lines().count());
        let found: Vec<_> = text.lines().enumerate().filter(|(_, line)| !line.is_empty()).collect();
        let expected = [
            (5, "# # Load the *data*"),
            (6, "# from \"disk\""),
            (15, "def load(path):"),
            (16, "\treturn open(path)"),
        ];
        assert_eq!(found, expected);
        for (at, _) in expected {
            assert!(json.lines().nth(at).is_some_and(|line| line.trim_start().starts_with('"')));
        }
    }

    #[test]
    fn what_is_laid_out_otherwise_stays_json() {
        assert_eq!(cells(&notebook("julia", CELLS)), None);
        assert_eq!(cells(&notebook("python", CELLS).replace('\n', " ")), None, "all on one line");
        assert_eq!(cells(&notebook("python", CELLS)[..100]), None, "cut off");
        let joined = r#"  {"cell_type": "code", "source": ["a = 1\nb = 2"]}"#;
        assert_eq!(cells(&notebook("python", joined)), None);
        assert_eq!(cells("[]"), None);
    }
}
