//! Just enough of SQL's spelling to check a definition's text: words, strings, parameters and signs, without comments.
//!
//! It is no parser: DataFusion parses and plans the same text later, and the engine checks the plan. What is found here can
//! be told with the line that an analyst sees.

/// One piece of SQL with its line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub(super) piece: Piece,
    /// Where it begins.
    pub(super) line: usize,
}

/// The pieces that the linter tells apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A keyword, name or number, in lower case; a quoted name keeps its case.
    Word(String),
    /// The text between single quotes.
    Text(String),
    /// A parameter without its dollar sign.
    Parameter(String),
    /// Any other character.
    Sign(char),
}

impl Token {
    /// True for this keyword or name.
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(&self.piece, Piece::Word(own) if own == word)
    }

    /// True for this sign.
    pub(super) fn is_sign(&self, sign: char) -> bool {
        self.piece == Piece::Sign(sign)
    }

    /// The keyword or name, if it is one.
    pub(super) fn word(&self) -> Option<&str> {
        match &self.piece {
            Piece::Word(word) => Some(word),
            Piece::Text(_) | Piece::Parameter(_) | Piece::Sign(_) => None,
        }
    }
}

/// Cuts SQL into tokens; comments (`--` and nested `/* */`) and white space vanish. An unclosed string or comment runs to
/// the end: DataFusion refuses it with its own message.
pub(super) fn tokens(sql: &str) -> Vec<Token> {
    Cutter { rest: sql, line: 1 }.collect()
}

struct Cutter<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Cutter<'a> {
    /// Takes the first `length` bytes and counts their lines.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count();
        taken
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let length = self.rest.find(|sign| !belongs(sign)).unwrap_or(self.rest.len());
        self.take(length)
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if self.rest.starts_with("--") {
                self.take_while(|sign| sign != '\n');
            } else if self.rest.starts_with("/*") {
                self.skip_block_comment();
            } else {
                return;
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0_usize;
        while !self.rest.is_empty() {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.take(2);
                if depth == 0 {
                    return;
                }
            } else {
                let length = self.rest.chars().next().map_or(0, char::len_utf8);
                self.take(length);
            }
        }
    }

    /// The text inside quotes; a doubled quote stands for one.
    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        self.take(1);
        loop {
            text.push_str(self.take_while(|sign| sign != quote));
            if self.rest.is_empty() {
                return text;
            }
            self.take(1);
            if !self.rest.starts_with(quote) {
                return text;
            }
            text.push(quote);
            self.take(1);
        }
    }
}

impl Iterator for Cutter<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_blanks_and_comments();
        let line = self.line;
        let is_word = |sign: char| sign.is_alphanumeric() || sign == '_';
        let piece = match self.rest.chars().next()? {
            '\'' => Piece::Text(self.quoted('\'')),
            '"' => Piece::Word(self.quoted('"')),
            '$' => {
                self.take(1);
                Piece::Parameter(self.take_while(is_word).to_owned())
            }
            first if is_word(first) => Piece::Word(self.take_while(is_word).to_lowercase()),
            sign => {
                self.take(sign.len_utf8());
                Piece::Sign(sign)
            }
        };
        Some(Token { piece, line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_vanish_and_strings_stay_whole() {
        let cut =
            tokens("SELECT 'it''s now()' -- now()\n/* now() /* nested */\n */ FROM \"Odd Name\" WHERE x >= $as_of");
        let words: Vec<_> = cut.iter().filter_map(Token::word).collect();
        assert_eq!(words, ["select", "from", "Odd Name", "where", "x"]);
        assert_eq!(cut[1].piece, Piece::Text("it's now()".into()));
        assert_eq!(cut.last().unwrap().piece, Piece::Parameter("as_of".into()));
        assert_eq!(cut.last().unwrap().line, 3);
    }

    #[test]
    fn unclosed_text_ends_with_the_file() {
        assert_eq!(tokens("'abc").len(), 1);
        assert_eq!(tokens("/* abc").len(), 0);
        assert_eq!(tokens("").len(), 0);
    }

    #[test]
    fn any_text_can_be_cut() {
        use proptest::prelude::*;
        proptest!(|(text in "\\PC{0,60}")| { let _ = tokens(&text); });
    }
}
