package hl7_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/hl7"
)

const header = `MSH|^~\&|PAS|RVV|ROUTE|ROUTE|20260102101500||ADT^A01^ADT_A01|77|P|2.4` + "\r"

func parse(t *testing.T, raw string) *hl7.Message {
	t.Helper()
	m, err := hl7.Parse([]byte(raw), "")
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return m
}

func TestFieldsAreFoundWhereTheyStand(t *testing.T) {
	m := parse(t, header+`PID|1||9990000018^^^NHS^NH~A12&x&y^^^RVV^PI||Fox&de^Ann^Mary|""||`)
	if m.Type() != "ADT" || m.Event() != "A01" || m.ControlID() != "77" || m.Version() != "2.4" {
		t.Errorf("header: %s %s %s %s", m.Type(), m.Event(), m.ControlID(), m.Version())
	}
	if a, f := m.Sender(); a != "PAS" || f != "RVV" {
		t.Errorf("sender %s %s", a, f)
	}
	pid := m.Segment("PID")
	for _, c := range []struct {
		want string
		at   []int
	}{
		{"1", []int{1}}, {"9990000018", []int{3, 1}}, {"NHS", []int{3, 4}}, {"9990000018", []int{3, 1, 1}},
		{"Fox&de^Ann^Mary", []int{5}}, {"Fox&de", []int{5, 1}}, {"Fox", []int{5, 1, 1}}, {"de", []int{5, 1, 2}}, {"", []int{5, 1, 3}},
		{"Ann", []int{5, 2, 1}}, {"", []int{5, 9}}, {`""`, []int{6}}, {"", []int{7}}, {"", []int{99}},
	} {
		if got := pid.Get(c.at[0], c.at[1:]...); got != c.want {
			t.Errorf("PID %v is %q, want %q", c.at, got, c.want)
		}
	}
	if r := pid.Repetitions(3); len(r) != 2 || r[1].Get(1, 2) != "x" || r[1].Raw() != "A12&x&y^^^RVV^PI" {
		t.Errorf("repetitions %v", r)
	}
	if !pid.IsNull(6) || pid.IsNull(7) {
		t.Error("null and absent are not told apart")
	}
	if absent := m.Segment("ZZZ"); absent.Exists() || absent.Get(3) != "" || absent.Index() != -1 || absent.Repetitions(1) != nil {
		t.Error("an absent segment must answer emptily")
	}
	if h := m.Segment("MSH"); h.Get(1) != "|" || h.Get(2) != `^~\&` || h.Get(7) != "20260102101500" {
		t.Errorf("MSH-1 %q MSH-2 %q MSH-7 %q", h.Get(1), h.Get(2), h.Get(7))
	}
}

func TestSegmentsEndInAnyOfThree(t *testing.T) {
	lines := []string{`MSH|^~\&|A|B|||20260101||ORU^R01|1|P|2.4`, "PID|1||X", "OBX|1|TX|C||text"}
	for _, end := range []string{"\r", "\n", "\r\n", "\r\r\n", "\n\n"} {
		for _, before := range []string{"", "\xef\xbb\xbf", "\r\n \n", "\x0b"} {
			m := parse(t, before+strings.Join(lines, end)+end+"\x1c\r")
			if n := len(m.Segments("")); n != 3 || m.Segment("OBX").Get(5) != "text" {
				t.Errorf("end %q after %q: %d segments", end, before, n)
			}
		}
	}
}

func TestLinesOfATextStayWithIt(t *testing.T) {
	m := parse(t, header+"NTE|1||first\nsecond line\nTIA\r||||\r \rPV1\rZ01|1")
	if got := m.Segment("NTE").Get(3); got != "first\nsecond line\nTIA" {
		t.Errorf("NTE-3 is %q", got)
	}
	if n := len(m.Segments("")); n != 4 {
		t.Errorf("%d segments", n)
	}
	broken := parse(t, "MSH|^\n~\\&|LAB|X|||2019||ORU^R01^ORU\nR01|5|T|2.5\nPID|1||7")
	if broken.ControlID() != "5" || broken.Segment("PID").Get(3) != "7" {
		t.Error("a header over several lines is one header")
	}
}

func TestEscapesAreReadAndForgeNothing(t *testing.T) {
	for in, want := range map[string]string{
		`a\T\b\S\c\R\d\F\e\E\f`:         `a&b^c~d|e\f`,
		`x10\S\9/L`:                     `x10^9/L`,
		`one\.br\two\.sp2\three`:        "one\ntwo\n\nthree",
		`\H\bold\N\ plain`:              "bold plain",
		`\X0D0A\PID|2`:                  "\r\nPID",
		`\X4142\`:                       "AB",
		`\Xzz\`:                         `\Xzz\`,
		`\Zlocal\ rest`:                 `\Zlocal\ rest`,
		`C:\temp\new`:                   `C:\temp\new`,
		`open \F`:                       `open \F`,
		`\.in+4\text\.sk3\.`:            "text   .",
		`\C2842\ \M254142\`:             `\C2842\ \M254142\`,
		`\XE9\`:                         "é",
		`<script>alert(1)</script>`:     `<script>alert(1)</script>`,
		"nul \x00 and bidi \u202e stay": "nul \x00 and bidi \u202e stay",
	} {
		m := parse(t, header+"NTE|1||"+in)
		if got := m.Segment("NTE").Get(3); got != want {
			t.Errorf("%q reads %q, want %q", in, got, want)
		}
		if len(m.Segments("PID")) != 0 {
			t.Errorf("%q made a segment", in)
		}
	}
}

func TestWhatIsEscapedReadsBack(t *testing.T) {
	text := "a|b^c~d\\e&f\r\ng\nh"
	m := parse(t, header+"NTE|1||"+hl7.Escape(text))
	if got := m.Segment("NTE").Get(3, 1, 1); got != "a|b^c~d\\e&f\ng\nh" {
		t.Errorf("got %q", got)
	}
}

func TestDelimiters(t *testing.T) {
	for _, c := range []struct {
		header string
		kind   kmcr.Kind
		where  string
	}{
		{`MSH|^~\&|A`, "", ""},
		{`MSH#*+/!#A`, "", ""},
		{`MSH|^~\&#|A`, "", ""},
		{`MSH|^~&|A`, "", ""},
		{`MSH|^|A`, "", ""},
		{`MSH|^~\\&|A`, kmcr.Invalid, "MSH-2"},
		{`MSH|^~|&|A`, "", ""},
		{`MSH||A`, kmcr.Invalid, "MSH-2"},
		{`MSH|^^\&|A`, kmcr.Invalid, "MSH-2"},
		{`MSH^^~\&^A`, kmcr.Invalid, "MSH-2"},
		{`MSH|abcd|A`, kmcr.Invalid, "MSH-2"},
		{`MSHA^~\&AA`, kmcr.Invalid, "MSH-1"},
		{`MSH`, kmcr.Invalid, "line 1"},
		{`PID|1`, kmcr.Invalid, "line 1"},
		{``, kmcr.Invalid, "line 1"},
		{"\xff\xfeM\x00S\x00H\x00", kmcr.Unsupported, "MSH-18"},
		{"M\x00S\x00H\x00|\x00", kmcr.Unsupported, "MSH-18"},
	} {
		_, err := hl7.Parse([]byte(c.header), "")
		var e *kmcr.Error
		errors.As(err, &e)
		if kmcr.KindOf(err) != c.kind || e != nil && (e.Where != c.where || e.Remedy == "") {
			t.Errorf("%q: %v (%s)", c.header, err, kmcr.KindOf(err))
		}
	}
	m := parse(t, "MSH#*+/!#A#B*C\rPID#1##7*x!y+8#a/S/b")
	if p := m.Segment("PID"); p.Get(3, 2, 2) != "y" || len(p.Repetitions(3)) != 2 || p.Get(4) != "a*b" {
		t.Error("other delimiters are not followed")
	}
	short := parse(t, "MSH|^~&|A\rPID|||1^^^a&b&ISO~2")
	if p := short.Segment("PID"); p.Get(3, 4, 2) != "b" || len(p.Repetitions(3)) != 2 {
		t.Error("^~& means no escape, and & as ever")
	}
}

func TestCharacterSets(t *testing.T) {
	for _, c := range []struct {
		charset, bytes, want string
		kind                 kmcr.Kind
	}{
		{"", "caf\xe9 \x80", "café €", ""},
		{"", "café €", "café €", ""},
		{"ASCII", "caf\xe9", "café", ""},
		{"UNICODE UTF-8", "café", "café", ""},
		{"UNICODE", "café", "café", ""},
		{"UNICODE UTF-8", "café \xe9", "café é", ""},
		{"8859/1", "caf\xe9", "café", ""},
		{"8859/15", "\xa4", "€", ""},
		{"ISO-8859-15", "\xa4", "€", ""},
		{"windows-1252", "\x93x\x94", "“x”", ""},
		{"UNICODE UTF-16", "x", "", kmcr.Unsupported},
		{"ISO IR87", "\xe9", "", kmcr.Unsupported},
		{"ISO IR87", "plain", "plain", ""},
	} {
		m, err := hl7.Parse([]byte(`MSH|^~\&|A|B|||20260101||ADT^A01|1|P|2.4||||||`+c.charset+"\rNTE|1||"+c.bytes), "")
		if kmcr.KindOf(err) != c.kind {
			t.Errorf("%s: %v", c.charset, err)
			continue
		}
		if err == nil && m.Segment("NTE").Get(3) != c.want {
			t.Errorf("%s: %q reads %q, want %q", c.charset, c.bytes, m.Segment("NTE").Get(3), c.want)
		}
	}
	m, err := hl7.Parse([]byte(`MSH|^~\&|A|B`+"\rNTE|1||\xa4"), "8859/15")
	if err != nil || m.Segment("NTE").Get(3) != "€" {
		t.Error("the character set that the caller names goes first")
	}
}

func TestDatesKeepTheirPrecision(t *testing.T) {
	for in, want := range map[string]string{
		"2026": "2026", "202601": "2026-01", "20260131": "2026-01-31",
		"2026013114":               "2026-01-31T14:00:00+00:00",
		"202607311415":             "2026-07-31T14:15:00+01:00",
		"20260731141559":           "2026-07-31T14:15:59+01:00",
		"20260731141559.1230":      "2026-07-31T14:15:59.1230+01:00",
		"20260731141559+0530":      "2026-07-31T14:15:59+05:30",
		"198908181126+0215":        "1989-08-18T11:26:00+02:15",
		"20190514102527-0500":      "2019-05-14T10:25:27-05:00",
		"2026-07-31":               "2026-07-31",
		"2026-07-31T14:15:59Z":     "2026-07-31T14:15:59+00:00",
		"2026-07-31 14:15:59+0100": "2026-07-31T14:15:59+01:00",
		" 20260131 ":               "2026-01-31",
		"19890118000000":           "1989-01-18T00:00:00+00:00",
		"20991231":                 "2099-12-31",
	} {
		d, err := hl7.ParseDate(in)
		if err != nil || d.FHIR != want {
			t.Errorf("%q is %q, %v; want %q", in, d.FHIR, err, want)
		}
	}
	for _, bad := range []string{"", `""`, "19651", "196513121515", "20260230", "20261301", "yesterday", "0000", "20260101+", "20260101101010.", "20260101101010+9900", "2026010110101", "20260101-0500x", "DeIdentified", "2026-1-2"} {
		if d, err := hl7.ParseDate(bad); kmcr.KindOf(err) != kmcr.Invalid {
			t.Errorf("%q was read as %q", bad, d.FHIR)
		}
	}
	if d, _ := hl7.ParseDate("196512131515"); d.Day() != "1965-12-13" || !d.HasTime {
		t.Errorf("the day of a time: %v", d)
	}
}

func TestTheEventHasItsOwnTime(t *testing.T) {
	m := parse(t, header+"EVN||202601020900|||X|202601020800")
	if at, ok := m.At(); !ok || !at.Equal(time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("%v %v", at, ok)
	}
	m = parse(t, header+"EVN||nonsense")
	if at, ok := m.At(); !ok || at.Minute() != 15 {
		t.Errorf("MSH-7 is the last resort: %v %v", at, ok)
	}
}

func TestRepetitionsHaveALimit(t *testing.T) {
	_, err := hl7.Parse([]byte(header+"PID|1||"+strings.Repeat("1~", 100_000)), "")
	var e *kmcr.Error
	if !errors.As(err, &e) || e.Kind != kmcr.TooLarge || e.Where != "PID-3" {
		t.Errorf("%v", err)
	}
	_, err = hl7.Parse([]byte(header+strings.Repeat("NTE|1\r", hl7.MaxSegments)), "")
	if kmcr.KindOf(err) != kmcr.TooLarge {
		t.Errorf("%v", err)
	}
}

func TestFilesAreCutIntoMessages(t *testing.T) {
	one, two := `MSH|^~\&|A|B|||2026||ADT^A01|1`, `MSH|^~\&|A|B|||2026||ADT^A02|2`
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"nothing":              {"\r\n \n", nil},
		"one":                  {one + "\rPID|1", []string{one + "\rPID|1"}},
		"two with blank lines": {one + "\rPID|1\r\r\n" + two + "\n", []string{one + "\rPID|1", two}},
		"a batch":              {"FHS|^~\\&\rBHS|^~\\&\r" + one + "\rPID|1\r" + two + "\rBTS|2\rFTS|1\r", []string{one + "\rPID|1", two}},
		"an empty batch":       {"FHS|^~\\&\nBHS|^~\\&\nBTS|0\nFTS|1\n", nil},
		"framed":               {"\x0b" + one + "\rPID|1\r\x1c\r\x0b" + two + "\r\x1c\r", []string{one + "\rPID|1", two}},
		"marked":               {"\xef\xbb\xbf" + one, []string{one}},
		"rubbish before":       {"hello\n" + one, []string{"hello", one}},
		"rubbish alone":        {"hello", []string{"hello"}},
	} {
		var got []string
		for _, m := range hl7.SplitBatch([]byte(c.file)) {
			got = append(got, string(m))
		}
		if strings.Join(got, "§") != strings.Join(c.want, "§") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestFrames(t *testing.T) {
	frames := func(in string, max int) (got []string, last error) {
		r := bufio.NewReaderSize(strings.NewReader(in), 16)
		for {
			b, err := hl7.ReadFrame(r, max)
			if b != nil {
				got = append(got, string(b))
			}
			if err != nil && !(kmcr.KindOf(err) == kmcr.Invalid && b != nil) {
				return got, err
			}
		}
	}
	long := header + strings.Repeat("x", 100)
	for name, c := range map[string]struct {
		in   string
		want []string
		err  error
		kind kmcr.Kind
	}{
		"two":                   {"\x0bMSH|1\x1c\r\x0bMSH|2\x1c\r", []string{"MSH|1", "MSH|2"}, io.EOF, ""},
		"longer than a buffer":  {"\x0b" + long + "\x1c\r", []string{long}, io.EOF, ""},
		"rubbish between":       {"abc\r\n\x0bMSH|1\x1c\rxx\x0bMSH|2\x1c\r", []string{"MSH|1", "MSH|2"}, io.EOF, ""},
		"nested":                {"\x0bMSH|1 broken\x0bMSH|2\x1c\r", []string{"MSH|2"}, io.EOF, ""},
		"two starts":            {"\x0b\x0bMSH|1\x1c\r", []string{"MSH|1"}, io.EOF, ""},
		"a vertical tab inside": {"\x0bMSH|1\vtext\x1c\r", []string{"MSH|1\vtext"}, io.EOF, ""},
		"broken off":            {"\x0bMSH|1", nil, io.ErrUnexpectedEOF, ""},
		"nothing":               {"", nil, io.EOF, ""},
		"too long":              {"\x0b" + strings.Repeat("x", 5000) + "\x1c\r", nil, nil, kmcr.TooLarge},
		"data after the end":    {"\x0bMSH|1\x1cxyz\r\x0bMSH|2\x1c\r", []string{"MSH|1", "MSH|2"}, io.EOF, ""},
		"end and at once start": {"\x0bMSH|1\x1c\x0bMSH|2\x1c\r", []string{"MSH|1", "MSH|2"}, io.EOF, ""},
		"end of the connection": {"\x0bMSH|1\x1c", []string{"MSH|1"}, io.EOF, ""},
	} {
		got, err := frames(c.in, 4000)
		if strings.Join(got, "§") != strings.Join(c.want, "§") || c.err != nil && !errors.Is(err, c.err) || c.kind != "" && kmcr.KindOf(err) != c.kind {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	var b bytes.Buffer
	if err := hl7.WriteFrame(&b, []byte("MSH|x")); err != nil || b.String() != "\x0bMSH|x\x1c\r" {
		t.Errorf("%q %v", b.String(), err)
	}
}

func TestAcknowledgements(t *testing.T) {
	at := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	plain := `MSH|^~\&|PAS|RVV|KMCR|QKS|20260102101500||ADT^A01^ADT_A01|77|P|2.4`
	for _, c := range []struct {
		name, message string
		answer        hl7.Answer
		want          string
	}{
		{"accepted", plain, hl7.Answer{ControlID: "9", At: at},
			`MSH|^~\&|KMCR|QKS|PAS|RVV|20260701100000+0100||ACK^A01^ACK|9|P|2.4` + "\rMSA|AA|77\r"},
		{"refused, 2.4", plain, hl7.Answer{Verdict: hl7.Refused, ControlID: "9", At: at, Condition: hl7.UnsupportedType, Where: "MSH-9", Text: "not a type we take"},
			`MSH|^~\&|KMCR|QKS|PAS|RVV|20260701100000+0100||ACK^A01^ACK|9|P|2.4` + "\rMSA|AR|77|not a type we take\rERR|MSH^1^9^200&Unsupported message type&HL70357\r"},
		{"refused, 2.5", strings.Replace(plain, "2.4", "2.5.1", 1), hl7.Answer{Verdict: hl7.Refused, ControlID: "9", At: at, Condition: hl7.RequiredFieldMissing, Where: "PID-3.1", Text: "a|b"},
			`MSH|^~\&|KMCR|QKS|PAS|RVV|20260701100000+0100||ACK^A01^ACK|9|P|2.5.1` + "\rMSA|AR|77|a\\F\\b\rERR||PID^1^3^1|101^Required field missing^HL70357|E||||a\\F\\b\r"},
		{"enhanced", plain + "|||AL|NE", hl7.Answer{ControlID: "9", At: at},
			`MSH|^~\&|KMCR|QKS|PAS|RVV|20260701100000+0100||ACK^A01^ACK|9|P|2.4` + "\rMSA|CA|77\r"},
		{"enhanced, application", plain + "|||AL|AL", hl7.Answer{Verdict: hl7.Failed, Application: true, ControlID: "9", At: at},
			`MSH|^~\&|KMCR|QKS|PAS|RVV|20260701100000+0100||ACK^A01^ACK|9|P|2.4` + "\rMSA|AE|77\r"},
		{"delimiters that cannot be used", `MSH|^^\&|PAS|RVV|KMCR|QKS|20260102101500||ADT^A01|77|P|2.4`, hl7.Answer{Verdict: hl7.Refused, ControlID: "9", At: at},
			`MSH|^~\&|KMCR|QKS|PAS|RVV|20260701100000+0100||ACK^A01^ACK|9|P|2.4` + "\rMSA|AR|77\r"},
	} {
		m, err := hl7.Header([]byte(c.message + "\rPID|1"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := string(hl7.Ack(m, c.answer)); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
	for _, bad := range []string{"", "MSH", "PID|1", `MSH|^~\&|A|B||||||`, "\xff\xfeM\x00"} {
		if _, err := hl7.Header([]byte(bad)); err == nil {
			t.Errorf("%q has a header that can be answered", bad)
		}
	}
	m, _ := hl7.Header([]byte(plain + "|||AL|ER"))
	if !m.Enhanced() || m.WantsApplication(hl7.Accepted) || !m.WantsApplication(hl7.Failed) {
		t.Error("MSH-16 ER asks for errors only")
	}
}

// realMessages are all messages of the shared data set.
func realMessages(tb testing.TB) map[string][]byte {
	const root = "../../shared/data/hl7v2"
	if _, err := os.Stat(root); err != nil {
		tb.Skip("SKIPPED, NOT TESTED: the shared data is not here: ", err)
	}
	all := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tsv") || strings.HasSuffix(path, ".yml") {
			return err
		}
		raw, err := os.ReadFile(path)
		all[path] = raw
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

func TestRealMessagesAreRead(t *testing.T) {
	read, refused := 0, map[string]string{}
	for path, file := range realMessages(t) {
		for _, raw := range hl7.SplitBatch(file) {
			m, err := hl7.Parse(raw, "")
			if err != nil {
				refused[filepath.Base(path)] = err.Error()
				continue
			}
			read++
			if !bytes.Equal(m.Raw(), raw) {
				t.Errorf("%s: what was received has changed", path)
			}
			if m.Type() == "" || len(m.Segments("")) < 2 {
				t.Errorf("%s: %q with %d segments", path, m.Type(), len(m.Segments("")))
			}
		}
	}
	t.Log(read, "read; refused:", refused)
	if read < 1170 || len(refused) > 2 { // the two whose MSH-2 holds the escape character twice
		t.Errorf("%d read; refused: %v", read, refused)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(header+"PID|1||A^B&C~D||\\F\\|\"\""), "")
	f.Add([]byte("MSH#*+/!#\n#\nPID#\\X0D\\"), "8859/1")
	f.Add([]byte("\xef\xbb\xbfMSH|^~&|\r\n\r\nNTE|1||\\.br\\\\"), "UNICODE UTF-8")
	f.Fuzz(func(t *testing.T, raw []byte, charset string) {
		for _, one := range append(hl7.SplitBatch(raw), raw) {
			if h, err := hl7.Header(one); err == nil {
				hl7.Ack(h, hl7.Answer{Verdict: hl7.Refused, Condition: hl7.DataTypeError, Where: "PID-3.1", Text: "x|y"})
			}
			m, err := hl7.Parse(one, charset)
			if err != nil {
				if kmcr.KindOf(err) == kmcr.Fault {
					t.Fatal(err)
				}
				continue
			}
			m.At()
			for _, s := range m.Segments("") {
				for i := range 30 {
					s.Get(i)
					s.Get(i, 1, 1)
					for _, r := range s.Repetitions(i) {
						r.Get(2, 2)
						_, _ = hl7.ParseDate(r.Get())
					}
				}
			}
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("\x0bMSH|1\x1c\r\x0b\x0bMSH|2\x1cxx\r"))
	f.Add([]byte("junk\x0b\x1c\x1c\r\x0b"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(in), 16)
		for {
			b, err := hl7.ReadFrame(r, 64)
			if len(b) > 64 {
				t.Fatalf("a frame of %d bytes passed the limit", len(b))
			}
			if err != nil && b == nil {
				return
			}
		}
	})
}
