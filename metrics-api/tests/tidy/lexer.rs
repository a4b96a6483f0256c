//! Just enough Rust lexing to tell code from comments, text and tests.
//!
//! Comments and the insides of literals become spaces, line by line, so that line numbers and brace counting hold.

/// A Rust file, prepared for the rules.
pub(crate) struct Code {
    /// One entry a line: the line with comments and literals blanked.
    pub(crate) lines: Vec<String>,
    /// One entry a line: whether it belongs to a `#[cfg(test)]` item.
    pub(crate) in_tests: Vec<bool>,
}

impl Code {
    pub(crate) fn of(text: &str) -> Self {
        let lines: Vec<String> = blanked(text).lines().map(str::to_owned).collect();
        let in_tests = test_lines(&lines);
        Self { lines, in_tests }
    }

    /// Numbered lines outside of tests.
    pub(crate) fn outside_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.lines.iter().zip(&self.in_tests).enumerate();
        numbered.filter(|(_, (_, test))| !**test).map(|(index, (line, _))| (index + 1, line.as_str()))
    }
}

/// The text with comments and the insides of string and character literals replaced by spaces.
fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => end_of_line(&chars, at),
            '/' if chars.get(at + 1) == Some(&'*') => end_of_block_comment(&chars, at),
            '"' => end_of_string(&chars, at),
            'r' | 'b' | 'c' if !follows_identifier(&chars, at) => end_of_prefixed_string(&chars, at),
            '\'' => end_of_character(&chars, at),
            _ => at,
        };
        if end > at {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

fn follows_identifier(chars: &[char], at: usize) -> bool {
    at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_')
}

fn end_of_line(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '\n' {
        at += 1;
    }
    at
}

fn end_of_block_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn end_of_string(chars: &[char], quote: usize) -> usize {
    let mut at = quote + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `r"…"`, `r#"…"#`, `b"…"`, `br#"…"#`, `c"…"`; returns `at` when no literal begins here.
fn end_of_prefixed_string(chars: &[char], at: usize) -> usize {
    let mut quote = at;
    let mut raw = false;
    while let Some('r' | 'b' | 'c') = chars.get(quote) {
        raw |= chars[quote] == 'r';
        quote += 1;
    }
    let hashes = chars[quote..].iter().take_while(|c| **c == '#').count();
    if quote - at > 2 || chars.get(quote + hashes) != Some(&'"') || (hashes > 0 && !raw) {
        return at;
    }
    if !raw {
        return end_of_string(chars, quote);
    }
    let mut end = quote + hashes + 1;
    while end < chars.len() {
        let closes = chars[end] == '"' && chars[end + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
        if closes {
            return end + 1 + hashes;
        }
        end += 1;
    }
    end
}

/// `'x'` or `'\n'`; a lifetime is left alone.
fn end_of_character(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), Some(_)) => {
            let mut end = at + 3;
            while end < chars.len() && chars[end] != '\'' {
                end += 1;
            }
            end + 1
        }
        (Some(_), Some('\'')) => at + 3,
        _ => at,
    }
}

/// Marks the lines of every item under `#[cfg(test)]`, up to its closing brace or its semicolon.
fn test_lines(lines: &[String]) -> Vec<bool> {
    let mut marks = vec![false; lines.len()];
    let mut index = 0;
    while index < lines.len() {
        if !lines[index].contains("#[cfg(test)]") {
            index += 1;
            continue;
        }
        let end = end_of_item(lines, index);
        marks[index..=end].fill(true);
        index = end + 1;
    }
    marks
}

/// The index of the line on which the item that begins at `start` ends.
pub(crate) fn end_of_item(lines: &[String], start: usize) -> usize {
    let mut depth = 0_i32;
    // Brackets count as well: the semicolon of `[u8; 4]` ends nothing.
    let mut nested = 0_i32;
    for (index, line) in lines.iter().enumerate().skip(start) {
        for c in line.chars() {
            match c {
                '{' => depth += 1,
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        return index;
                    }
                }
                '(' | '[' => nested += 1,
                ')' | ']' => nested -= 1,
                ';' if depth == 0 && nested == 0 => return index,
                _ => {}
            }
        }
    }
    lines.len() - 1
}

#[test]
fn comments_and_literals_are_blanked_and_tests_are_marked() {
    let text = "fn a() { let s = \"x.unwrap()\"; } // .unwrap()\n/* todo! /* nested */ */ fn b<'a>(c: &'a str) {}\n\
                let q = '\"'; let r = r#\"dbg!(\"1\")\"#; b.unwrap();\n#[cfg(test)]\nmod tests {\n  fn t() {}\n}\nfn z() {}\n";
    let code = Code::of(text);
    assert!(!code.lines[0].contains("unwrap"));
    assert!(code.lines[1].contains("fn b<'a>(c: &'a str)") && !code.lines[1].contains("todo"));
    assert!(code.lines[2].contains(".unwrap()") && !code.lines[2].contains("dbg"));
    assert_eq!(code.in_tests, [false, false, false, true, true, true, true, false]);
}
