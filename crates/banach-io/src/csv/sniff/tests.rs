use super::*;

fn found(text: &str) -> Found {
    let known = Known {
        file: "t",
        dialect: &Dialect::default(),
        expected: &[],
    };
    sniff(text.as_bytes(), true, &known)
}

#[test]
fn delimiters_are_found() {
    let cases = [
        ("a;b;c\n1,5;2;3\n", Delimiter::Character(b';')),
        ("a\tb\n1\t2\n", Delimiter::Character(b'\t')),
        ("a|b\n1,1|2\n", Delimiter::Character(b'|')),
        ("a,b\n\"x;y;z\",2\n", Delimiter::Character(b',')),
        ("a\n1\n", Delimiter::Character(b',')),
        ("a,b;c\n1,2;3\n1,2\n4,5\n", Delimiter::Character(b',')),
        // Commas in the header and in numbers.
        (
            "Datum;Wert, EUR;Anteil, %\n1;1,263;0,767\n2;-0,851;0,905\n3;1,5;2\n",
            Delimiter::Character(b';'),
        ),
        ("a;b\n1,5;2,5\n1,6;3,5\n", Delimiter::Character(b';')),
        // Columns aligned with blanks, also with blanks before them.
        ("a   b  y\n 1.5 2  yes\n-1.5 3   no\n", Delimiter::Blanks),
        ("  1.5  2.5\n 10.5 -3.5\n  0.5  1.5\n", Delimiter::Blanks),
        ("a^b\n1^x\n2^y\n", Delimiter::Character(b'^')),
        ("a~b\n1~x\n2~y\n", Delimiter::Character(b'~')),
        ("a\u{1}b\n1\u{1}x\n2\u{1}y\n", Delimiter::Character(1)),
        ("a:b:c\n1:x:2\n2:y:3\n", Delimiter::Character(b':')),
        // Sparse rows of LIBSVM.
        (
            "1 1:0.5 2:0.25\n-1 1:1.5 2:2.5\n1 1:2.5 2:1.25\n",
            Delimiter::Blanks,
        ),
        // One column of text, of times, of dates with times.
        ("full name\nAnn Lee\nBob Ray\n", Delimiter::Character(b',')),
        ("when\n12:30:00\n12:31:00\n", Delimiter::Character(b',')),
        (
            "when it was\n2020-01-01 12:30:00\n2020-01-02 12:31:00\n",
            Delimiter::Character(b','),
        ),
        ("a, b, c\n1, 2, 3\n4, 5, 6\n", Delimiter::Character(b',')),
        (
            "when,x\n2020-01-01 10:00:00,5\n2020-01-02 10:00:00,6\n",
            Delimiter::Character(b','),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(found(text).rules.delimiter, expected, "{text:?}");
    }
}

#[test]
fn quotes_and_escapes_are_found() {
    let cases = [
        ("a,b\n\"x, y\",1\n\"z\",2\n", Some(b'"'), None, false),
        ("a,b\n'x, y',1\n'z',2\n", Some(b'\''), None, false),
        ("a,b\n'x',1\n'z',2\n", Some(b'\''), None, false),
        ("a,b\nit's,1\n'n',2\n", Some(b'"'), None, false),
        (
            "a,b\n\"5\\\" pipe, x\",1\n\"z\",2\n",
            Some(b'"'),
            Some(b'\\'),
            false,
        ),
        (
            "a,b\n\"5\\\" pipe\",1\n\"z\",2\n",
            Some(b'"'),
            Some(b'\\'),
            false,
        ),
        ("a,b\n\"C:\\dir\\\",1\n\"z\",2\n", Some(b'"'), None, false),
        ("a,b\nx\\, y,1\nz,2\n", Some(b'"'), Some(b'\\'), false),
        (
            "a, b\n\"x, y\", \"1\"\n\"z\", \"2\"\n",
            Some(b'"'),
            None,
            true,
        ),
    ];
    for (text, quote, escape, blanks) in cases {
        let rules = found(text).rules;
        let got = (rules.quote, rules.escape, rules.blanks_around_quotes);
        assert_eq!(got, (quote, escape, blanks), "{text:?}");
    }
}

#[test]
fn the_table_begins_where_its_header_is() {
    use FoundHeader::{Absent, Names, RowNames, TrailingDelimiter};
    let absent = Absent {
        trailing_delimiter: false,
    };
    let cases = [
        ("a,b\n1,2\n3,4\n", 0, Names),
        ("# logger\n# tool 2.1\n\na,b,y\n1,2,x\n3,4,z\n", 3, Names),
        ("Report\n\na,b\n1,2\n3,4\n", 2, Names),
        ("site: x\nby: y\na,b\n1,2\n3,4\n", 2, Names),
        (
            "Name,Test\nDay,1\n\nid,a,b,y\n1,2,3,no\n2,3,4,yes\n",
            3,
            Names,
        ),
        ("# a comment, of two cells\na,b\n1,2\n3,4\n", 1, Names),
        ("#id,a\n1,2\n3,4\n", 0, Names),
        ("## meta\n#id,a\n1,2\n3,4\n", 1, Names),
        ("\"a\",\"b\"\n\"1\",2,3\n\"2\",4,5\n", 0, RowNames),
        ("a,b,y\n1,2,3,x\n2,5,6,z\n", 0, RowNames),
        (
            "Temperature, Berlin\ntime,temp,y\n1,2.5,x\n2,3.5,z\n",
            1,
            Names,
        ),
        ("a,b,\n1,2,\n3,4,\n", 0, TrailingDelimiter),
        ("a,b\n1,2,\n3,4,\n", 0, TrailingDelimiter),
        ("1.5,x\n2.5,y\n3.5,x\n4.5,y\n", 0, absent),
        // No certain table: the first row is the header, and the rows are at fault.
        ("a,b\n1,x, y\n1,z, w\n", 0, Names),
        ("a,b,c,d\n1,2\n3,4\n", 0, Names),
        ("name\nLee, Ann\nRay, Bob\n", 0, Names),
    ];
    for (text, lines, header) in cases {
        let found = found(text);
        assert_eq!(
            (found.lines_above, found.header),
            (lines, header),
            "{text:?}"
        );
    }
}
