//! Files that other programs read: their names, their content, and code that reads them.

use std::collections::BTreeSet;

use cruncher_backend::fetch::archive::ArchiveSummary;
use cruncher_results::chunk::MAX_TEXT_CHARS;
use cruncher_results::column_id::ColumnId;
use cruncher_results::export::csv::{TextFormat, TimeFormat};
use cruncher_results::filter::{FilterCondition, RangeLimit, RowFilter};
use cruncher_study::batch::Batch;
use cruncher_study::number_format::{counted, significant, thousands};

/// Maximum number of characters of a text that stand in a sentence.
const MAX_WORDS_CHARS: usize = 60;

/// Content of an export.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ExportContents {
    /// Name of the study.
    pub(crate) study: String,
    /// Batch of the cases; `None` if they are of all batches.
    pub(crate) batch: Option<Batch>,
    /// Conditions of the selection, in words; `None` if all cases are exported.
    pub(crate) selection: Option<String>,
    /// Name that the reader has given the selection.
    pub(crate) name: String,
    /// Number of cases in the table.
    pub(crate) cases: usize,
    /// Number of those that are done: the rows of the matrices.
    pub(crate) done: usize,
    /// Columns of `X`, and factors that have texts only.
    pub(crate) factors: MatrixColumns,
    /// Columns of `Y`, and responses that have texts only.
    pub(crate) responses: MatrixColumns,
    /// Format of times in the table.
    pub(crate) times: TimeFormat,
    /// Format of texts in the table.
    pub(crate) texts: TextFormat,
    /// Number of texts in the table that are only the beginning of what the case has.
    pub(crate) cut_texts: u64,
    /// Summary of the files from the bucket.
    pub(crate) gathered: ArchiveSummary,
    /// File of the archive for each version of a model.
    pub(crate) versions: VersionFiles,
    /// Address that shows the selection; empty if there is none for others.
    pub(crate) address: String,
}

/// Batch, version as the table has it, and the model's path in the archive.
pub(crate) type VersionFiles = BTreeSet<(String, String, String)>;

/// Columns of a matrix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct MatrixColumns {
    pub(crate) taken: Vec<String>,
    /// Columns that aren't in the matrix, since they have no number.
    pub(crate) left_out: Vec<String>,
    /// Columns with integers that are no floats.
    pub(crate) rounded: Vec<String>,
}

impl MatrixColumns {
    /// Tells what the matrix of this name loses of the cases, a sentence each.
    pub(crate) fn lost(&self, of: &str) -> Vec<String> {
        let sentence =
            |names: &[String], why: &str| (!names.is_empty()).then(|| format!("{why}: {}.", names.join(", ")));
        let left_out = sentence(&self.left_out, &format!("Not in {of}, since they have texts or flags only"));
        let rounded =
            format!("Rounded in {of}, since floats don't hold their integers beyond 2^53; the table has them exactly");
        left_out.into_iter().chain(sentence(&self.rounded, &rounded)).collect()
    }
}

/// Tells that texts of a table are only the beginning of what the cases have; `None` if no text is cut.
pub(crate) fn stay_cut(texts: u64) -> Option<String> {
    let texts = (texts > 0).then(|| counted(texts, "text is", "texts are"))?;
    let length = thousands(MAX_TEXT_CHARS as u64);
    Some(format!(
        "{texts} cut at {length} characters, with a … at the end: cruncher results STUDY --table FILE.csv has them whole."
    ))
}

impl ExportContents {
    /// Returns the name of a file of all of these cases: `study`, or `study-batch`.
    pub(crate) fn whole_name(&self) -> String {
        let study = if self.study.is_empty() { "STUDY" } else { &self.study };
        self.batch.as_ref().map_or_else(|| study.to_owned(), |batch| format!("{study}-{}", slug(batch.as_str())))
    }

    /// Returns the name of a file, without the ending of its kind: `study-batch-selection`.
    pub(crate) fn file_name(&self) -> String {
        let what = match (&self.selection, self.name.trim()) {
            (None, _) => "all",
            (Some(_), "") => "selection",
            (Some(_), name) => name,
        };
        let batch = self.batch.as_ref().map_or("", Batch::as_str);
        [self.study.as_str(), batch, what]
            .map(slug)
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-")
    }

    /// Returns the text that describes the archive.
    pub(crate) fn read_me(&self) -> String {
        let batch = self.batch.as_ref().map_or_else(String::new, |batch| format!(", batch {batch}"));
        let selection = match (&self.selection, self.name.trim()) {
            (None, _) => "all cases".to_owned(),
            (Some(words), "") => words.clone(),
            (Some(words), name) => format!("{words} (\"{name}\")"),
        };
        let notes = self.factors.lost("X").into_iter().chain(self.responses.lost("Y")).chain(stay_cut(self.cut_texts));
        let notes: String = notes.map(|note| note + "\n").collect();
        format!(
            "Results of the study {study}\nCases: {selection}{batch}\n{address}\n\
             cases.csv      the table: {cases} cases, also those that failed; times are {times}{texts}\n\
             X.npy          factors, {done} x {x}, a row a case that is done, 64-bit floats, NaN where there is no number\n\
             Y.npy          responses, {done} x {y}, the same rows\n\
             X_columns.txt  the names of the columns of X, one a line\n\
             Y_columns.txt  the names of the columns of Y, one a line\n\
             case_ids.txt   the case of each row of X and Y, one a line\n\
             errors.csv     the cases of the table that failed, {failed}, with factors, exception, message and document\n\
             {files}{versions}\n{notes}{lacks}\n\
             In Python, with NumPy and pandas:\n\n{snippet}",
            times = match self.times {
                TimeFormat::Iso => "in UTC",
                TimeFormat::Secs => "seconds since 1970",
            },
            texts = match self.texts {
                TextFormat::Guarded => "; a text that is like a formula has ' in front",
                TextFormat::Exact => "",
            },
            study = self.study,
            address = if self.address.is_empty() { String::new() } else { format!("Shown at: {}\n", self.address) },
            versions = self.version_lines(),
            cases = self.cases,
            done = self.done,
            failed = self.cases - self.done,
            x = self.factors.taken.len(),
            y = self.responses.taken.len(),
            files = self.files(),
            lacks = self.lacks_in_full(),
            snippet = self.snippet(),
        )
    }

    /// Lists the parts of the archive that lie in the bucket as well.
    fn files(&self) -> String {
        let ArchiveSummary { designs, models, results, errors, .. } = &self.gathered;
        let (designs, models) = (counted(*designs, "design", "designs"), counted(*models, "model", "models"));
        let (results, errors) = (counted(*results, "result", "results"), counted(*errors, "failure", "failures"));
        format!(
            "designs/       {designs}, as submitted: factors, sampler, model; named by the submission\n\
             models/        {models}, as submitted; before each name stand the first digits of the SHA-256\n\
             documents/     {results}, done-CASE.json, with curves, other arrays and what was printed, and {errors},\n               \
             error-CASE.json, with the traceback, of the last attempt; each in the folder of its batch\n"
        )
    }

    /// Lists the file of each version of a model, a line each.
    fn version_lines(&self) -> String {
        let in_one_batch =
            self.versions.iter().all(|(batch, ..)| Some(batch) == self.versions.first().map(|one| &one.0));
        let line = |(batch, version, path): &(String, String, String)| {
            let of = if in_one_batch { String::new() } else { format!(" of batch {batch}") };
            format!("{version}{of}: {path}")
        };
        let all: Vec<String> = self.versions.iter().map(line).collect();
        let lines = lines(all.iter().map(String::as_str));
        if all.is_empty() {
            lines
        } else {
            format!(
                "\nVersions of the model, which the column \"model\" of cases.csv names if there are several:\n{lines}"
            )
        }
    }

    /// Lists what the archive lacks, a line each.
    fn lacks_in_full(&self) -> String {
        let files =
            "What cases left in files, and tables of cases: cruncher results STUDY FOLDER fetches them.".to_owned();
        let lacks: String = [files]
            .into_iter()
            .chain(self.gathered.lacks())
            .flat_map(|line| ["- ".to_owned(), line, "\n".to_owned()])
            .collect();
        format!("Not in it:\n{lacks}")
    }

    /// Tells what the file lacks, in a few words.
    pub(crate) fn lacks(&self) -> Vec<String> {
        let ArchiveSummary { beyond, left_out, more_left_out, .. } = &self.gathered;
        let beyond = (*beyond > 0).then(|| format!("the documents of {}", counted(*beyond, "case", "cases")));
        let files = left_out.len() as u64 + more_left_out;
        let files = (files > 0).then(|| format!("{} that can't be had", counted(files, "file", "files")));
        let parts: Vec<String> = beyond.into_iter().chain(files).collect();
        let files = (!parts.is_empty()).then(|| format!("Not in it, as README.txt says: {}.", parts.join(" and ")));
        files.into_iter().chain(stay_cut(self.cut_texts)).collect()
    }

    /// Returns Python code that reads the archive.
    pub(crate) fn snippet(&self) -> String {
        format!(
            "import io\nimport json\nimport zipfile\n\nimport numpy as np\nimport pandas as pd\n\n\
             with zipfile.ZipFile(\"{}.zip\") as files:\n    \
             X = np.load(io.BytesIO(files.read(\"X.npy\")))\n    \
             Y = np.load(io.BytesIO(files.read(\"Y.npy\")))\n    \
             factors = files.read(\"X_columns.txt\").decode().splitlines()\n    \
             responses = files.read(\"Y_columns.txt\").decode().splitlines()\n    \
             case_ids = files.read(\"case_ids.txt\").decode().splitlines()\n    \
             cases = pd.read_csv(files.open(\"cases.csv\"), dtype={{\"case_id\": str}})\n    \
             paths = [path for path in files.namelist() if path.startswith(\"documents/\") and \"/done-\" in path]\n    \
             results = {{path[-37:-5]: json.loads(files.read(path))[\"result\"] for path in paths}}\n\n\
             inputs = pd.DataFrame(X, index=case_ids, columns=factors)\n\
             outputs = pd.DataFrame(Y, index=case_ids, columns=responses)\n",
            self.file_name()
        )
    }
}

/// Returns the conditions of a filter in words.
pub(crate) fn in_words(filter: &RowFilter) -> Vec<String> {
    let in_words =
        |condition: &FilterCondition| condition_in_words(condition, condition.column().map_or("", ColumnId::name));
    filter.conditions.iter().map(in_words).collect()
}

/// Returns a condition in words; `name` is the name of its column.
pub(crate) fn condition_in_words(condition: &FilterCondition, name: &str) -> String {
    match condition {
        FilterCondition::Range { least: Some(least), most: Some(most), .. } => {
            format!("{name} from {} to {}", limit_in_words(*least), limit_in_words(*most))
        }
        FilterCondition::Range { least: Some(least), .. } => format!("{name} ≥ {}", limit_in_words(*least)),
        FilterCondition::Range { most: Some(most), .. } => format!("{name} ≤ {}", limit_in_words(*most)),
        FilterCondition::Range { .. } => format!("{name} is a number"),
        FilterCondition::OneOf { values, .. } => {
            let values: Vec<String> = values.iter().map(|value| beginning(value)).collect();
            format!("{name} is {}", values.join(" or "))
        }
        FilterCondition::HasValue(_) => format!("{name} is there"),
        FilterCondition::HasNone(_) => format!("{name} is missing"),
        FilterCondition::Like { pattern, .. } => format!("{name} like {pattern}"),
        FilterCondition::Search(text) => format!("“{text}” somewhere"),
        FilterCondition::Cases(cases) => counted(cases.len() as u64, "chosen case", "chosen cases"),
    }
}

/// Returns as much of a text as a sentence has room for.
pub(crate) fn beginning(text: &str) -> String {
    text.char_indices().nth(MAX_WORDS_CHARS).map_or_else(|| text.to_owned(), |(end, _)| format!("{}…", &text[..end]))
}

/// Returns one end of a range in words: an integer has all of its digits.
pub(crate) fn limit_in_words(limit: RangeLimit) -> String {
    match limit {
        RangeLimit::Float(number) => significant(number),
        RangeLimit::Integer(integer) => integer.to_string(),
    }
}

/// Returns names of columns, one a line. Control characters become spaces, so that no name breaks a line.
pub(crate) fn lines<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| name.replace(char::is_control, " ") + "\n").collect()
}

/// Returns a name as every computer takes it as a part of a file's name: lower-case letters, digits and single dashes, at most
/// 60 characters.
pub(crate) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.to_lowercase().chars() {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use cruncher_study::case::CaseId;

    use super::*;

    fn contents() -> ExportContents {
        ExportContents {
            study: "footings".into(),
            batch: None,
            selection: Some("width from 2 to 3".into()),
            name: "weak & soft".into(),
            cases: 12,
            done: 10,
            factors: MatrixColumns {
                taken: vec!["c[0]".into(), "c[1]".into()],
                left_out: vec!["soil".into()],
                rounded: vec![],
            },
            responses: MatrixColumns {
                taken: vec!["end_load".into(), "seed".into()],
                left_out: vec![],
                rounded: vec!["seed".into()],
            },
            times: TimeFormat::Secs,
            texts: TextFormat::Exact,
            cut_texts: 3,
            gathered: ArchiveSummary {
                designs: 1,
                models: 2,
                results: 10,
                beyond: 7,
                left_out: vec![("data/a/done-00.json".into(), "it isn't there".into())],
                ..ArchiveSummary::default()
            },
            versions: VersionFiles::new(),
            address: "https://example.org/#/results?select=factor.width:2..3".into(),
        }
    }

    #[test]
    fn a_file_is_called_after_its_selection() {
        let check = |selection: Option<&str>, name: &str, expected: &str| {
            let contents = ExportContents { selection: selection.map(str::to_owned), name: name.into(), ..contents() };
            assert_eq!(contents.file_name(), expected);
        };
        check(None, "weak", "footings-all");
        check(Some("w"), " ", "footings-selection");
        check(Some("w"), "../Weak & söft = 50 %", "footings-weak-söft-50");
        assert_eq!(slug("///"), "");
    }

    #[test]
    fn a_file_of_one_batch_says_so_in_its_name_and_in_words() {
        let of = ExportContents { batch: Batch::parse("soil/fine").ok(), selection: None, ..contents() };
        assert_eq!((of.file_name(), of.whole_name()), ("footings-soil-fine-all".into(), "footings-soil-fine".into()));
        assert!(of.read_me().contains("\nCases: all cases, batch soil/fine\n"));
        assert!(of.snippet().contains("zipfile.ZipFile(\"footings-soil-fine-all.zip\")"));
        let selected = ExportContents { selection: Some("width from 2 to 3".into()), ..of };
        assert!(selected.read_me().contains("\nCases: width from 2 to 3 (\"weak & soft\"), batch soil/fine\n"));
    }

    #[test]
    fn the_archive_says_what_is_in_it() {
        let text = contents().read_me();
        for line in [
            "Cases: width from 2 to 3 (\"weak & soft\")",
            "cases.csv      the table: 12 cases, also those that failed; times are seconds since 1970",
            "X.npy          factors, 10 x 2, a row a case that is done, 64-bit floats, NaN where there is no number",
            "Y.npy          responses, 10 x 2, the same rows",
            "Not in X, since they have texts or flags only: soil.",
            "Rounded in Y, since floats don't hold their integers beyond 2^53; the table has them exactly: seed.",
            "errors.csv     the cases of the table that failed, 2, with factors, exception, message and document",
            "designs/       1 design, as submitted: factors, sampler, model; named by the submission",
            "models/        2 models, as submitted; before each name stand the first digits of the SHA-256",
            "documents/     10 results, done-CASE.json, with curves, other arrays and what was printed, and 0 failures,",
            "- The documents of 7 more cases: it holds up to 10,000, and 64 MiB.",
            "- data/a/done-00.json: it isn't there",
            "3 texts are cut at 1,000 characters, with a … at the end: cruncher results STUDY --table FILE.csv has them whole.",
            "with zipfile.ZipFile(\"footings-weak-soft.zip\") as files:",
        ] {
            assert!(text.lines().any(|own| own == line), "{line} in\n{text}");
        }
        assert!(!text.contains("Not in Y"));
        let said = "Not in it, as README.txt says: the documents of 7 cases and 1 file that can't be had.";
        assert_eq!(contents().lacks()[0], said);
        assert_eq!(
            ExportContents { cut_texts: 0, gathered: ArchiveSummary::default(), ..contents() }.lacks(),
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_archive_says_which_file_a_version_is() {
        let file = |batch: &str, version: &str, path: &str| (batch.to_owned(), version.to_owned(), path.to_owned());
        let one = file("soil", "slope.py version 1", "models/aeed-slope.py");
        let read_me =
            |versions: &[_]| ExportContents { versions: versions.iter().cloned().collect(), ..contents() }.read_me();
        let has = |text: &str, line: &str| text.lines().any(|own| own == line);
        let text = read_me(&[one.clone(), file("soil", "slope.py version 2", "models/b0b0-slope.py")]);
        assert!(
            has(&text, "Versions of the model, which the column \"model\" of cases.csv names if there are several:"),
            "{text}"
        );
        assert!(has(&text, "slope.py version 1: models/aeed-slope.py"), "{text}");
        assert!(has(&text, "slope.py version 2: models/b0b0-slope.py"), "{text}");
        let text = read_me(&[one, file("steel", "slope.py\nversion 1", "models/c0c0-slope.py")]);
        assert!(has(&text, "slope.py version 1 of batch soil: models/aeed-slope.py"), "{text}");
        assert!(has(&text, "slope.py version 1 of batch steel: models/c0c0-slope.py"), "{text}");
        assert!(!read_me(&[]).contains("Versions of the model"));
    }

    #[test]
    fn an_archive_that_has_no_address_names_none() {
        let text = ExportContents { address: String::new(), ..contents() }.read_me();
        assert!(!text.contains("Shown at") && text.contains("soft\")\n\ncases.csv"), "{text}");
        assert!(
            contents()
                .read_me()
                .contains("\nShown at: https://example.org/#/results?select=factor.width:2..3\n\ncases.csv")
        );
    }

    #[test]
    fn a_selection_is_told_in_words() {
        let check = |text: &str, words: &[&str]| assert_eq!(in_words(&text.parse().unwrap()), words);
        check("factor.c:2..3,case.state:done|failed", &["c from 2 to 3", "state is done or failed"]);
        check("response.load:..2e5,factor.soil:!", &["load ≤ 200000", "soil is missing"]);
        check("factor.seed:4611686018427387905..", &["seed ≥ 4611686018427387905"]);
        check(&format!("response.echo:{}", "x".repeat(1_000)), &[&format!("echo is {}…", "x".repeat(60))]);
        let case = CaseId::parse(&"0a".repeat(16)).unwrap();
        let cases =
            |number: usize| in_words(&RowFilter { conditions: vec![FilterCondition::Cases(vec![case; number])] });
        assert_eq!([cases(1), cases(1_200)].concat(), ["1 chosen case", "1,200 chosen cases"]);
    }

    #[test]
    fn a_name_stays_in_its_line() {
        assert_eq!(lines(["a\nb", "c"]), "a b\nc\n");
    }
}
